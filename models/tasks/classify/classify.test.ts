import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { backbones } from '../../backbones';
import { Graph } from '../../graph';
import { buildClassifier, withoutSideBranches } from '../../heads/classifier';
import { loadModel, loadPredictor, trainModel } from '../../node';
import { float32 } from '../../runtime/engine';
import { tf } from '../../runtime/tf';
import { readWeights, writeWeights } from '../../runtime/weights';
import { designOf, drawnShapes, exampleOf } from '../../testing/classDesign';
import { runWithOrt } from '../../testing/gradcheck';
import { ask, learn } from '../../testing/learn';
import { SHAPE_CLASSES } from '../../testing/shapes';
import { chooseImageSize } from '../imageSize';
import { type Example, type Frame, type View } from '../types';
import { type ClassifyHead } from './head';
import { classify } from '.';

const frame: Frame = { full: { width: 8, height: 8 }, region: { x: 0, y: 0, width: 8, height: 8 }, placement: { x: 0, y: 0, width: 8, height: 8 }, mirrored: false };
const abc = ['a', 'b', 'c'].map((id) => ({ id, name: id.toUpperCase() }));
const design = designOf<ClassifyHead>('classify', { labelSmoothing: 0 });
const of = (id: string, ...classIds: string[]): Example => ({ id, image: { path: '' }, width: 300, height: 200, labels: classIds.map((classId) => ({ kind: 'class', classId })) });

describe('the plan', () => {
  const plan = (train: Example[], classes = abc) => classify.plan({ train, val: [], classes }, { seed: 1, multiple: 32, backbone: backbones.compact!, options: classify.optionsSchema.parse({}) });

  it('keeps images of exactly one class, and says what it leaves out', () => {
    const { train, notes, head, inputSize } = plan([of('1', 'a'), of('2'), of('3', 'a', 'b'), of('4', 'b', 'b')]);
    expect(train.map(({ id, labels }) => [id, labels.length])).toEqual([['1', 1], ['4', 1]]);
    expect(notes.slice(0, 3)).toEqual(['1 image without a class left out.', '1 image with several classes left out: an image has one.', 'No training image of C: the model cannot learn it.']);
    expect(head).toEqual({ labelSmoothing: 0.1 });
    expect(inputSize).toEqual({ width: 224, height: 160 });
  });

  it('refuses what cannot be learned', () => {
    expect(() => plan([of('1')])).toThrow('None of the training images has a class');
    expect(() => plan([of('1', 'a')], abc.slice(0, 1))).toThrow('at least two classes');
    expect(() => plan([of('1', 'z')])).toThrow('Image 1 is of class z');
  });

  it('chooses an input as large as the images and the network are', () => {
    const sizes = (width: number, height: number, name: string) => Object.values(chooseImageSize([{ width, height }], backbones[name]!));
    expect(sizes(92, 112, 'compact')).toEqual([96, 128]);
    expect(sizes(640, 480, 'resnet50')).toEqual([224, 192]);
    expect(sizes(640, 480, 'efficientnet-b7')).toEqual([224, 192]);
    expect(sizes(92, 112, 'lenet5')).toEqual([28, 32]);
    expect(sizes(50, 50, 'alexnet')).toEqual([96, 96]);
  });
});

describe('targets and loss', () => {
  it('are the class, smoothed by a share over all', () => {
    const arrays = { class: new Float32Array(6).fill(7) };
    classify.writeTargets(designOf('classify', { labelSmoothing: 0.3 }, { classes: abc }), arrays, 1, { width: 8, height: 8, labelMap: null, labels: [{ kind: 'class', classId: 'b' }] });
    [7, 7, 7, 0.1, 0.8, 0.1].forEach((expected, i) => expect(arrays.class[i]).toBeCloseTo(expected, 6));
  });

  it('count the side branches at 0.3', async () => {
    const graph = new Graph();
    const logits = [[2, 0], [0, 1], [3, 3]].map((row, i) => graph.input(`z${i}`, [1, row.length]));
    const target = graph.input('class', [1, 2]);
    const { loss, parts } = classify.loss(graph, design, logits, { class: target });
    const row = (...values: number[]) => float32(Float32Array.from(values), [1, 2]);
    const result = await runWithOrt({ outputs: { loss, side: parts.side! } }, { z0: row(2, 0), z1: row(0, 1), z2: row(3, 3), class: row(1, 0) });
    const [own, side] = [Math.log(1 + Math.exp(-2)), Math.log(1 + Math.E) + Math.log(2)];
    expect(result.side!.data[0]).toBeCloseTo(side, 5);
    expect(result.loss!.data[0]).toBeCloseTo(own + 0.3 * side, 5);
  });
});

describe('predictions', () => {
  const view = (...logits: number[]): View<ClassifyHead> => ({ design: designOf('classify', { labelSmoothing: 0 }, { classes: abc }), frame, outputs: [Float32Array.from(logits)] });
  const logOf = (...p: number[]) => p.map(Math.log);

  it('are the mean of the views’ probabilities, best first', () => {
    const labels = classify.decode([view(...logOf(0.8, 0.1, 0.1)), view(...logOf(0.2, 0.7, 0.1))], { minScore: 0, nmsIou: 1, limit: 5 });
    expect(labels.map((label) => (label.kind === 'class' ? label.classId : null))).toEqual(['a', 'b', 'c']);
    [0.5, 0.4, 0.1].forEach((p, i) => expect(labels[i]!.score).toBeCloseTo(p, 6));
    expect(classify.decode([view(1000, 0, -1000)], { minScore: 0.2, nmsIou: 1, limit: 5 })).toEqual([{ kind: 'class', classId: 'a', score: 1 }]);
  });

  it('are measured', () => {
    const letters = 'abcdefg'.split('').map((id) => ({ id, name: id }));
    const evaluator = classify.evaluator(designOf('classify', { labelSmoothing: 0 }, { classes: letters }));
    const ranked = (ids: string) => ids.split('').map((classId, i) => ({ kind: 'class' as const, classId, score: 1 - i / 10 }));
    evaluator.add(of('1', 'a'), ranked('abcde'));
    evaluator.add(of('2', 'a'), ranked('bcdea'));
    evaluator.add(of('3', 'b'), ranked('acdef'));
    evaluator.add(of('4', 'b'), ranked('b'));
    evaluator.add(of('5', 'c'), []);
    evaluator.add(of('6'), ranked('a'));
    const { images, values, byClass, details } = evaluator.result();
    expect(images).toBe(5);
    expect(values).toEqual({ top1: 2 / 5, top5: 3 / 5, meanAccuracy: (0.5 + 0.5 + 0) / 3 });
    expect(byClass).toMatchObject({
      accuracy: { a: 0.5, b: 0.5, c: 0, d: null }, precision: { a: 0.5, b: 0.5, c: null }, groundTruth: { a: 2, b: 2, c: 1, d: 0 },
    });
    expect(details!.confusion!.classes).toEqual([...'abcdefg', null]);
    expect(details!.confusion!.counts.slice(0, 3)).toEqual([[1, 1, 0, 0, 0, 0, 0, 0], [1, 1, 0, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0, 0, 1]]);
    expect(classify.evaluator(design).result().values).toEqual({ top1: null, top5: null, meanAccuracy: null });
  });
});

describe('GoogLeNet with side branches', () => {
  const build = () => buildClassifier(backbones.googlenet!, { inputSize: { width: 32, height: 32 }, classes: 2 }, 1);

  it('answers with one output of the same weights, without the branches', () => {
    const memory = tf.memory().numTensors;
    const training = build();
    const inference = withoutSideBranches(training);
    expect(training.outputs).toHaveLength(3);
    expect(inference.outputs).toHaveLength(1);
    expect(Object.keys(readWeights(training)).filter((name) => name.startsWith('top_side'))).toHaveLength(12);
    expect(Object.keys(readWeights(inference)).filter((name) => name.startsWith('top_side'))).toEqual([]);
    writeWeights(training, { 'top_dense/bias': float32(Float32Array.of(1, -2), [2]) });
    expect(Array.from(readWeights(inference)['top_dense/bias']!.data)).toEqual([1, -2]);
    expect(Object.keys(readWeights(training))).toEqual(expect.arrayContaining(Object.keys(readWeights(inference))));
    training.dispose();
    expect(tf.memory().numTensors).toBe(memory);
  });

  it('trains the branches too: they learn, and so does what is before them', async () => {
    const lessons = drawnShapes(4, 5, 32).map(({ pixels, box }) => ({ pixels, labels: [{ kind: 'class' as const, classId: box.classId }] }));
    const model = build();
    const before = readWeights(model);
    const losses = await learn(classify, designOf('classify', { labelSmoothing: 0 }, { size: 32, backbone: 'googlenet' }), model, lessons, 3, 1e-3);
    const after = readWeights(model);
    for (const name of ['top_side1_fc2/kernel', 'top_side2_conv/kernel', 'conv1_conv/kernel', 'top_dense/kernel']) expect(after[name]!.data).not.toEqual(before[name]!.data);
    expect(losses.every(Number.isFinite)).toBe(true);
    // Three outputs that know nothing yet.
    expect(losses[0]).toBeCloseTo(Math.log(2) * 1.6, 1);
    model.dispose();
  });
});

describe('a classifier', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'fieldmark-classify-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('learns squares from discs, is stored, and tells new ones apart', async () => {
    const data = { train: drawnShapes(24, 1).map((shape) => exampleOf(shape, 'class')), val: drawnShapes(8, 2).map((shape) => exampleOf(shape, 'class')), classes: SHAPE_CLASSES };
    const outDir = path.join(folder, 'model');
    const { metrics, card } = await trainModel(data, { task: 'classify', outDir, checkpointDir: path.join(folder, 'c'), epochs: 12, batch: 8, seed: 1 });
    expect(card).toMatchObject({ task: 'classify', inputSize: { width: 64, height: 64 }, head: { labelSmoothing: 0.1 } });
    expect(metrics!.values.top1).toBeGreaterThan(0.85);
    const predictor = await loadPredictor(outDir);
    const fresh = drawnShapes(10, 3);
    const found = await predictor.predict(fresh.map((shape) => exampleOf(shape, 'class').image), { viewing: 'flip' });
    await predictor.dispose();
    expect(found.filter(({ labels }, i) => labels[0]!.kind === 'class' && labels[0]!.classId === fresh[i]!.box.classId).length).toBeGreaterThanOrEqual(9);
    for (const { labels } of found) expect(labels.reduce((sum, { score }) => sum + score, 0)).toBeCloseTo(1, 5);
  });

  it('is stored without its side branches', async () => {
    const data = { train: drawnShapes(4, 1, 32).map((shape) => exampleOf(shape, 'class', 32)), val: drawnShapes(2, 2, 32).map((shape) => exampleOf(shape, 'class', 32)), classes: SHAPE_CLASSES };
    const outDir = path.join(folder, 'googlenet');
    await trainModel(data, { task: 'classify', backbone: 'googlenet-bn', outDir, checkpointDir: path.join(folder, 'c'), epochs: 1, batch: 4, seed: 1 });
    expect(await readFile(path.join(outDir, 'model.json'), 'utf8')).not.toContain('top_side');
    const { model, card } = await loadModel(outDir);
    expect(model.outputs).toHaveLength(1);
    const labels = await ask(classify, card as typeof card & { head: ClassifyHead }, model, drawnShapes(1, 9, 32)[0]!.pixels);
    expect(labels).toHaveLength(2);
    model.dispose();
  });
});
