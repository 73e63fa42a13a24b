/** Models whose files say nothing, and whose outputs tell too little: a person chooses how they are read. */
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { maskArea, type Mask } from '@/lib/core/masks';
import { classesOf } from '../../import/choices';
import { type LandmarksLabel, type PredictedLabel } from '../../tasks/types';
import * as models from '../../testing/onnxModels';
import { loadPredictor } from '../predict/loadPredictor';
import { prepareInput } from './onnxNetwork';
import { inspectUpload, ModelRefused, openUpload, saveUpload, type UploadChoices } from '.';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'fieldmark-chosen-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** 128×128, black, with a red and a blue square of 32 pixels. Halved, they fill whole cells. */
function picture() {
  const side = 128;
  const data = new Uint8Array(side * side * 3);
  for (let y = 0; y < 32; y++) for (let x = 0; x < 32; x++) {
    data.set([255, 0, 0], ((y + 32) * side + x + 16) * 3);
    data.set([0, 0, 255], ((y + 80) * side + x + 64) * 3);
  }
  return { load: async () => ({ data, width: side, height: side, channels: 3 as const }) };
}
const colours = classesOf(['red', 'green', 'blue']);
const unit = { resize: 'letterbox' as const, fill: 0, mean: [0, 0, 0] as [number, number, number], deviation: [255, 255, 255] as [number, number, number] };

/** The choices that the report gives for a layout. */
async function chosen(bytes: Uint8Array, layout: string) {
  const { readings } = await inspectUpload(bytes);
  const { reading, choices } = readings.find((r) => r.reading.layout === layout)!;
  return { recognised: reading.recognised, choices };
}

/** What a model with these choices finds when it is tried, which is what it finds when it is stored. */
async function found(bytes: Uint8Array, choices: UploadChoices, minScore: number): Promise<PredictedLabel[]> {
  const tried = await openUpload(bytes, choices);
  const [once] = await tried.predict([picture()], { minScore });
  await tried.dispose();
  const dir = await mkdtemp(path.join(folder, 'm-'));
  await saveUpload(bytes, choices, dir);
  const stored = await loadPredictor(dir);
  const [again] = await stored.predict([picture()], { minScore });
  await stored.dispose();
  expect(again).toEqual(once);
  return once!.labels;
}

/** Edges of masks are drawn between cells: so many pixels more or less. */
const around = (area: number) => ({ asymmetricMatch: (v: unknown) => typeof v === 'number' && Math.abs(v - area) <= 300, toString: () => `${area} ± 300` });
const areas = (labels: readonly PredictedLabel[]) => Object.fromEntries(labels.map((label) => [label.classId, maskArea((label as { mask: Mask }).mask)]));

describe('a detector of no known number of cells', () => {
  const bytes = models.unusualDetector();

  it('is chosen, with its scores before the sigmoid and its boxes in shares', async () => {
    const { recognised, choices } = await chosen(bytes, 'yolov8');
    expect(recognised).toBe(false);
    expect(choices.classes).toHaveLength(3);
    const set: UploadChoices = { ...choices, classes: colours, head: { ...choices.head, logits: true, unit: 'shares' }, normalisation: unit };
    const labels = await found(bytes, set, 0.9);
    expect(labels.map((label) => label.kind === 'box' && [label.classId, label.x0, label.y0]).sort()).toEqual([
      ['blue', 64, 80], ['blue', 64, 96], ['blue', 80, 80], ['blue', 80, 96], ['red', 16, 32], ['red', 16, 48], ['red', 32, 32], ['red', 32, 48],
    ]);
  });

  it('is not read with more or fewer classes than it has', async () => {
    const { choices } = await chosen(bytes, 'yolov8');
    for (const count of [2, 4]) {
      const opened = openUpload(bytes, { ...choices, classes: classesOf(Array.from({ length: count }, (_, i) => `${i}`)) });
      await expect(opened).rejects.toThrow(`tells 3 classes apart, ${count} are named`);
      await expect(opened).rejects.toBeInstanceOf(ModelRefused);
    }
    await expect(openUpload(bytes, { ...choices, layout: 'class-map', head: (await chosen(bytes, 'class-map')).choices.head })).rejects.toThrow('does not cover the input of 64×64');
  });
});

describe('a segmenter without a background', () => {
  const bytes = models.colourMapModel();

  it('keeps its first class', async () => {
    const { choices } = await chosen(bytes, 'class-map');
    // Three channels look like a background and two classes.
    expect(choices).toMatchObject({ head: { order: 'nhwc', background: true }, classes: [{}, {}] });
    const labels = await found(bytes, { ...choices, classes: colours, head: { ...choices.head, background: false }, normalisation: unit }, 0);
    expect(areas(labels)).toEqual({ red: around(1024), blue: around(1024), green: around(128 * 128 - 2048) });
    await expect(openUpload(bytes, { ...choices, classes: colours })).rejects.toThrow('tells 2 classes apart, 3 are named');
  });

  it('takes another mean and deviation', async () => {
    const { choices } = await chosen(bytes, 'class-map');
    const set = { ...choices, classes: colours, head: { ...choices.head, background: false } };
    // A thousandth of the colours is less than what makes the dark green.
    const labels = await found(bytes, { ...set, normalisation: { ...unit, deviation: [255_000, 255_000, 255_000] } }, 0);
    expect(areas(labels)).toEqual({ green: 128 * 128 });
  });

  it('may have its objects told apart', async () => {
    const { choices } = await chosen(models.classMapModel(), 'class-map');
    const one = { ...choices, classes: colours, normalisation: unit };
    const image = picture();
    const doubled = { load: async () => {
      const { data, ...rest } = await image.load();
      const both = Uint8Array.from(data);
      for (let y = 0; y < 16; y++) for (let x = 0; x < 16; x++) both.set([255, 0, 0], ((y + 8) * 128 + x + 96) * 3);
      return { ...rest, data: both };
    } };
    const count = async (instances: unknown) => {
      const predictor = await openUpload(models.classMapModel(), { ...one, head: { ...choices.head, instances } });
      const [{ labels } = { labels: [] }] = await predictor.predict([doubled], { minScore: 0 });
      await predictor.dispose();
      return labels.filter(({ classId }) => classId === 'red').length;
    };
    expect([await count([]), await count('all')]).toEqual([1, 2]);
  });
});

describe('a segmenter that gives the number of the class', () => {
  const bytes = models.indexMapModel();

  it('has all the classes that are named', async () => {
    const { recognised, choices } = await chosen(bytes, 'class-map');
    expect({ recognised, order: choices.head['order'] }).toEqual({ recognised: true, order: 'index' });
    expect(areas(await found(bytes, { ...choices, classes: colours, normalisation: unit }, 0))).toEqual({ red: around(1024), blue: around(1024) });
    const dark = { ...choices, classes: classesOf(['dark', 'red', 'green', 'blue']), head: { ...choices.head, background: false }, normalisation: unit };
    expect(areas(await found(bytes, dark, 0))).toEqual({ dark: around(128 * 128 - 2048), red: around(1024), blue: around(1024) });
  });

  it('is refused in words where it finds one that is not', async () => {
    const { choices } = await chosen(bytes, 'class-map');
    const predictor = await openUpload(bytes, { ...choices, classes: classesOf(['red', 'green']), normalisation: unit });
    await expect(predictor.predict([picture()])).rejects.toThrow('found class number 3, and only the numbers 0 to 2 are named');
    await predictor.dispose();
  });
});

it('a list of boxes says which classes are missing, and has them when they are named', async () => {
  const bytes = models.boxesModel();
  const { choices } = await chosen(bytes, 'boxes');
  expect(choices.classes).toHaveLength(1);
  const predictor = await openUpload(bytes, choices);
  await expect(predictor.predict([picture()])).rejects.toThrow('found class number 1, and only 1 class is named');
  await predictor.dispose();
  await expect(saveUpload(bytes, choices, path.join(folder, 'none'))).rejects.toBeInstanceOf(ModelRefused);
  const labels = await found(bytes, { ...choices, classes: classesOf(['a', 'b']) }, 0.1);
  expect(labels.map(({ classId }) => classId)).toEqual(['b', 'a']);
});

describe('poses', () => {
  it('as a list of points', async () => {
    const bytes = models.pointListModel();
    const { recognised, choices } = await chosen(bytes, 'point-list');
    expect({ recognised, points: choices.classes[0]!.points?.length }).toEqual({ recognised: true, points: 6 });
    const [label] = await found(bytes, choices, 0.2);
    const expected = Array.from({ length: 6 }, (_, k) => ({ x: expect.closeTo(128 * 0.05 * k, 3) as number, y: expect.closeTo(32, 3) as number, v: k < 2 ? 2 : 1 }));
    expect(label).toMatchObject({ kind: 'landmarks', points: expected, score: expect.closeTo((2 * 0.9 + 4 * 0.2) / 6, 4) as number });
    const [turned] = await found(bytes, { ...choices, head: { ...choices.head, first: 'x' } }, 0.2);
    expect((turned as LandmarksLabel).points[1]).toMatchObject({ x: expect.closeTo(32, 3) as number, y: expect.closeTo(6.4, 3) as number });
    await expect(openUpload(bytes, { ...choices, classes: classesOf(['person'], ['nose']) })).rejects.toThrow('gives 6 points, of which 1 is named');
  });

  it('as MoveNet’s maps', async () => {
    const bytes = models.movenetModel();
    const { recognised, choices } = await chosen(bytes, 'movenet');
    expect({ recognised, head: choices.head }).toEqual({ recognised: true, head: { points: 2, cells: 8, distance: 1.8 } });
    const [label] = await found(bytes, choices, 0.2);
    // Cells of 16 pixels: row 2 and a half, column 3 and a half; row 5 and a quarter, column 6 and a quarter.
    expect(label).toMatchObject({ kind: 'landmarks', points: [{ x: expect.closeTo(56, 3) as number, y: expect.closeTo(40, 3) as number }, { x: expect.closeTo(100, 3) as number, y: expect.closeTo(84, 3) as number }] });
  });
});

describe('a model of open size', () => {
  const bytes = models.withOpenSize(models.colourMapModel());

  it('is looked at again at another size', async () => {
    const first = await inspectUpload(bytes, { inputSize: { width: 64, height: 64 } });
    const second = await inspectUpload(bytes, { inputSize: { width: 128, height: 96 } });
    expect([first.open, first.outputs[0]!.shape, second.inputSize, second.outputs[0]!.shape]).toEqual([{ width: true, height: true }, [1, 32, 32, 3], { width: 128, height: 96 }, [1, 48, 64, 3]]);
    expect((await inspectUpload(bytes)).inputSize).toEqual({ width: 640, height: 640 });
    // A file that fixes its size keeps it.
    expect((await inspectUpload(models.colourMapModel(), { inputSize: { width: 128, height: 128 } })).inputSize).toEqual({ width: 64, height: 64 });
  });

  it('is read with the shapes that it has at the size that is chosen last', async () => {
    const { readings } = await inspectUpload(bytes, { inputSize: { width: 64, height: 64 } });
    const { choices } = readings.find((r) => r.reading.layout === 'class-map')!;
    const set = { ...choices, classes: colours, head: { ...choices.head, background: false, outputStride: 7 }, normalisation: unit, inputSize: { width: 128, height: 128 } };
    expect(areas(await found(bytes, set, 0))).toEqual({ red: around(1024), blue: around(1024), green: around(128 * 128 - 2048) });
  });
});

it('whole numbers of 32 bits are given as such', () => {
  const network = { runtime: 'onnx' as const, input: 'x', type: 'int32' as const, layout: 'nhwc' as const, channels: 'rgb' as const, outputs: ['y'] };
  const feed = prepareInput(Uint8Array.of(1, 2, 255), { inputSize: { width: 1, height: 1 }, normalisation: { resize: 'letterbox', fill: 0, mean: [0, 0, 0], deviation: [1, 1, 1] }, network });
  expect([feed.type, feed.data, feed.dims]).toEqual(['int32', Int32Array.of(1, 2, 255), [1, 1, 1, 3]]);
});
