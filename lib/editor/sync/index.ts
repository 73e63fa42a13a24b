export * from './transport';
export * from './outbox';
export * from './session';
