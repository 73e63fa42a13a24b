/** The live preview of augmentation, for the training settings. */
export { augmentSchema, defaultAugmentation, noAugmentation, type AugmentOptions } from '../data/augment';
export { labelsOf } from '../data/fromAnnotations';
export { IGNORED } from '../data/labelMap';
export { previewAugmentation, type PolygonShape, type Preview, type PreviewExample, type PreviewLabel, type PreviewSettings } from '../data/preview';
