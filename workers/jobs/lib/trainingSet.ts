import { AppError } from '@/lib/api/errors';
import type { ManifestItem } from '@/lib/core/formats/manifest';
import type { LabelSchema } from '@/lib/core/labels';
import type { BoxLabel } from '@/models/node';

export interface LabelledImage {
  path: string;
  hash: string;
  width: number;
  height: number;
  labels: BoxLabel[];
}
export interface TrainingSet {
  classes: { id: string; name: string }[];
  train: LabelledImage[];
  val: LabelledImage[];
  test: LabelledImage[];
  /** Sentences for the person who trains. */
  notes: string[];
}

const names = (list: { name: string }[]) => list.map((c) => `"${c.name}"`).join(', ');

/**
 * What a detector learns from a version: images with the boxes of those box classes that occur in the train split.
 * @throws AppError `unprocessable` saying what is missing and what to do
 */
export async function trainingSetOf(schema: LabelSchema, items: AsyncIterable<ManifestItem>): Promise<TrainingSet> {
  const boxClasses = schema.classes.filter((c) => c.kind === 'box').sort((a, b) => a.index - b.index);
  if (boxClasses.length === 0) throw new AppError('unprocessable', 'This version has no class of kind box, and a detector learns boxes. Add one to the label schema, label some images with it, and train again.');
  const known = new Set(boxClasses.map((c) => c.id));
  const splits: Record<'train' | 'val' | 'test', LabelledImage[]> = { train: [], val: [], test: [] };
  for await (const { path, hash, width, height, split, annotations } of items) {
    const labels = annotations.flatMap(({ classId, geometry: g, crowd }): BoxLabel[] => (g.kind === 'box' && known.has(classId) ? [{ kind: 'box', classId, x0: g.x0, y0: g.y0, x1: g.x1, y1: g.y1, crowd }] : []));
    splits[split].push({ path, hash, width, height, labels });
  }
  const total = splits.train.length + splits.val.length + splits.test.length;
  if (total < 2) throw new AppError('unprocessable', `A detector needs at least 2 done images to train on, and this version has ${total}. Mark more images as done and train again.`);
  if (splits.train.length < 2) {
    throw new AppError('unprocessable', `Only ${splits.train.length} of this version's ${total} images ${splits.train.length === 1 ? 'is' : 'are'} in the train split (${splits.val.length} in val, ${splits.test.length} in test), and training needs 2. Mark more images as done and train again.`);
  }
  const inTrain = new Set(splits.train.flatMap((i) => i.labels.filter((b) => !b.crowd).map((b) => b.classId)));
  const classes = boxClasses.filter((c) => inTrain.has(c.id));
  if (classes.length === 0) throw new AppError('unprocessable', `None of the ${splits.train.length} images in the train split has a box. Label objects with boxes, mark the images as done, and train again.`);
  const notes: string[] = [];
  const left = boxClasses.filter((c) => !inTrain.has(c.id));
  if (left.length > 0) notes.push(`Left out, because no image of the train split shows them: ${names(left)}.`);
  const only = (images: LabelledImage[]) => images.map((i) => ({ ...i, labels: i.labels.filter((b) => inTrain.has(b.classId)) }));
  return { classes: classes.map(({ id, name }) => ({ id, name })), train: only(splits.train), val: only(splits.val), test: only(splits.test), notes };
}
