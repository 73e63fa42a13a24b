/** On which side of a training each image of a dataset stands. */
import type { DatasetSplit } from '@/lib/core/formats';
import { SPLIT_RATIOS, splitFraction } from '@/lib/core/labels';
import { Random } from '@/lib/core/random';

export interface SplitCandidate {
  path: string;
  /** The split that came with the data. */
  split?: DatasetSplit;
  /** Class of the image; needed by `perClass`. */
  className?: string;
  /** SHA-256 of the file. */
  hash: () => Promise<string>;
}

export interface SplitOptions {
  seed: number;
  /** Train on so many images of each class, drawn by the seed. */
  perClass?: number;
  /** Train on so many images, drawn by the seed. */
  limit?: number;
}

export interface Split<T> {
  train: T[];
  /** Watched during training. */
  val: T[];
  /** Looked at once, in the end. */
  test: T[];
  notes: string[];
}

/** From so many training images on, some are put aside to be watched where the data has no val split. */
const WATCHED_FROM = 200;
const WATCHED_SHARE = 10;
const WATCHED_MOST = 300;

/**
 * Splits that come with the data are kept, also where none of them is for training: what is put aside is never learned from.
 * Else, by the place of the file's hash on [0, 1): below 0.8 train, from there test.
 * Where no images are there to be watched, every tenth of the training images by order of hash is put aside, from 200 images on.
 */
export async function splitCandidates<T extends SplitCandidate>(items: readonly T[], options: SplitOptions): Promise<Split<T>> {
  const notes: string[] = [];
  const present = new Set(items.flatMap((i) => i.split ?? []));
  // All in train is what formats say that know no splits.
  const kept = present.has('val') || present.has('test');
  let split: Split<T>;
  if (kept) {
    split = { train: items.filter((i) => i.split === 'train'), val: items.filter((i) => i.split === 'val'), test: items.filter((i) => i.split === 'test'), notes };
    const without = items.filter((i) => !i.split).length;
    if (without > 0) notes.push(`${without} images are in no split of the data: they were left out.`);
  } else if (options.perClass !== undefined) split = { train: [...items], val: [], test: [], notes };
  else {
    split = { train: [], val: [], test: [], notes };
    for (const item of items) (splitFraction(await item.hash()) < SPLIT_RATIOS.train ? split.train : split.test).push(item);
    notes.push(`The data comes without splits${present.has('train') ? ' (all in train)' : ''}: ${split.train.length} images were taken for training, ${split.test.length} for the test (u ≥ ${SPLIT_RATIOS.train} by the hash of the file).`);
  }
  if (options.perClass !== undefined) drawPerClass(split, options.perClass, options.seed, !kept);
  if (options.limit !== undefined && options.limit < split.train.length) {
    split.train = drawn(split.train, options.limit, new Random(options.seed).fork('limit'));
    notes.push(`Training on ${options.limit} images, drawn by the seed.`);
  }
  if (split.val.length === 0 && split.train.length >= WATCHED_FROM && options.perClass === undefined) {
    await putAside(split);
    notes.push(`${split.val.length} of the training images were put aside to be watched during training.`);
  }
  return split;
}

/** `count` of a list, in the order of the list. */
function drawn<T>(list: readonly T[], count: number, random: Random): T[] {
  const order = random.shuffle(list.map((_, i) => i)).slice(0, count).sort((a, b) => a - b);
  return order.map((i) => list[i]!);
}

function drawPerClass<T extends SplitCandidate>(split: Split<T>, perClass: number, seed: number, restIsTest: boolean): void {
  const byClass = new Map<string, T[]>();
  for (const item of split.train) byClass.set(item.className ?? '', [...(byClass.get(item.className ?? '') ?? []), item]);
  const random = new Random(seed).fork('per class');
  const chosen = new Set([...byClass].flatMap(([name, list]) => drawn(list, perClass, random.fork(name))));
  const rest = split.train.filter((i) => !chosen.has(i));
  split.train = split.train.filter((i) => chosen.has(i));
  if (restIsTest) split.test = rest;
  split.notes.push(`Training on ${perClass} images of each class, drawn by the seed${restIsTest ? '; the others are the test' : ''}.`);
}

async function putAside<T extends SplitCandidate>(split: Split<T>): Promise<void> {
  const keyed: { item: T; hash: string }[] = [];
  for (const item of split.train) keyed.push({ item, hash: await item.hash() });
  keyed.sort((a, b) => (a.hash < b.hash ? -1 : a.hash > b.hash ? 1 : 0));
  const step = Math.max(WATCHED_SHARE, Math.ceil(keyed.length / WATCHED_MOST));
  // Equal bytes stay together: a run of equal hashes goes the way of its first.
  const watched = new Set<T>();
  let group = -1;
  keyed.forEach(({ item, hash }, i) => {
    if (i === 0 || hash !== keyed[i - 1]!.hash) group++;
    if (group % step === 0) watched.add(item);
  });
  split.val = split.train.filter((i) => watched.has(i));
  split.train = split.train.filter((i) => !watched.has(i));
}
