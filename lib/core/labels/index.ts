export * from './ids';
export * from './schema';
export * from './annotation';
export * from './split';
export * from './change';
export * from './tasks';
export * from './ballot';
