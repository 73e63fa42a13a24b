export { lowerModel, weightNames, type LoweredModel, type MaskInput } from './lowerModel';
export { softmax } from './activation';
export type { LoweredWeight } from './types';
