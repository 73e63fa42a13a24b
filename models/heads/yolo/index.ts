export { assign, cellFrame, type Assignment, type AssignOptions, type AssignResult } from './assign';
export { buildDetector } from './buildDetector';
export { decode, suppress, type ScoredBox } from './decode';
export { gridTarget, TARGET_FIELDS, targetShape, writeTargets } from './targets';
export { boxLosses, gridOf, type AnchorShape, type BoxLoss, type Scale, type TargetBox, type YoloLayout } from './types';
