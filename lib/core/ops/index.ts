export * from './state';
export * from './operation';
export * from './check';
export { someFields, type SomeFields } from './changes/update';
