/** Losses that divide by what they count in a batch, in batches that are taken in parts. */
import { describe, expect, it } from 'vitest';
import { backbones } from '../backbones';
import { type Graph } from '../graph';
import { ortEngine } from '../node/ortEngine';
import { tfEngine } from '../node/tfEngine';
import { type ModelDesign } from '../runtime/card';
import { type Tensors } from '../runtime/engine';
import { randomFor } from '../runtime/random';
import { tf, type LayersModel } from '../runtime/tf';
import { initialiseWeights, readWeights } from '../runtime/weights';
import { taskOf } from '../tasks';
import { IGNORED, type Label, type Sample, type Task } from '../tasks/types';
import { randomTensor, relativeDifference } from '../testing/gradcheck';
import { designOf } from '../testing/classDesign';
import { sgd } from './optimizers';
import { buildStep, Trainer, type TrainerSpec } from './trainer';

const SIZE = 32;
const BATCH = 4;
/** What each image of the batch has: parts of it are unequal, and the last has nothing at all. */
const OBJECTS = [5, 2, 1, 0];

const points = ['a', 'b', 'c'];
const designs: Record<string, ModelDesign> = {
  detect: designOf('detect', { scales: [{ stride: 8, anchors: [{ w: 8, h: 8 }, { w: 6, h: 12 }] }, { stride: 16, anchors: [{ w: 20, h: 16 }] }], meanBestIou: null }, { size: SIZE }),
  segment: designOf('segment', { background: true, outputStride: 2, upsampling: 'transpose', convolutions: 1, width: 16, instances: [], neck: 0, minArea: 0, classWeights: [1, 2, 0.5] }, { size: SIZE }),
  heatmaps: designOf('landmarks', { kind: 'heatmaps', points: [3], outputStride: 4, width: 16 }, { size: SIZE, classes: [{ id: 'face', name: 'Face', points } as never] }),
  regression: designOf('landmarks', { kind: 'regression', points: [3], outputStride: 4, width: 16 }, { size: SIZE, classes: [{ id: 'face', name: 'Face', points } as never] }),
  classify: designOf('classify', { labelSmoothing: 0.1 }, { size: SIZE }),
  localize: designOf('localize', {}, { size: SIZE }),
};

function sampleOf({ task, classes }: ModelDesign, i: number): Sample {
  const random = randomFor('sample', i);
  const count = OBJECTS[i]!;
  const classId = () => classes[random.below(classes.length)]!.id;
  const labels: Label[] = [];
  const labelMap = new Uint8Array(SIZE * SIZE).fill(count === 0 ? IGNORED : 0);
  if (task === 'classify') labels.push({ kind: 'class', classId: classId() });
  else if (task === 'landmarks') labels.push({ kind: 'landmarks', classId: classId(), points: points.map((_, k) => ({ x: 2 + random.below(28), y: 2 + random.below(28), v: k < count ? 2 : 0 })) });
  else for (let n = 0; n < (task === 'localize' ? Math.min(1, count) : count); n++) {
    const [x0, y0] = [random.below(20), random.below(20)];
    labels.push({ kind: 'box', classId: classId(), x0, y0, x1: x0 + 5 + random.below(6), y1: y0 + 5 + random.below(6) });
  }
  // Image 0 is labelled whole, the others in part.
  for (let p = 0; p < labelMap.length; p++) if (count > 0) labelMap[p] = random.next() < count / 6 ? random.below(classes.length + 1) : IGNORED;
  return { width: SIZE, height: SIZE, labels, labelMap };
}

/** A network without batch norm that gives what the task's own gives: a view of the image's means, densely connected. */
function network(task: Task, design: ModelDesign): LayersModel {
  const own = task.build(design, backbones.compact!, 1);
  const input = tf.input({ shape: [SIZE, SIZE, 3] });
  const pooled = tf.layers.averagePooling2d({ name: 'pool', poolSize: 8, strides: 8 }).apply(input) as tf.SymbolicTensor;
  const flat = tf.layers.flatten({ name: 'flat' }).apply(pooled) as tf.SymbolicTensor;
  const outputs = own.outputs.map(({ shape }, i) => {
    const wanted = shape.slice(1).map((n) => n!);
    const units = wanted.reduce((a, b) => a * b, 1);
    return tf.layers.reshape({ name: `shape${i}`, targetShape: wanted }).apply(tf.layers.dense({ name: `dense${i}`, units }).apply(flat)) as tf.SymbolicTensor;
  });
  own.dispose();
  const model = tf.model({ inputs: input, outputs });
  initialiseWeights(model, 3);
  return model;
}

function specOf(name: string, microBatches: number): TrainerSpec {
  const design = designs[name]!;
  const task = taskOf(design.task);
  return {
    model: network(task, design), optimizer: sgd({ momentum: 0 }), microBatches,
    inputs: { image: { shape: [BATCH, SIZE, SIZE, 3], dtype: 'float32' }, ...task.targets(design, BATCH) },
    loss: (values, net, sums) => task.loss(values.image!.graph as Graph, design, net(values.image!), values, sums),
  };
}

function feedsOf(name: string): Tensors {
  const design = designs[name]!;
  const task = taskOf(design.task);
  const specs = Object.entries(task.targets(design, BATCH));
  const arrays = Object.fromEntries(specs.map(([target, { shape, dtype }]) => {
    const length = shape.reduce((a, b) => a * b, 1);
    return [target, dtype === 'int32' ? new Int32Array(length) : new Float32Array(length)];
  }));
  for (let i = 0; i < BATCH; i++) task.writeTargets(design, arrays, i, sampleOf(design, i));
  return { image: randomTensor([BATCH, SIZE, SIZE, 3], 'image', [-2, 2]), ...Object.fromEntries(specs.map(([target, { shape, dtype }]) => [target, { shape, dtype, data: arrays[target]! }])) };
}

/** Loss, its parts, and what one step moves. */
async function step(name: string, microBatches: number, engine = ortEngine): Promise<{ report: Record<string, number>; moved: Tensors }> {
  const spec = specOf(name, microBatches);
  const before = readWeights(spec.model);
  const trainer = await Trainer.create(engine, spec);
  try {
    // A step far larger than the weights are: little of it is lost in rounding.
    const report = await trainer.train(feedsOf(name), 100);
    const after = trainer.weights('current');
    return { report, moved: Object.fromEntries(Object.entries(after).map(([weight, tensor]) => [weight, { ...tensor, data: tensor.data.map((value, i) => value - before[weight]!.data[i]!) as Float32Array }])) };
  } finally {
    await trainer.dispose();
    spec.model.dispose();
  }
}

describe.each(Object.keys(designs))('%s: a batch in parts', (name) => {
  it('has the loss and the gradients of the whole, however unequal they are', async () => {
    const whole = await step(name, 1);
    for (const parts of [2, 4]) {
      const { report, moved } = await step(name, parts);
      for (const [part, value] of Object.entries(whole.report)) expect(Math.abs(report[part]! - value), part).toBeLessThan(1e-5 * Math.max(1, Math.abs(value)));
      for (const [weight, { data }] of Object.entries(whole.moved)) expect(relativeDifference(moved[weight]!.data, data), weight).toBeLessThan(1e-5);
    }
  });
});

describe('the pass ahead', () => {
  it('reads the targets alone where the loss divides by them, the network too where its outputs are pooled', () => {
    const packsOf = (name: string) => buildStep(specOf(name, 2)).totals?.packs.map((pack) => pack.name);
    expect([packsOf('detect'), packsOf('heatmaps'), packsOf('segment')]).toEqual([[], [], ['decayed', 'plain']]);
    expect(packsOf('classify')).toBeUndefined();
    expect(buildStep(specOf('detect', 1)).totals).toBeUndefined();
  });

  it('is the same on tfjs', async () => {
    const [onnx, oracle] = [await step('segment', 2), await step('segment', 2, tfEngine)];
    expect(onnx.report.loss).toBeCloseTo(oracle.report.loss!, 4);
  });
});
