export * from './coco';
export * from './curve';
export * from './detection';
export { similarityMatrix, shapeArea, type IouType, type Shape, type TruthShape } from './similarity';
export * from './voc';
export * from './segmentation';
export * from './landmarks';
export * from './classification';
export * from './confusion';
