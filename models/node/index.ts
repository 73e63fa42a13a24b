/**
 * The Node entry of the models library, for the worker's job children and the command line.
 * Importing it loads tfjs, and ONNX Runtime comes with the first engine; the web process never does either.
 */
export { trainModel } from './train/trainModel';
export { abilities, type Abilities } from './abilities';
export { loadPredictor } from './predict/loadPredictor';
export { evaluateModel, measureViewings, type MeasuredViewing } from './predict/evaluate';
export { taskOf, tasks } from '../tasks';
export { TrainingDataError } from '../tasks/types';
export { inspectUpload, openUpload, saveUpload, uploadChoicesSchema, ModelRefused, type UploadChoices, type UploadReport } from './import';
export { countParameters } from './parameters';
export { inspectModel, type MeasureOptions } from './inspect';
export { ModelSourceError } from './pretrained/source';
export type { NetworkReport } from '../inspect/schema';
export { saveBuiltin } from './pretrained/builtin';
export { builtinOf } from '../pretrained/builtin';
export { proposalOf } from '../inference/proposal';
export { mapClasses } from '../import/mapClasses';
export { loadCard, loadModel, MODEL_FILES, saveModel, type StoredModel } from './modelFiles';
export type * from '../tasks/types';
export type * from '../training/types';
export type * from '../inference/types';
export type { ModelCard, ModelDesign, TaskName } from '../runtime/card';
