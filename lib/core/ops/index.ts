export * from './state';
export * from './operation';
export { someFields, type SomeFields } from './changes/update';
