/**
 * The Node entry of the models library, for the worker's job children and the command line.
 * Importing it loads ONNX Runtime and tfjs; the web process never does.
 */
export { trainDetector } from './detector/trainDetector';
export { loadDetector } from './detector/loadDetector';
export { TrainingDataError } from './detector/examples';
export { loadCard, loadModel, MODEL_FILES, saveModel, type StoredModel } from './modelFiles';
export type * from '../training/types';
export type * from '../inference/types';
export type { ModelCard } from '../runtime/card';
