/** How training images vary: the settings, and what each may be. */
import { z } from 'zod';

const share = z.number().min(0).max(1);

export const augmentSchema = z.object({
  /** Probability of a mosaic of four images. */
  mosaic: share,
  /** Probability of a left-right mirror image. Points that have a left and a right change places. */
  mirrorX: share,
  /** Probability of an upside-down mirror image. */
  mirrorY: share,
  /** Size relative to the image fitted into the input, drawn log-uniformly; above 1 is a random crop. */
  scale: z.tuple([z.number().min(0.1).max(10), z.number().min(0.1).max(10)]).readonly(),
  /** The image's place varies by ± this share of the input. */
  translate: share,
  /** Width and height are stretched against each other by a factor between 1 / (1 + aspect) and 1 + aspect. */
  aspect: z.number().min(0).max(2),
  /** Turned about its middle by ± so many degrees. */
  rotate: z.number().min(0).max(180),
  /** Slanted along each axis by ± so many degrees. */
  shear: z.number().min(0).max(60),
  /** Local warping: 0 none, 1 the strongest that cannot fold the image. */
  elastic: share,
  /** Cells of the warping along the shorter side: few bend the whole, many bend details. */
  elasticCells: z.number().int().min(1).max(16),
  /** Colour: contrast factors in 1 ± contrast, brightness ± a share of 255, … */
  contrast: share,
  brightness: share,
  /** … and the same again for each channel on its own, at this share of them. */
  tint: share,
  /** Red, green and blue are shifted, each on its own, by ± this share of 255. */
  colourShift: share,
  /** Standard deviation of normal noise, up to this share of 255. */
  noise: share,
  /** Standard deviation of a Gaussian blur, up to so many input pixels. */
  blur: z.number().min(0).max(5),
});
export type AugmentOptions = z.infer<typeof augmentSchema>;

/** No change at all: what evaluation sees. */
export const noAugmentation: AugmentOptions = {
  mosaic: 0, mirrorX: 0, mirrorY: 0, scale: [1, 1], translate: 0, aspect: 0, rotate: 0, shear: 0, elastic: 0, elasticCells: 4,
  contrast: 0, brightness: 0, tint: 0, colourShift: 0, noise: 0, blur: 0,
};

/** What suits detection. */
export const defaultAugmentation: AugmentOptions = {
  ...noAugmentation, mosaic: 0.5, mirrorX: 0.5, scale: [0.7, 1.4], translate: 0.15, contrast: 0.25, brightness: 0.1, tint: 0.4,
};
