/** For tests: trains a task's network on a handful of images as they are, without the loader, and asks it about one of them. */
import { letterbox } from '../data/letterbox';
import { labelMapOf } from '../data/labelMap';
import { type Graph, type TypedArray } from '../graph';
import { Network } from '../inference/network';
import { normalise } from '../inference/normalise';
import { ortEngine } from '../node/ortEngine';
import { type ModelDesign } from '../runtime/card';
import { type Tensors } from '../runtime/engine';
import { type LayersModel } from '../runtime/tf';
import { type Frame, type Label, type PredictedLabel, type Sample, type Task } from '../tasks/types';
import { adamW } from '../training/optimizers';
import { Trainer } from '../training/trainer';

/** An image of exactly the network's input size, its labels in the same pixels. */
export interface Lesson {
  pixels: Uint8Array;
  labels: readonly Label[];
}

function feedsOf<Head>(task: Task<Head>, design: ModelDesign<Head>, lessons: readonly Lesson[]): Tensors {
  const { width, height } = design.inputSize;
  const batch = lessons.length;
  const image = new Uint8Array(batch * height * width * 3);
  const specs = task.targets(design, batch);
  const arrays: Record<string, TypedArray> = {};
  for (const [name, { shape, dtype }] of Object.entries(specs)) {
    const length = shape.reduce((a, b) => a * b, 1);
    arrays[name] = dtype === 'int32' ? new Int32Array(length) : new Float32Array(length);
  }
  lessons.forEach(({ pixels, labels }, i) => {
    image.set(pixels, i * height * width * 3);
    const labelMap = task.labelMap ? labelMapOf(labels, design.classes, design.inputSize, design.inputSize).data : null;
    const sample: Sample = { width, height, labelMap, labels: labels.filter(({ kind }) => kind !== 'mask' && kind !== 'ignore') };
    task.writeTargets(design, arrays, i, sample);
  });
  return {
    image: { dtype: 'uint8', shape: [batch, height, width, 3], data: image },
    ...Object.fromEntries(Object.entries(specs).map(([name, { shape, dtype }]) => [name, { dtype, shape, data: arrays[name]! }])),
  };
}

/** Steps on all lessons at once, the rate falling to zero. Returns the losses, first to last; the model has the trained weights. */
export async function learn<Head>(task: Task<Head>, design: ModelDesign<Head>, model: LayersModel, lessons: readonly Lesson[], steps: number, rate = 3e-3): Promise<number[]> {
  const { width, height } = design.inputSize;
  const feeds = feedsOf(task, design, lessons);
  const trainer = await Trainer.create(ortEngine, {
    model, seed: 1, optimizer: adamW({ weightDecay: 0 }), clipNorm: 10,
    inputs: { image: { shape: [lessons.length, height, width, 3], dtype: 'uint8' }, ...task.targets(design, lessons.length) },
    loss(values, network) {
      const graph = values.image!.graph as Graph;
      return task.loss(graph, design, network(normalise(graph, values.image!, design.normalisation)), values);
    },
  });
  try {
    const losses: number[] = [];
    for (let step = 0; step < steps; step++) losses.push((await trainer.train(feeds, rate * (1 - step / steps))).loss!);
    trainer.copyToModel('current');
    return losses;
  } finally {
    await trainer.dispose();
  }
}

/** What the model says about an image of the network's input size. */
export async function ask<Head>(task: Task<Head>, design: ModelDesign<Head>, model: LayersModel, pixels: Uint8Array): Promise<PredictedLabel[]> {
  const network = await Network.create(ortEngine, model, design);
  try {
    const full = design.inputSize;
    const frame: Frame = { full, region: { x: 0, y: 0, ...full }, placement: letterbox(full, full), mirrored: false };
    return task.decode([{ design, outputs: await network.run(pixels), frame }], task.defaults.decode);
  } finally {
    await network.dispose();
  }
}
