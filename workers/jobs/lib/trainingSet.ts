import { AppError } from '@/lib/api/errors';
import type { ManifestItem } from '@/lib/core/formats/manifest';
import { annotationKindOf, kindNouns, modelNoun, type Annotation, type LabelClass, type LabelSchema, type TaskName } from '@/lib/core/labels';
import { maskFromString } from '@/lib/core/masks';
import type { Label, TaskClass } from '@/models/node';

export interface LabelledImage {
  path: string;
  hash: string;
  width: number;
  height: number;
  labels: Label[];
}
export interface TrainingSet {
  classes: TaskClass[];
  train: LabelledImage[];
  val: LabelledImage[];
  test: LabelledImage[];
  /** Sentences for the person who trains. */
  notes: string[];
}

const capital = (sentence: string) => sentence[0]!.toUpperCase() + sentence.slice(1);
const names = (list: { name: string }[]) => list.map((c) => `"${c.name}"`).join(', ');
const isCrowd = (label: Label) => 'crowd' in label && label.crowd === true;

/** An annotation as models learn it. */
export function labelOf({ classId, geometry: g, crowd }: Pick<Annotation, 'classId' | 'geometry' | 'crowd'>): Label {
  switch (g.kind) {
    case 'box':
      return { kind: 'box', classId, x0: g.x0, y0: g.y0, x1: g.x1, y1: g.y1, crowd };
    case 'mask':
      return { kind: 'mask', classId, mask: maskFromString(g.mask), crowd };
    case 'landmarks':
      return { kind: 'landmarks', classId, points: g.points };
  }
}

const taskClass = ({ id, name, skeleton }: LabelClass): TaskClass => ({ id, name, ...(skeleton && { points: skeleton.points.map((p) => p.name), swaps: skeleton.pairs }) });

/**
 * What a model of the task learns from a version: images with the annotations of those classes of its kind that occur in
 * the train split.
 * @throws AppError `unprocessable` saying what is missing and what to do
 */
export async function trainingSetOf(task: TaskName, schema: LabelSchema, items: AsyncIterable<ManifestItem>): Promise<TrainingSet> {
  const kind = annotationKindOf[task];
  if (!kind) throw new AppError('unprocessable', 'Annotations do not say the class of a whole image: a classifier is trained on folders of images, by the command line.');
  const who = modelNoun[task];
  const { one, many } = kindNouns[kind];
  const known = schema.classes.filter((c) => c.kind === kind).sort((a, b) => a.index - b.index);
  if (known.length === 0) throw new AppError('unprocessable', `This version has no class of kind ${kind}, and ${who} learns ${many}. Add one to the label schema, label some images with it, and train again.`);
  const ids = new Set(known.map((c) => c.id));
  const splits: Record<'train' | 'val' | 'test', LabelledImage[]> = { train: [], val: [], test: [] };
  for await (const { path, hash, width, height, split, annotations } of items) {
    splits[split].push({ path, hash, width, height, labels: annotations.filter((a) => a.geometry.kind === kind && ids.has(a.classId)).map(labelOf) });
  }
  const total = splits.train.length + splits.val.length + splits.test.length;
  if (total < 2) throw new AppError('unprocessable', `${capital(who)} needs at least 2 done images to train on, and this version has ${total}. Mark more images as done and train again.`);
  if (splits.train.length < 2) {
    throw new AppError('unprocessable', `Only ${splits.train.length} of this version's ${total} images ${splits.train.length === 1 ? 'is' : 'are'} in the train split (${splits.val.length} in val, ${splits.test.length} in test), and training needs 2. Mark more images as done and train again.`);
  }
  const classOf = (label: Label) => ('classId' in label ? label.classId : '');
  const inTrain = new Set(splits.train.flatMap((i) => i.labels.filter((label) => !isCrowd(label)).map(classOf)));
  const classes = known.filter((c) => inTrain.has(c.id));
  if (classes.length === 0) throw new AppError('unprocessable', `None of the ${splits.train.length} images in the train split has ${one}. Label objects with ${many}, mark the images as done, and train again.`);
  const notes: string[] = [];
  const left = known.filter((c) => !inTrain.has(c.id));
  if (left.length > 0) notes.push(`Left out, because no image of the train split shows them: ${names(left)}.`);
  const only = (images: LabelledImage[]) => images.map((i) => ({ ...i, labels: i.labels.filter((label) => inTrain.has(classOf(label))) }));
  return { classes: classes.map(taskClass), train: only(splits.train), val: only(splits.val), test: only(splits.test), notes };
}
