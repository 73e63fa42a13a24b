/** For tests and benches: few labelled images of real sets to classify, and a training of them to a depth. */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import sharp from 'sharp';
import { evaluateModel, loadPredictor, trainModel, type Example, type RawImage, type TaskClass, type TrainOptions } from '../node';
import { randomFor } from '../runtime/random';
import { bccdSplit, BCCD_CLASSES } from './bccd';

/** Images to learn from, and others to be asked about. */
export interface Lessons {
  /** What they are, for people. */
  title: string;
  classes: readonly TaskClass[];
  train: Example[];
  test: Example[];
}

const ORL_SIZE = { width: 92, height: 112 };
const PHOTOS = 10;

/** Photographs of `people` people, drawn by the seed for each: `train` to learn from, and so many of the others as `test`. */
export async function orlFaces(folder: string, people: number, { train, test, seed }: { train: number; test: number; seed: number }): Promise<Lessons> {
  const names = (await readdir(folder)).filter((name) => /^s\d+$/.test(name)).sort((a, b) => Number(a.slice(1)) - Number(b.slice(1))).slice(0, people);
  if (names.length < people || train + test > PHOTOS) throw new RangeError(`orl has no ${train} + ${test} photographs of ${people} people`);
  const lessons: Lessons = { title: `orl, ${people * train} images (${people} people × ${train}; ${test} others of each asked)`, classes: names.map((id) => ({ id, name: id })), train: [], test: [] };
  for (const classId of names) {
    const order = shuffled(Array.from({ length: PHOTOS }, (_, i) => i + 1), `orl ${classId} ${seed}`);
    const example = (n: number): Example => ({ id: `${classId}/${n}`, image: { path: path.join(folder, classId, `${n}.png`) }, ...ORL_SIZE, labels: [{ kind: 'class', classId }] });
    lessons.train.push(...order.slice(0, train).map(example));
    lessons.test.push(...order.slice(train, train + test).map(example));
  }
  return lessons;
}

/** A crop of fewer pixels a side tells nothing. */
const MIN_CROP = 4;

/** Crops of the boxes of bccd, of the three classes as equally as `images` allows: of the train split to learn from, of the test split to ask about. */
export async function bccdCrops(folder: string, images: number, { testPerClass, seed }: { testPerClass: number; seed: number }): Promise<Lessons> {
  const share = (k: number) => Math.floor(images / BCCD_CLASSES.length) + (k < images % BCCD_CLASSES.length ? 1 : 0);
  const [train, test] = await Promise.all((['train', 'test'] as const).map(async (split) => {
    const crops = (await bccdSplit(folder, split)).flatMap(cropsOf);
    return BCCD_CLASSES.flatMap(({ id }, k) => shuffled(crops.filter(({ labels: [label] }) => label?.kind === 'class' && label.classId === id), `bccd ${split} ${id} ${split === 'train' ? seed : 0}`).slice(0, split === 'train' ? share(k) : testPerClass));
  }));
  return { title: `bccd crops, ${train!.length} images (3 classes alike; ${test!.length} of the test split asked)`, classes: BCCD_CLASSES, train: train!, test: test! };
}

function cropsOf({ id, image, width: w, height: h, labels }: Example): Example[] {
  return labels.flatMap((box, k): Example[] => {
    if (box.kind !== 'box' || !('path' in image)) return [];
    const [left, top] = [Math.max(0, Math.floor(box.x0)), Math.max(0, Math.floor(box.y0))];
    const [width, height] = [Math.min(w, Math.ceil(box.x1)) - left, Math.min(h, Math.ceil(box.y1)) - top];
    if (width < MIN_CROP || height < MIN_CROP) return [];
    const load = async (): Promise<RawImage> => {
      const { data, info } = await sharp(image.path).extract({ left, top, width, height }).removeAlpha().toColourspace('srgb').raw().toBuffer({ resolveWithObject: true });
      return { data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength), width, height, channels: info.channels as 1 | 3 };
    };
    return [{ id: `${id}#${k + 1}`, image: { load }, width, height, labels: [{ kind: 'class', classId: box.classId }] }];
  });
}

const shuffled = <T>(list: readonly T[], key: string): T[] => randomFor(key).shuffle([...list]);

/** Trains a classifier as the command line does, and asks it about the other images. Seconds: of the training, loading and saving included. */
export async function trainClassifier({ classes, train, test }: Lessons, options: Omit<TrainOptions, 'task' | 'outDir' | 'checkpointDir' | 'threads'> & { threads?: number }): Promise<{ top1: number; seconds: number; steps: number }> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'fieldmark-transfer-'));
  try {
    const outDir = path.join(folder, 'model');
    const began = performance.now();
    const { steps } = await trainModel({ train, val: [], classes }, { ...options, task: 'classify', outDir, checkpointDir: path.join(folder, 'checkpoint') });
    const seconds = (performance.now() - began) / 1000;
    const predictor = await loadPredictor(outDir, { threads: options.threads });
    const { values } = await evaluateModel(predictor, test).finally(() => predictor.dispose());
    return { top1: values.top1!, seconds, steps };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
