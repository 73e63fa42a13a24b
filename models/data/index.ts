/** Images as networks see them: fitted, augmented, with their labels. Pure: no runtime, no Node, no DOM. */
export * from './augment';
export * from './colour';
export * from './labelMap';
export * from './mapLabels';
export * from './letterbox';
export * from './pixels';
export * from './plan';
export * from './preview';
export * from './render';
export * from './resample';
export * from './warp';
