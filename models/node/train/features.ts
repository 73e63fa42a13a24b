/**
 * Training on kept features: what lies before the frozen part's end is computed once for a number of augmented variants of
 * each image, and the steps are fed from there.
 */
import type * as tf from '@tensorflow/tfjs';
import { Graph, type Program } from '../../graph';
import { normalise } from '../../inference/normalise';
import { lowerModel } from '../../lower';
import { type ModelDesign } from '../../runtime/card';
import { type CompileOptions, type Engine, type Tensors } from '../../runtime/engine';
import { randomFor } from '../../runtime/random';
import { type LayersModel } from '../../runtime/tf';
import { readWeights } from '../../runtime/weights';
import { type FeatureCache } from '../data/featureCache';
import { type Loader } from '../data/loader';
import { sha256 } from '../files';

export const featureName = (i: number): string => `feature${i}`;

/** The frozen part as a program: image uint8 `[batch, height, width, 3]` to the tensors of the cut. */
function trunkProgram(model: LayersModel, cut: readonly tf.SymbolicTensor[], { inputSize, normalisation }: ModelDesign, batch: number): Program {
  const graph = new Graph();
  const image = graph.input('image', [batch, inputSize.height, inputSize.width, 3], 'uint8');
  const lowered = lowerModel(graph, model, [normalise(graph, image, normalisation)], { training: false, to: cut });
  const weights = readWeights(model);
  return {
    outputs: Object.fromEntries(lowered.outputs.map((value, i) => [featureName(i), value])),
    constants: Object.fromEntries(lowered.weights.map(({ name, value }) => [name, { ...weights[name]!, shape: value.shape }])),
  };
}

export interface FeatureOptions {
  engine: Engine;
  compile: CompileOptions;
  model: LayersModel;
  cut: readonly tf.SymbolicTensor[];
  design: ModelDesign;
  batch: number;
  seed: number;
  /** Gives images and targets, as for training without features. It is disposed of with this loader. */
  source: Loader;
  /** Images in the training set. */
  images: number;
  /** Augmented variants of each image. */
  variants: number;
  cache: FeatureCache;
  /** The first step that is asked for. */
  from: number;
  signal?: AbortSignal;
  /** Told while features are computed: how many of how many samples are ready. */
  onSample?: (done: number, of: number) => void;
}

/** One augmented image: where its features are kept, and its targets. */
interface Recorded {
  key: string;
  targets: Tensors;
}

/** Row `i` of each tensor. */
const rowOf = (tensors: Tensors, i: number): Tensors => Object.fromEntries(Object.entries(tensors).map(([name, { dtype, shape, data }]) => {
  const size = data.length / shape[0]!;
  return [name, { dtype, shape: shape.slice(1), data: data.slice(i * size, (i + 1) * size) }];
}));

/** Rows put together again. */
function stack(rows: readonly Tensors[]): Tensors {
  return Object.fromEntries(Object.entries(rows[0]!).map(([name, { dtype, shape, data }]) => {
    const all = new (data.constructor as new (length: number) => Float32Array)(data.length * rows.length);
    rows.forEach((row, i) => all.set(row[name]!.data as Float32Array, i * data.length));
    return [name, { dtype, shape: [rows.length, ...shape], data: all }];
  }));
}

/** Computes the features of `variants · images` samples (or finds them in the cache), and gives batches of them. */
export async function createFeatureLoader(options: FeatureOptions): Promise<Loader> {
  const { engine, compile, model, cut, design, batch, source, images, variants, cache, signal, onSample } = options;
  const program = trunkProgram(model, cut, design, batch);
  // Features are of these weights, at this input: another trunk's are never mistaken for them.
  const trunk = trunkHash(program, design);
  const shapes = cut.map((tensor) => tensor.shape.slice(1).map((n) => n!));
  const samples: Recorded[] = [];
  const total = Math.ceil((images * variants) / batch) * batch;
  const executable = await engine.compile(program, compile);
  try {
    while (samples.length < total) {
      signal?.throwIfAborted();
      const { image, ...targets } = await source.next();
      const rows = Array.from({ length: batch }, (_, i) => rowOf({ image: image! }, i).image!.data as Uint8Array);
      const keys = rows.map((row) => `${trunk}/${sha256(row)}`);
      const known = keys.map((key) => cache.has(key));
      if (!known.every(Boolean)) {
        const features = await executable.run({ image: image! });
        await Promise.all(keys.map((key, i) => {
          const row = rowOf(features, i);
          return cache.put(key, cut.map((_, f) => row[featureName(f)]!.data as Float32Array));
        }));
      }
      keys.forEach((key, i) => samples.push({ key, targets: rowOf(targets, i) }));
      onSample?.(samples.length, total);
    }
  } finally {
    await executable.dispose();
  }
  return new FeatureLoader(options, samples, shapes);
}

function trunkHash({ constants = {} }: Program, { inputSize, normalisation }: ModelDesign): string {
  const weights = Object.entries(constants).map(([name, { data }]) => [name, sha256(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))]);
  return sha256(JSON.stringify([weights, inputSize, normalisation]));
}

class FeatureLoader implements Loader {
  private step: number;
  private next_: Promise<Tensors> | null = null;

  constructor(private readonly options: FeatureOptions, private readonly samples: readonly Recorded[], private readonly shapes: readonly (readonly number[])[]) {
    this.step = options.from;
  }

  next(): Promise<Tensors> {
    const ready = this.next_ ?? this.make(this.step++);
    this.next_ = this.make(this.step++);
    this.next_.catch(() => undefined);
    return ready;
  }

  async dispose(): Promise<void> {
    await this.next_?.catch(() => undefined);
    await this.options.source.dispose();
  }

  /** Batch `step`: a function of the seed and of the step. */
  private async make(step: number): Promise<Tensors> {
    this.options.signal?.throwIfAborted();
    const { batch, seed, cache } = this.options;
    const perPass = Math.floor(this.samples.length / batch);
    const order = randomFor(seed, 'features', Math.floor(step / perPass)).shuffle(this.samples.map((_, i) => i));
    const chosen = Array.from({ length: batch }, (_, i) => this.samples[order[(step % perPass) * batch + i]!]!);
    const rows = await Promise.all(chosen.map(async ({ key, targets }): Promise<Tensors> => {
      const features = await cache.get(key);
      if (!features) throw new Error('kept features are gone from the cache: give it more room');
      return { ...targets, ...Object.fromEntries(features.map((data, f) => [featureName(f), { dtype: 'float32' as const, shape: this.shapes[f]!, data }])) };
    }));
    return stack(rows);
  }
}
