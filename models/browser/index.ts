/**
 * The only entry of `models/` that `app/` may import. Nothing here loads a deep-learning runtime.
 */
export { modelCardSchema, parseModelCard, taskNames, type ModelCard, type TaskName } from '../runtime/card';
export { viewings, type Viewing } from '../inference/types';
export type { TrainEvaluation, TrainPhase, TrainProgress } from '../training/types';
export { builtins, type Builtin } from '../pretrained/builtin';
export { guessMapping, type ClassMapping } from '../import/mapClasses';
export { classesOf, MAX_SIDE, uploadChoicesSchema, type UploadChoices } from '../import/choices';
export { fitChoices, layoutSettings, type Field, type LayoutSettings, type OutputPort } from '../import/settings';
export { networkReportSchema, type LayerReport, type NetworkReport } from '../inspect/schema';
export { lanesOf, type LaneRow, type Lanes } from '../inspect/lanes';
