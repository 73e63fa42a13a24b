import type { ManifestItem } from '@/lib/core/formats/manifest';
import { annotationKindOf, type TaskName } from '@/lib/core/labels';
import { labelOf, type LabelledImage } from './trainingSet';

/** What a model is measured on: images it did not learn from. */
export interface HeldOut {
  split: 'val' | 'test';
  images: LabelledImage[];
}

type HeldOutSplits = Record<HeldOut['split'], LabelledImage[]>;

/**
 * Val and test images of a frozen version with the annotations that a model of the task knows.
 * @param learned SHA-256 of images that the model learned from, on whatever version: they are left out
 */
export async function heldOutSplits(task: TaskName, classIds: ReadonlySet<string>, items: AsyncIterable<ManifestItem>, learned: ReadonlySet<string> = new Set()): Promise<HeldOutSplits & { left: number }> {
  const kind = annotationKindOf[task];
  const splits: HeldOutSplits = { val: [], test: [] };
  let left = 0;
  for await (const { path, hash, width, height, split, annotations } of items) {
    if (split === 'train') continue;
    if (learned.has(hash)) left++;
    else splits[split].push({ path, hash, width, height, labels: annotations.filter((a) => a.geometry.kind === kind && classIds.has(a.classId)).map(labelOf) });
  }
  return { ...splits, left };
}

/** The test images of a frozen version, else its val images. Null where neither split has an image. */
export async function heldOutOf(task: TaskName, classIds: ReadonlySet<string>, items: AsyncIterable<ManifestItem>): Promise<HeldOut | null> {
  const splits = await heldOutSplits(task, classIds, items);
  const split = splits.test.length > 0 ? 'test' : 'val';
  return splits[split].length > 0 ? { split, images: splits[split] } : null;
}
