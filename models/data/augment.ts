/** How training images vary: what the settings are stands in `lib/core`, for pages and contracts to read. */
import { type AugmentOptions } from '@/lib/core/augmentation';

export { augmentSchema, type AugmentOptions } from '@/lib/core/augmentation';

/** No change at all: what evaluation sees. */
export const noAugmentation: AugmentOptions = {
  mosaic: 0, mirrorX: 0, mirrorY: 0, scale: [1, 1], translate: 0, aspect: 0, rotate: 0, shear: 0, elastic: 0, elasticCells: 4,
  contrast: 0, brightness: 0, tint: 0, colourShift: 0, noise: 0, blur: 0,
};

/** What suits detection. */
export const defaultAugmentation: AugmentOptions = {
  ...noAugmentation, mosaic: 0.5, mirrorX: 0.5, scale: [0.7, 1.4], translate: 0.15, contrast: 0.25, brightness: 0.1, tint: 0.4,
};
