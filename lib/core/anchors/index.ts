export * from './kmeans';
export { distinctShapes, type Shape, type Shapes, type WeightedShapes } from './shapes';
