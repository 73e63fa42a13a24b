import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { maskArea, maskBounds } from '@/lib/core/masks';
import { classNames } from '../../import/upload';
import { readOnnx } from '../../import/onnx';
import { fields, numbers } from '../../import/onnx/wire';
import { layouts } from '../../import/layouts';
import * as models from '../../testing/onnxModels';
import { toHalf } from '../../runtime/half';
import { loadPredictor } from '../predict/loadPredictor';
import { prepareInput } from './onnxNetwork';
import { inspectUpload, ModelRefused, openUpload, readUpload, saveUpload, type UploadChoices } from '.';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'fieldmark-import-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** 128×96, black, with rectangles of a colour. Fitted into 64×64 it is halved and lies 8 pixels below the upper edge. */
function picture(...rectangles: { at: [number, number, number, number]; colour: [number, number, number] }[]) {
  const [width, height] = [128, 96];
  const data = new Uint8Array(width * height * 3);
  for (const { at: [x0, y0, x1, y1], colour } of rectangles) for (let y = y0; y < y1; y++) for (let x = x0; x < x1; x++) data.set(colour, (y * width + x) * 3);
  return { load: async () => ({ data, width, height, channels: 3 as const }) };
}
const RED: [number, number, number] = [255, 0, 0];
const BLUE: [number, number, number] = [0, 0, 255];
const square = picture({ at: [32, 16, 64, 48], colour: RED });

/** What the first reading of a model proposes on an image, with choices as they are guessed, changed where wanted. */
async function propose(bytes: Uint8Array, image: ReturnType<typeof picture>, minScore: number, change: (choices: UploadChoices) => UploadChoices = (c) => c) {
  const { readings } = await inspectUpload(bytes);
  const choices = change(readings[0]!.choices);
  const predictor = await openUpload(bytes, choices);
  try {
    const [prediction] = await predictor.predict([image], { minScore });
    return { choices, labels: prediction!.labels };
  } finally {
    await predictor.dispose();
  }
}

const colours = (choices: UploadChoices): UploadChoices => ({ ...choices, classes: ['red', 'green', 'blue'].map((name) => ({ id: name, name })) });
const edges = (labels: readonly object[]) => labels.map((label) => {
  const { classId, x0, y0, x1, y1 } = label as { classId: string; x0: number; y0: number; x1: number; y1: number };
  return [classId, x0, y0, x1, y1];
}).sort((a, b) => Number(a[2]) - Number(b[2]) || Number(a[1]) - Number(b[1]));

/** The red square as the four cells of 16 image pixels that it fills. */
const tiles = [['red', 32, 16, 48, 32], ['red', 48, 16, 64, 32], ['red', 32, 32, 48, 48], ['red', 48, 32, 64, 48]];

describe('detectors', () => {
  it.each([['yolov8', models.yolov8Model, 0.8], ['yolov5', models.yolov5Model, 0.7]] as const)('of the layout %s', async (layout, build, minScore) => {
    const { choices, labels } = await propose(build(), square, minScore, colours);
    expect(choices.layout).toBe(layout);
    expect(edges(labels)).toEqual(tiles);
    const score = layout === 'yolov5' ? 0.9 : 1;
    for (const label of labels) expect(label.score).toBeGreaterThan(score * 0.85);
  });

  it('take red for red: channels may be given as BGR', async () => {
    const { labels } = await propose(models.yolov8Model(), square, 0.8, (choices) => ({ ...colours(choices), channels: 'bgr' }));
    expect(new Set(labels.map(({ classId }) => classId))).toEqual(new Set(['blue']));
  });

  it('of CenterNet: a peak is the middle, sizes are in cells', async () => {
    // One cell of 4 input pixels: 8 image pixels.
    const { choices, labels } = await propose(models.centernetModel(), picture({ at: [40, 24, 48, 32], colour: BLUE }), 0.6, (c) => ({ ...colours(c), normalisation: { ...c.normalisation, mean: [0, 0, 0], deviation: [255, 255, 255] } }));
    expect(choices).toMatchObject({ layout: 'centernet', head: { stride: 4, classes: 3, size: { fields: 2, unit: 'cells' }, offset: true } });
    expect(labels).toHaveLength(1);
    // Cell (5, 5) with a quarter: 21 input pixels each way; 8 × 16 of them; doubled, and 16 image pixels higher.
    expect(labels[0]).toMatchObject({ kind: 'box', classId: 'blue', x0: 34, y0: 10, x1: 50, y1: 42 });
  });

  it('with suppression inside: a list of boxes, whose classes must be named', async () => {
    const { choices, labels } = await propose(models.boxesModel(), square, 0.1, (c) => ({ ...c, classes: [{ id: 'a', name: 'a' }, { id: 'b', name: 'b' }] }));
    expect(choices.layout).toBe('boxes');
    expect(edges(labels)).toEqual([['a', 0, 0, 20, 4], ['b', 16, 16, 48, 48]]);
  });
});

describe('segmenters', () => {
  it('with prototypes give one mask an object, in the pixels of the image', async () => {
    const { choices, labels } = await propose(models.yolov8SegModel(), square, 0.8, colours);
    expect(choices.layout).toBe('yolov8-seg');
    // Four cells see the square; their boxes overlap, and one is kept.
    const [label] = labels;
    expect(label).toMatchObject({ kind: 'mask', classId: 'red' });
    const { mask } = label as { mask: Parameters<typeof maskArea>[0] };
    expect(maskBounds(mask)).toEqual({ x: expect.closeTo(32, -0.5), y: expect.closeTo(16, -0.5), width: expect.closeTo(32, -0.8), height: expect.closeTo(32, -0.8) });
    expect(Math.abs(maskArea(mask) - 1024)).toBeLessThan(140);
  });

  it('with a score a class for every place', async () => {
    const both = picture({ at: [32, 16, 64, 48], colour: RED }, { at: [80, 64, 112, 80], colour: BLUE });
    const { choices, labels } = await propose(models.classMapModel(), both, 0, (c) => ({ ...colours(c), normalisation: { ...c.normalisation, resize: 'letterbox', mean: [0, 0, 0], deviation: [255, 255, 255] } }));
    expect(choices).toMatchObject({ layout: 'class-map', head: { channels: 4, background: true, outputStride: 2 } });
    const areas = Object.fromEntries(labels.map((label) => [label.classId, maskArea((label as { mask: Parameters<typeof maskArea>[0] }).mask)]));
    expect(Object.keys(areas).sort()).toEqual(['blue', 'red']);
    expect(Math.abs(areas.red! - 1024)).toBeLessThan(100);
    expect(Math.abs(areas.blue! - 512)).toBeLessThan(80);
  });
});

describe('pose models', () => {
  it('give ordered points, hidden where the model is not sure', async () => {
    const { choices, labels } = await propose(models.yolov8PoseModel(), square, 0.8);
    expect(choices.layout).toBe('yolov8-pose');
    expect(choices.classes[0]).toMatchObject({ points: expect.arrayContaining(['nose', 'right ankle']) as string[], swaps: expect.arrayContaining([[1, 2]]) as number[][] });
    expect(labels).toHaveLength(4);
    const first = labels.find((label) => label.kind === 'landmarks' && Math.abs(label.points[0]!.x - 40) < 1e-3 && Math.abs(label.points[0]!.y - 24) < 1e-3);
    expect(first).toMatchObject({ points: Array.from({ length: 17 }, (_, k) => ({ x: expect.closeTo(40 + 2 * k, 3) as number, y: expect.closeTo(24, 3) as number, v: k % 2 === 0 ? 2 : 1 })) });
  });

  it('with other skeletons are told by the metadata', async () => {
    const bytes = models.withMetadata(models.yolov8PoseModel(), { task: 'pose', kpt_shape: '[24, 2]', names: "{0: 'fish', 1: 'crab', 2: 'ray', 3: 'eel'}" });
    const { readings } = await inspectUpload(bytes);
    expect(readings[0]).toMatchObject({ reading: { layout: 'yolov8-pose', classes: 4, points: 24 }, choices: { classes: [{ name: 'fish' }, { name: 'crab' }, { name: 'ray' }, { name: 'eel' }] } });
  });
});

describe('a stored upload', () => {
  it('predicts as it was tried', async () => {
    const bytes = models.withMetadata(models.yolov8Model(), { task: 'detect', names: "{0: 'red', 1: 'the \\'green\\'', 2: \"blue's\"}", imgsz: '[64, 64]' });
    const { readings, inputSize, open, nodes, opset } = await inspectUpload(bytes);
    expect({ inputSize, open, opset }).toEqual({ inputSize: { width: 64, height: 64 }, open: { width: false, height: false }, opset: 17 });
    expect(nodes).toBeGreaterThan(3);
    const dir = path.join(folder, 'stored');
    const card = await saveUpload(bytes, readings[0]!.choices, dir, ['made for this test']);
    expect(card).toMatchObject({ task: 'detect', classes: [{ name: 'red' }, { name: "the 'green'" }, { name: "blue's" }], training: null, network: { runtime: 'onnx', layout: 'nchw' }, credits: ['made for this test'] });
    const predictor = await loadPredictor(dir);
    const [once] = await predictor.predict([square], { minScore: 0.8 });
    const [flipped] = await predictor.predict([square], { minScore: 0.5, viewing: 'flip' });
    await predictor.dispose();
    expect(edges(once!.labels)).toEqual(tiles);
    expect(edges(flipped!.labels).map(([, ...box]) => box.map((v) => Math.round(v as number)))).toEqual(tiles.map(([, ...box]) => box));
  });

  it('is checked again when it is loaded', async () => {
    const dir = path.join(folder, 'changed');
    const { readings } = await inspectUpload(models.yolov8Model());
    await saveUpload(models.yolov8Model(), readings[0]!.choices, dir);
    await writeFile(path.join(dir, 'model.onnx'), models.customModel());
    await expect(loadPredictor(dir)).rejects.toThrow('cannot be run here');
    expect((await readFile(path.join(dir, 'card.json'), 'utf8')).includes('"training": null')).toBe(true);
  });
});

describe('what is refused', () => {
  const refuse = async (run: () => unknown, message: string | RegExp) => {
    await expect((async () => run())()).rejects.toThrow(message);
    await expect((async () => run())()).rejects.toBeInstanceOf(ModelRefused);
  };

  it.each([
    ['text', new TextEncoder().encode('This is no model at all.'), 'is not an ONNX model'],
    ['nothing', new Uint8Array(), 'it is no ONNX model'],
    ['a file cut short', models.yolov8Model().subarray(0, 900), 'cut short'],
    ['weights in another file', models.withExternalData(models.yolov8Model()), 'lies in another file'],
    ['an operator of somebody’s own', models.customModel(), 'The operator Magic of "ai.somebody"'],
    ['a loop', models.loopModel(), 'Loop is not run here'],
  ])('%s', (_name, bytes, message) => refuse(() => readUpload(bytes), message));

  it('a batch that is fixed to more than one', () => refuse(() => inspectUpload(models.batchModel()), 'wants 4 images at a time'));

  it('choices that do not fit', async () => {
    const bytes = models.yolov8Model();
    const { choices } = (await inspectUpload(bytes)).readings[0]!;
    const dir = path.join(folder, 'refused');
    await refuse(() => saveUpload(bytes, { ...choices, classes: choices.classes.slice(1) }, dir), 'tells 3 classes apart, 2 are named');
    await refuse(() => saveUpload(bytes, { ...choices, layout: 'none' }, dir), 'There is no output layout none');
    await refuse(() => saveUpload(bytes, { ...choices, outputs: ['x'] }, dir), 'has no output x');
    await refuse(() => saveUpload(bytes, { ...choices, head: { ...choices.head, classes: 5 }, classes: [1, 2, 3, 4, 5].map((n) => ({ id: `${n}`, name: `${n}` })) }, dir), 'tells 3 classes apart, 5 are named');
    await refuse(() => saveUpload(bytes, { ...choices, inputSize: { width: 32, height: 32 } }, dir), /dimension|size/i);
    await expect(readFile(path.join(dir, 'card.json'))).rejects.toThrow();
  });

  it('whatever bytes are changed, there is an answer or a refusal', () => {
    const bytes = models.withMetadata(models.yolov8SegModel(), { names: '["a"]' });
    fc.assert(fc.property(fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 }), fc.nat(bytes.length), (changes, cut) => {
      const changed = Uint8Array.from(bytes);
      for (const [at, value] of changes) changed[at] = value;
      for (const candidate of [changed, changed.subarray(0, cut)]) {
        try {
          readUpload(candidate);
        } catch (error) {
          expect(error).toBeInstanceOf(ModelRefused);
        }
      }
    }), { numRuns: 300, seed: 1 });
  });
});

describe('reading', () => {
  it('takes varints apart, negative ones too', () => {
    const minusTwo = [0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01];
    expect([...fields(Uint8Array.of(0x08, ...minusTwo))].map(({ id, value }) => [id, value])).toEqual([[1, -2]]);
    const packed = [...fields(Uint8Array.of(0x12, 13, 0x01, 0xac, 0x02, ...minusTwo))][0]!;
    expect([...numbers(packed)]).toEqual([1, 300, -2]);
  });

  it('finds inputs, outputs, nodes and weights', () => {
    const model = readOnnx(models.yolov8SegModel());
    expect(model.inputs).toEqual([{ name: 'images', type: 1, shape: [1, 3, 64, 64] }]);
    expect(model.outputs.map(({ shape }) => shape)).toEqual([[1, 39, 84], [1, 32, 16, 16]]);
    expect(model.nodes.map(({ opType }) => opType)).toContain('Conv');
    expect(model.nodes.find(({ opType }) => opType === 'AveragePool')!.attributes).toMatchObject({ kernel_shape: [4, 4], strides: [4, 4] });
    expect(model.initializers.map(({ dims }) => dims.join())).toContain('32,3,1,1');
  });

  it.each([
    ["{0: 'person', 1: 'bicycle'}", ['person', 'bicycle']],
    ['["a","b"]', ['a', 'b']],
    ['{"0":"x","1":"y"}', ['x', 'y']],
    ["{0: 'a', 2: 'c'}", null],
    ['nothing', null],
  ])('names %s', (text, names) => expect(classNames({ metadata: { names: text } })).toEqual(names));
});

describe('the input', () => {
  const design = { inputSize: { width: 2, height: 1 }, normalisation: { resize: 'letterbox' as const, fill: 0, mean: [10, 20, 30], deviation: [1, 2, 5] } };
  const network = { runtime: 'onnx' as const, input: 'x', type: 'float32' as const, layout: 'nchw' as const, channels: 'rgb' as const, outputs: ['y'] };
  const pixels = Uint8Array.of(11, 22, 35, 12, 24, 40);
  it('is planes or pixels, in any order of colours', () => {
    expect(Array.from(prepareInput(pixels, { ...design, network }).data as Float32Array)).toEqual([1, 2, 1, 2, 1, 2]);
    expect(Array.from(prepareInput(pixels, { ...design, network: { ...network, layout: 'nhwc', channels: 'bgr' } }).data as Float32Array)).toEqual([1, 1, 1, 2, 2, 2]);
    expect(prepareInput(pixels, { ...design, network: { ...network, layout: 'nhwc' } }).dims).toEqual([1, 1, 2, 3]);
  });
  it('is bytes, halves or grey where the model wants that', () => {
    const raw = { ...design, normalisation: { ...design.normalisation, mean: [0, 0, 0], deviation: [1, 1, 1] } };
    expect(Array.from(prepareInput(pixels, { ...raw, network: { ...network, type: 'uint8' } }).data as Uint8Array)).toEqual([11, 12, 22, 24, 35, 40]);
    const half = prepareInput(pixels, { ...raw, network: { ...network, type: 'float16' } });
    expect(half.type).toBe('float16');
    expect(Array.from(new Uint16Array((half.data as unknown as Uint16Array).buffer, 0, 2))).toEqual([toHalf(11), toHalf(12)]);
    const grey = prepareInput(pixels, { ...raw, network: { ...network, channels: 'grey' } });
    expect(grey.dims).toEqual([1, 1, 1, 2]);
    expect((grey.data as Float32Array)[0]).toBeCloseTo(0.299 * 11 + 0.587 * 22 + 0.114 * 35, 4);
  });
});

it('every layout says what it is for', () => {
  for (const layout of Object.values(layouts)) expect([layout.title, layout.description].every((text) => text.length > 3)).toBe(true);
});
