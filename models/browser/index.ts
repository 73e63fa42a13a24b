/**
 * The only entry of `models/` that `app/` may import. Nothing here loads a deep-learning runtime.
 */
export { modelCardSchema, parseModelCard, yoloScaleSchema, type ModelCard, type YoloScale } from '../runtime/card';
export type { Detection, PredictOptions } from '../inference/types';
export type { DetectorMetrics, LossParts, TrainEvaluation, TrainPhase, TrainProgress } from '../training/types';
