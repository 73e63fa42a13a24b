import type { ManifestItem } from '@/lib/core/formats/manifest';
import { annotationKindOf, type TaskName } from '@/lib/core/labels';
import { labelOf, type LabelledImage } from './trainingSet';

/** What a model is measured on: images it did not learn from. */
export interface HeldOut {
  split: 'val' | 'test';
  images: LabelledImage[];
}

/**
 * The test images of a frozen version, else its val images, with the annotations that a model of the task knows. Null where
 * neither split has an image.
 */
export async function heldOutOf(task: TaskName, classIds: ReadonlySet<string>, items: AsyncIterable<ManifestItem>): Promise<HeldOut | null> {
  const kind = annotationKindOf[task];
  const splits: Record<HeldOut['split'], LabelledImage[]> = { val: [], test: [] };
  for await (const { path, hash, width, height, split, annotations } of items) {
    if (split === 'train') continue;
    splits[split].push({ path, hash, width, height, labels: annotations.filter((a) => a.geometry.kind === kind && classIds.has(a.classId)).map(labelOf) });
  }
  const split = splits.test.length > 0 ? 'test' : 'val';
  return splits[split].length > 0 ? { split, images: splits[split] } : null;
}
