import { describe, expect, it } from 'vitest';
import { backbones } from '../../backbones';
import { Graph, gradients, type Value } from '../../graph';
import { edgesOf } from '../../heads/localizer';
import { localizationLoss } from '../../losses/localization';
import { float32 } from '../../runtime/engine';
import { designOf } from '../../testing/classDesign';
import { checkGradients, randomTensor, runWithOrt } from '../../testing/gradcheck';
import { type BoxLabel, type Example, type Frame, type Label, type View } from '../types';
import { type LocalizeHead } from './head';
import { localize } from '.';

const abc = ['a', 'b', 'c'].map((id) => ({ id, name: id }));
const design = designOf<LocalizeHead>('localize', {}, { classes: abc, size: 100 });
const box = (classId: string, x0: number, y0: number, x1: number, y1: number): BoxLabel => ({ kind: 'box', classId, x0, y0, x1, y1 });
const example = (id: string, ...labels: Label[]): Example => ({ id, image: { path: '' }, width: 200, height: 100, labels });

/** Loss of one prediction against one target, and its gradient. */
async function lossOf(predicted: number[], target: number[]): Promise<{ loss: number; gradient: number[] }> {
  const graph = new Graph();
  const [y, t] = [graph.input('y', [1, predicted.length]), graph.input('t', [1, target.length])];
  const { loss } = localizationLoss(y, t);
  const row = (values: number[]) => float32(Float32Array.from(values), [1, values.length]);
  const result = await runWithOrt({ outputs: { loss, gradient: gradients(loss, [y])[0]! } }, { y: row(predicted), t: row(target) });
  return { loss: result.loss!.data[0]!, gradient: Array.from(result.gradient!.data) };
}

describe('the target and the loss', () => {
  // y = (pc, bx, by, bh, bw, c1, c2, c3)
  it('is all eight squared differences where there is an object', async () => {
    const predicted = [0.7, 0.4, 0.6, 0.2, 0.5, 0.1, 0.8, 0.3];
    const target = [1, 0.5, 0.7, 0.3, 0.4, 0, 1, 0];
    const { loss, gradient } = await lossOf(predicted, target);
    expect(loss).toBeCloseTo(predicted.reduce((sum, y, i) => sum + (y - target[i]!) ** 2, 0), 6);
    predicted.forEach((y, i) => expect(gradient[i]).toBeCloseTo(2 * (y - target[i]!), 5));
  });

  it('is that of pc alone where there is none, whatever the others are', async () => {
    const { loss, gradient } = await lossOf([0.7, 0.4, 0.6, 0.2, 0.5, 0.1, 0.8, 0.3], [0, 9, 9, 9, 9, 9, 9, 9]);
    expect(loss).toBeCloseTo(0.49, 6);
    expect(gradient[0]).toBeCloseTo(1.4, 5);
    expect(gradient.slice(1).every((g) => g === 0)).toBe(true);
  });

  it('is a mean over the batch, with right gradients', async () => {
    const target = randomTensor([3, 8], 't', [0, 1]).data as Float32Array;
    [0, 1, 2].forEach((i) => (target[i * 8] = i % 2));
    const check = await checkGradients({ y: { shape: [3, 8], range: [0, 1] } }, ({ y }: Record<string, Value>) => localizationLoss(y!, (y!.graph as Graph).constant(target, [3, 8])).loss);
    expect(check.engines).toBeLessThan(1e-5);
    expect(check.differences).toBeLessThan(1e-3);
  });

  it('holds midpoint and size as shares of the input, y before x in the size', () => {
    const arrays = { object: new Float32Array(16).fill(7) };
    localize.writeTargets(design, arrays, 0, { width: 100, height: 50, labelMap: null, labels: [box('b', 10, 20, 30, 30)] });
    localize.writeTargets(design, arrays, 1, { width: 100, height: 50, labelMap: null, labels: [] });
    [1, 0.2, 0.5, 0.2, 0.2, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0].forEach((expected, i) => expect(arrays.object[i]).toBeCloseTo(expected, 6));
    const edges = edgesOf(arrays.object, { width: 100, height: 50 });
    [10, 20, 30, 30].forEach((expected, i) => expect(Object.values(edges)[i]).toBeCloseTo(expected, 4));
  });
});

describe('the plan', () => {
  const plan = (...train: Example[]) => localize.plan({ train, val: [], classes: abc }, { seed: 1, multiple: 32, backbone: backbones.compact!, options: localize.optionsSchema.parse({}) });

  it('keeps images of one object or none', () => {
    const { train, notes } = plan(example('one', box('a', -5, 0, 10, 10)), example('none'), example('two', box('a', 0, 0, 9, 9), box('b', 0, 0, 9, 9)), example('flat', box('a', 5, 5, 5, 9)));
    expect(train.map(({ id, labels }) => [id, labels.length])).toEqual([['one', 1], ['none', 0], ['flat', 0]]);
    expect((train[0]!.labels[0] as BoxLabel).x0).toBe(0);
    expect(notes[0]).toContain('1 image with several objects left out');
  });

  it('refuses what cannot be learned', () => {
    expect(() => plan(example('none'))).toThrow('None of the training images has a box');
    expect(() => plan(example('two', box('a', 0, 0, 9, 9), box('b', 0, 0, 9, 9)))).toThrow('Train a detector instead');
    expect(() => plan(example('x', box('z', 0, 0, 9, 9)))).toThrow('class z');
  });
});

describe('predictions', () => {
  const full = { width: 200, height: 100 };
  const placement = { x: 0, y: 25, width: 100, height: 50 };
  const frame: Frame = { full, region: { x: 0, y: 0, ...full }, placement, mirrored: false };
  const view = (row: number[], mirrored = false): View<LocalizeHead> => ({ design, frame: { ...frame, mirrored }, outputs: [Float32Array.from(row)] });
  const all = { minScore: 0.001, nmsIou: 1, limit: 1 };

  it('are one box in image pixels, clipped to the image', () => {
    const [label] = localize.decode([view([0.9, 0.2, 0.5, 0.2, 0.2, 0.1, 0.6, 0.1])], all) as (BoxLabel & { score: number })[];
    expect(label).toMatchObject({ kind: 'box', classId: 'b' });
    expect(label!.score).toBeCloseTo(0.9 * 0.75, 5);
    [label!.x0, label!.y0, label!.x1, label!.y1].forEach((edge, i) => expect(edge).toBeCloseTo([20, 30, 60, 70][i]!, 3));
    expect(localize.decode([view([1e-4, 0.2, 0.5, 0.2, 0.2, 1, 1, 1])], all)).toEqual([]);
    const [wide] = localize.decode([view([0.9, 0.5, 0.5, 1, 1, 0, 1, 0])], all) as BoxLabel[];
    expect([wide!.x0, wide!.y0, wide!.x1, wide!.y1]).toEqual([0, 0, 200, 100]);
  });

  it('of two views are their mean by presence', () => {
    const [label] = localize.decode([view([0.9, 0.2, 0.5, 0.2, 0.2, 0, 1, 0]), view([0.3, 0.8, 0.5, 0.4, 0.2, 0, 1, 0], true)], all) as (BoxLabel & { score: number })[];
    expect(label!.score).toBeCloseTo(0.6, 5);
    // Mirrored back, both have the same sides; heights 40 and 80 weigh 3 to 1.
    [label!.x0, label!.x1, label!.y1 - label!.y0].forEach((n, i) => expect(n).toBeCloseTo([20, 60, 50][i]!, 3));
  });

  it('are measured', () => {
    const evaluator = localize.evaluator(design);
    const scored = (label: BoxLabel, score: number) => [{ ...label, score }];
    evaluator.add(example('1', box('a', 0, 0, 10, 10)), scored(box('a', 0, 0, 10, 10), 0.9));
    evaluator.add(example('2', box('a', 0, 0, 10, 10)), scored(box('b', 0, 5, 10, 15), 0.9));
    evaluator.add(example('3', box('b', 0, 0, 10, 10)), []);
    evaluator.add(example('4'), scored(box('a', 0, 0, 9, 9), 0.4));
    evaluator.add(example('5'), scored(box('a', 0, 0, 9, 9), 0.6));
    evaluator.add(example('6', box('a', 0, 0, 9, 9), box('b', 0, 0, 9, 9)), []);
    const { images, values, byClass } = evaluator.result();
    expect(images).toBe(5);
    expect(values).toEqual({ top1: 1 / 3, meanIoU: (1 + 1 / 3) / 3, iou50: 1 / 3, correct: 1 / 3, presence: 3 / 5 });
    expect(byClass).toMatchObject({ accuracy: { a: 0.5, b: 0, c: null }, groundTruth: { a: 2, b: 1, c: 0 } });
  });
});
