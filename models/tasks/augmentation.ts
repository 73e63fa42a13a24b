/** A task's augmentation with what a person wants otherwise. */
import { type AugmentName, augmentFault, type AugmentOptions, type AugmentOverride } from '@/lib/core/augmentation';
import type { ModelDesign } from '../runtime/card';
import { type Task, type TaskClass, TrainingDataError } from './types';

/** Changes of shape and of sharpness fade in a run's calm end where the task has none of its own to go by; the rest stays. */
const FADING: ReadonlySet<AugmentName> = new Set(['translate', 'aspect', 'rotate', 'shear', 'elastic', 'noise', 'blur']);

/** The share that is left of a strength; 1 where the task has none. */
const left = (now: number, full: number): number => (full > 0 ? Math.min(1, now / full) : 1);

/** The share of its size range that the task keeps, in logarithms, by end of the range. */
function scaleLeft(now: AugmentOptions, full: AugmentOptions): [number, number] {
  const [low, high] = full.scale.map((size, i) => (size === 1 ? null : Math.max(0, Math.min(1, Math.log(now.scale[i]!) / Math.log(size)))));
  const otherwise = low ?? high ?? left(now.translate, full.translate);
  return [low ?? otherwise, high ?? otherwise];
}

/**
 * How images vary at a point of the run. Named strengths replace the task's; where the task takes its own back (a run's
 * calm end), they are taken back by the same share. Of nothing named it is the task's.
 */
export function augmentationAt(task: Task, design: ModelDesign, progress: number, override: AugmentOverride = {}): AugmentOptions {
  const now = task.augmentation(design, progress);
  if (Object.keys(override).length === 0) return now;
  const full = task.augmentation(design, 0);
  const sizes = scaleLeft(now, full);
  const { scale, elasticCells, ...strengths } = override;
  const changed: { -readonly [name in AugmentName]?: AugmentOptions[name] } = {};
  for (const [name, wanted] of Object.entries(strengths) as [keyof typeof strengths, number | undefined][]) {
    if (wanted === undefined) continue;
    changed[name] = wanted * (full[name] > 0 || !FADING.has(name) ? left(now[name], full[name]) : Math.min(...sizes));
  }
  if (scale) changed.scale = [scale[0] ** sizes[0], scale[1] ** sizes[1]];
  if (elasticCells !== undefined) changed.elasticCells = elasticCells;
  return { ...now, ...changed };
}

/** @throws TrainingDataError saying which setting does not suit the task or its classes */
export function checkAugmentation(task: Task, classes: readonly TaskClass[], override: AugmentOverride = {}): void {
  const fault = augmentFault(task.name, override);
  if (fault) throw new TrainingDataError(fault);
  if (task.name !== 'landmarks' || !(override.mirrorX || override.mirrorY)) return;
  const lopsided = classes.find(({ swaps }) => !swaps?.length);
  if (lopsided) throw new TrainingDataError(`Images cannot be mirrored: the points of "${lopsided.name}" have no left and right partners to change places. Name the pairs in the label schema, or leave mirrors out.`);
}
