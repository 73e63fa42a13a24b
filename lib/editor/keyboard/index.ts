export * from './keys';
export * from './actions';
export * from './classKeys';
