export * from './mask';
export * from './boolean';
export * from './codec';
export * from './bitmap';
export * from './paint';
