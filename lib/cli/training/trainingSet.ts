/** A dataset on disk as what a task learns from. */
import { AppError } from '@/lib/api/errors';
import type { DatasetSplit, InterchangeClass, InterchangeItem } from '@/lib/core/formats';
import type { SourceEntry } from '@/lib/core/io';
import { labelsOf } from '@/models/data/fromAnnotations';
import type { Example, Label, LabelKind, Task, TaskClass } from '@/models/node';
import { sha256Of, type OpenDataset } from '../dataset';
import { count } from '../output';
import type { Context } from '../program';
import { cropSource, imageSourceOf } from './images';
import { splitCandidates, type SplitOptions } from './splits';

export interface TrainingSet {
  classes: TaskClass[];
  train: Example[];
  /** Watched during training. */
  val: Example[];
  test: Example[];
  /** Sentences for the person who trains. */
  notes: string[];
}

export interface TrainingSetOptions extends SplitOptions {
  /** Classify the crops of boxes. */
  crops: boolean;
}

/** A crop of fewer pixels a side tells nothing. */
const MIN_CROP = 4;

/** One image, or one crop of it, with its labels; class names stand for class ids. */
interface Found {
  path: string;
  split?: DatasetSplit;
  className?: string;
  hash: () => Promise<string>;
  examples: Example[];
}

/**
 * Reads a dataset once, keeps of it what `task` learns from, and divides it.
 * @throws AppError `unprocessable` when nothing in it is of use to the task, saying what to do
 */
export async function readTrainingSet(ctx: Context, dataset: OpenDataset, task: Pick<Task, 'name' | 'learnsFrom'>, options: TrainingSetOptions): Promise<TrainingSet> {
  const collector = new Collector(dataset, task, options.crops);
  for await (const item of dataset.reading.items()) {
    collector.add(item);
    ctx.out.progress('Reading', null, count(++collector.seen, 'image'));
  }
  ctx.out.progressEnd();
  const found = collector.finish();
  const split = await splitCandidates(found, options);
  const examples = (list: readonly Found[]) => list.flatMap((f) => f.examples);
  const set = { train: examples(split.train), val: examples(split.val), test: examples(split.test) };
  if (set.train.length === 0) throw new AppError('unprocessable', nothingToTrainOn(found, split));
  const inTrain = new Set(set.train.flatMap((e) => e.labels.flatMap((l) => (l.kind === 'ignore' || ('crowd' in l && l.crowd) ? [] : [l.classId]))));
  const all = collector.classes();
  const classes = all.filter((c) => inTrain.has(c.id));
  const notes = [...collector.notes(), ...split.notes];
  const absent = all.filter((c) => !inTrain.has(c.id));
  if (absent.length > 0) notes.push(`Left out, because no training image shows them: ${absent.slice(0, 10).map((c) => c.name).join(', ')}${absent.length > 10 ? ` and ${absent.length - 10} more` : ''}.`);
  const known = (e: Example): Example => ({ ...e, labels: e.labels.filter((l) => l.kind === 'ignore' || inTrain.has(l.classId)) });
  // An image whose only class cannot be learned is no example of classification at all.
  const usable = (list: Example[]) => list.map(known).filter((e) => task.name !== 'classify' || e.labels.length > 0);
  return { classes, train: usable(set.train), val: usable(set.val), test: usable(set.test), notes };
}

class Collector {
  seen = 0;
  private readonly found: Found[] = [];
  private readonly skeletons = new Map<string, InterchangeClass>();
  private readonly used = new Set<string>();
  private readonly kinds: readonly LabelKind[];
  private readonly left = { missing: 0, unreadable: 0, unlabelled: 0, useless: 0, smallCrops: 0, errors: 0 };
  private firstError: string | null = null;

  constructor(private readonly dataset: OpenDataset, private readonly task: Pick<Task, 'name' | 'learnsFrom'>, private readonly crops: boolean) {
    this.kinds = task.learnsFrom;
  }

  add(item: InterchangeItem): void {
    for (const issue of item.issues) {
      if (issue.severity !== 'error') continue;
      this.left.errors++;
      this.firstError ??= issue.message;
    }
    const { image, width, height } = item;
    if (!image) this.left.missing++;
    else if (width === null || height === null) this.left.unreadable++;
    else if (!item.labelled && !item.imageClasses?.length) this.left.unlabelled++;
    else this.addImage(item, image, { width, height });
  }

  private addImage(item: InterchangeItem, entry: SourceEntry, size: { width: number; height: number }): void {
    const source = imageSourceOf(entry, this.dataset.folder);
    const base = { path: item.path, ...(item.split && { split: item.split }), hash: once(() => sha256Of(entry)) };
    const put = (labels: Label[], more: Partial<Found> = {}) => {
      for (const l of labels) if (l.kind !== 'ignore') this.used.add(l.classId);
      this.found.push({ ...base, examples: [{ id: item.path, image: source, ...size, labels }], ...more });
    };
    if (this.task.name === 'classify') {
      if (this.crops) return this.addCrops(item, base, source);
      const classes = item.imageClasses ?? [...new Set(item.annotations.map((a) => a.class.name))];
      if (classes.length !== 1) this.left.useless++;
      else put([{ kind: 'class', classId: classes[0]! }], { className: classes[0]! });
      return;
    }
    const boxes = item.annotations.some((a) => a.geometry.kind === 'box');
    // Boxes beside masks are boxes of the same things.
    const annotations = item.annotations.filter((a) => !(boxes && a.geometry.kind === 'mask' && !this.kinds.includes('mask')));
    put(labelsOf(annotations.map((a) => ({ classId: a.class.name, geometry: a.geometry, crowd: a.crowd })), this.kinds, item.ignored));
    for (const a of item.annotations) if (a.geometry.kind === 'landmarks' && !this.skeletons.has(a.class.name)) this.skeletons.set(a.class.name, this.dataset.reading.classes.find((c) => c.kind === 'landmarks' && c.name === a.class.name) ?? unnamed(a.class.name, a.geometry.points.length));
  }

  /** Each box as an image of its own, on the side of the image it is from. */
  private addCrops(item: InterchangeItem, base: Pick<Found, 'path' | 'split' | 'hash'>, source: Example['image']): void {
    const boxes = labelsOf(item.annotations.map((a) => ({ classId: a.class.name, geometry: a.geometry, crowd: a.crowd })), ['box']);
    boxes.forEach((box, k) => {
      if (box.kind !== 'box' || box.crowd) return;
      const x = Math.max(0, Math.floor(box.x0));
      const y = Math.max(0, Math.floor(box.y0));
      const crop = { x, y, width: Math.min(item.width!, Math.ceil(box.x1)) - x, height: Math.min(item.height!, Math.ceil(box.y1)) - y };
      if (crop.width < MIN_CROP || crop.height < MIN_CROP) {
        this.left.smallCrops++;
        return;
      }
      this.used.add(box.classId);
      const example: Example = { id: `${item.path}#${k + 1}`, image: cropSource(source, crop), width: crop.width, height: crop.height, labels: [{ kind: 'class', classId: box.classId }] };
      this.found.push({ ...base, className: box.classId, examples: [example] });
    });
  }

  /** Classes in the order of the files, then by name. */
  classes(): TaskClass[] {
    const declared = [...(this.dataset.reading.imageClasses ?? []), ...this.dataset.reading.classes.map((c) => c.name)].filter((name) => this.used.has(name));
    const rest = [...this.used].filter((name) => !declared.includes(name)).sort((a, b) => (a < b ? -1 : 1));
    return [...new Set([...declared, ...rest])].map((name) => {
      const skeleton = this.skeletons.get(name)?.skeleton;
      return { id: name, name, ...(skeleton && { points: skeleton.points, swaps: skeleton.pairs }) };
    });
  }

  /** What was found. @throws AppError when it is nothing of use */
  finish(): Found[] {
    const wanted = wants[this.task.name];
    if (this.found.length === 0 || this.used.size === 0) {
      const crops = this.task.name === 'classify' && !this.crops && this.left.useless > 0 ? ' To classify the objects in boxes, add --crops.' : '';
      throw new AppError('unprocessable', `Nothing here can be learned by "${this.task.name}": it needs ${wanted}.${crops}`);
    }
    return this.found;
  }

  notes(): string[] {
    const { missing, unreadable, unlabelled, useless, smallCrops, errors } = this.left;
    const lines: [number, string][] = [
      [missing, `${missing} images that labels speak of are not there.`],
      [unreadable, `${unreadable} images cannot be read and were left out.`],
      [unlabelled, `${unlabelled} images have no labels and were left out.`],
      [useless, `${useless} images have no class of their own, or several, and were left out.`],
      [smallCrops, `${smallCrops} boxes of fewer than ${MIN_CROP} pixels a side were left out.`],
      [errors, `${errors} labels were left out, such as: ${this.firstError} (fieldmark validate lists them all.)`],
    ];
    return [...lines.flatMap(([n, text]) => (n > 0 ? [text] : [])), ...this.dataset.reading.issues.map((i) => i.message)];
  }
}

function nothingToTrainOn(found: readonly Found[], { val, test }: { val: readonly unknown[]; test: readonly unknown[] }): string {
  const none = `None of the ${count(found.length, 'usable image')} is for training`;
  if (!found.some((f) => f.split)) return `${none}: by the hashes of the files all fell to the test. There are too few.`;
  const places = [...(val.length > 0 ? [`${val.length} in val`] : []), ...(test.length > 0 ? [`${test.length} in test`] : [])];
  return `${none}: the data puts ${places.join(' and ')}. Add a train split, or take the splits away to have the images divided by their hash.`;
}

const wants: Record<Task['name'], string> = {
  classify: 'images with a class each, such as folders of classes',
  localize: 'images with boxes',
  detect: 'images with boxes (or masks, whose boxes are taken)',
  segment: 'images with masks',
  landmarks: 'images with landmarks',
};

function unnamed(name: string, points: number): InterchangeClass {
  return { name, kind: 'landmarks', skeleton: { points: Array.from({ length: points }, (_, k) => `point ${k + 1}`), edges: [], pairs: [] } };
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
}
