/**
 * The only entry of `models/` that `app/` may import. Nothing here loads a deep-learning runtime.
 */
export { modelCardSchema, parseModelCard, taskNames, type ModelCard, type TaskName } from '../runtime/card';
export { viewings, type Viewing } from '../inference/types';
export type { TrainEvaluation, TrainPhase, TrainProgress } from '../training/types';
