/** How training images vary: the settings, what each may be, and what a person may change of a task's own. */
import { z } from 'zod';
import type { TaskName } from './labels';

const share = z.number().min(0).max(1);
const size = z.number().min(0.1).max(10);

export const augmentSchema = z.object({
  /** Probability of a mosaic of four images. */
  mosaic: share,
  /** Probability of a left-right mirror image. Points that have a left and a right change places. */
  mirrorX: share,
  /** Probability of an upside-down mirror image. */
  mirrorY: share,
  /** Size relative to the image fitted into the input, drawn log-uniformly; above 1 is a random crop. */
  scale: z.tuple([size, size]).refine(([low, high]) => low <= high, 'the smaller size comes first').readonly(),
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
export type AugmentName = keyof AugmentOptions;
export const augmentNames = Object.keys(augmentSchema.shape) as AugmentName[];

/** What a person wants otherwise than the task has it; what is not named stays the task's. */
export const augmentOverride = augmentSchema.partial().strict();
export type AugmentOverride = z.infer<typeof augmentOverride>;

/** A mosaic puts several objects into one image: only detectors learn from that. */
export const usesMosaic = (task: TaskName): boolean => task === 'detect';

/** Why a task cannot be trained with such settings, for people; null when it can. */
export function augmentFault(task: TaskName, { mosaic = 0 }: AugmentOverride): string | null {
  return mosaic > 0 && !usesMosaic(task) ? 'Mosaics of four images are for detectors only. Leave the setting mosaic out.' : null;
}
