export * from './box';
export * from './nms';
export * from './landmarks';
export * from './polygon';
export * from './hit';
export * from './orientation';
