/**
 * Training on kept features: what lies before the frozen part's end is computed once for a number of augmented variants of
 * each image, and the steps are fed from there.
 */
import type * as tf from '@tensorflow/tfjs';
import type { AugmentOptions } from '../../data/augment';
import { Graph, type Program } from '../../graph';
import { normalise } from '../../inference/normalise';
import { lowerModel } from '../../lower';
import { type ModelDesign } from '../../runtime/card';
import { type CompileOptions, type Engine, type Executable, type Tensors } from '../../runtime/engine';
import { type LayersModel } from '../../runtime/tf';
import { readWeights } from '../../runtime/weights';
import type { Example } from '../../tasks/types';
import { asKept, type FeatureCache } from '../data/featureCache';
import { type Loader, Order } from '../data/loader';
import { type BatchMaker } from '../data/maker';
import { Spool } from '../data/spool';
import { sha256 } from '../files';
import { programHash } from './programHash';
import { type Sample, Variants } from './variants';

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

/** How often, and how, the images vary. */
export interface VariantOptions {
  count: number;
  augmentation: AugmentOptions;
  /** Of them, so many vary as they do in the run's calm end, and are fed there. */
  calm: number;
  calmAugmentation: AugmentOptions;
}

export interface FeatureOptions {
  engine: Engine;
  compile: CompileOptions;
  model: LayersModel;
  cut: readonly tf.SymbolicTensor[];
  design: ModelDesign;
  /** Images of a step, and of one run of the frozen part. */
  batch: number;
  part: number;
  seed: number;
  examples: readonly Example[];
  /** Makes images and targets of the examples; outlives the loader. */
  maker: BatchMaker;
  variants: VariantOptions;
  /** Whether a step belongs to the run's calm end. */
  isCalm: (step: number) => boolean;
  cache: FeatureCache;
  /** Folder in which targets wait. */
  dir: string;
  /** The first step that is asked for, counted from the run's begin. */
  from: number;
  signal?: AbortSignal;
  /** Told while features are computed: how many of how many samples are ready. */
  onSample?: (done: number, of: number) => void;
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

/** The last part may be short of samples; the frozen part takes so many at a time, whatever the last ones are. */
const fill = (samples: readonly Sample[], part: number): Sample[] => Array.from({ length: part }, (_, i) => samples[i % samples.length]!);

/** Where the features of a sample are kept, and its targets. */
interface Recorded {
  key: string;
  targets: number;
}

/** Computes the features of all variants of all images (or finds them in the cache), and gives batches of them. */
export async function createFeatureLoader(options: FeatureOptions): Promise<Loader> {
  const { examples, seed, variants, part, maker, dir, signal, onSample } = options;
  const drawn = new Variants(examples, seed, variants);
  const trunk = new Trunk(options, drawn);
  const targets = await Spool.open(dir);
  const recorded: Recorded[] = [];
  const loader = new FeatureLoader(options, drawn, trunk, targets, recorded);
  try {
    const { samples } = drawn;
    const make = (from: number) => maker.make(drawn.draws(fill(samples.slice(from, from + part), part)));
    let ahead = make(0);
    for (let from = 0; from < samples.length; from += part) {
      signal?.throwIfAborted();
      const { image, ...rest } = await ahead;
      if (from + part < samples.length) ahead = make(from + part);
      const keys = await trunk.keep(Math.min(part, samples.length - from), image!);
      recorded.push(...await Promise.all(keys.map(async (key, i) => ({ key, targets: await targets.add(rowOf(rest, i)) }))));
      onSample?.(recorded.length, samples.length);
    }
    // Its memory is the training's now.
    await trunk.rest();
    return loader;
  } catch (error) {
    await loader.dispose();
    throw error;
  }
}

/** The frozen part, on images and in the cache. */
class Trunk {
  private readonly program: Program;
  /** Features are of these weights, at this input: another trunk's are never mistaken for them. */
  private readonly hash: string;
  private executable: Executable | null = null;
  private last: Promise<unknown> = Promise.resolve();

  constructor(private readonly options: FeatureOptions, private readonly drawn: Variants) {
    const { model, cut, design, part } = options;
    this.program = trunkProgram(model, cut, design, part);
    this.hash = programHash(this.program, design);
  }

  /** Puts the features of the first `count` images into the cache, as far as they are not there. Returns their keys. */
  async keep(count: number, image: Tensors[string]): Promise<string[]> {
    const keys = Array.from({ length: count }, (_, i) => `${this.hash}/${sha256(rowOf({ image }, i).image!.data as Uint8Array)}`);
    const missing = keys.map((key) => !this.options.cache.has(key));
    if (missing.some(Boolean)) {
      const features = await this.run(image);
      await Promise.all(keys.map((key, i) => (missing[i] ? this.options.cache.put(key, features[i]!) : undefined)));
    }
    return keys;
  }

  /**
   * The features of samples that have left the cache, by the recipe they were made by, as they would have come from there.
   * They are kept again. One call at a time is worked on: runs must not overlap.
   */
  again(samples: readonly Sample[], keys: readonly string[]): Promise<Float32Array[][]> {
    const found = this.last.then(async () => {
      const { part, maker, cache } = this.options;
      const rows: Float32Array[][] = [];
      for (let from = 0; from < samples.length; from += part) {
        const { image } = await maker.make(this.drawn.draws(fill(samples.slice(from, from + part), part)));
        rows.push(...(await this.run(image!)).slice(0, samples.length - from));
      }
      await Promise.all(rows.map((row, i) => cache.put(keys[i]!, row)));
      return rows.map((row) => row.map(asKept));
    });
    this.last = found.catch(() => undefined);
    return found;
  }

  /** Gives its memory back until it is asked again. */
  async rest(): Promise<void> {
    await this.last;
    await this.executable?.dispose();
    this.executable = null;
  }

  /** The arrays of each image. */
  private async run(image: Tensors[string]): Promise<Float32Array[][]> {
    const { engine, compile, cut, part } = this.options;
    this.executable ??= await engine.compile(this.program, compile);
    const features = await this.executable.run({ image });
    return Array.from({ length: part }, (_, i) => {
      const row = rowOf(features, i);
      return cut.map((_tensor, f) => row[featureName(f)]!.data as Float32Array);
    });
  }
}

class FeatureLoader implements Loader {
  private readonly shapes: readonly (readonly number[])[];
  private readonly order: Order;
  private step: number;
  private ahead: Promise<Tensors> | null = null;

  constructor(private readonly options: FeatureOptions, private readonly drawn: Variants, private readonly trunk: Trunk, private readonly targets: Spool, private readonly recorded: readonly Recorded[]) {
    this.shapes = options.cut.map((tensor) => tensor.shape.slice(1).map((n) => n!));
    this.order = new Order(options.seed, options.examples.length);
    this.step = options.from;
  }

  next(): Promise<Tensors> {
    const ready = this.ahead ?? this.make(this.step++);
    this.ahead = this.make(this.step++);
    this.ahead.catch(() => undefined);
    return ready;
  }

  async dispose(): Promise<void> {
    await this.ahead?.catch(() => undefined);
    await this.trunk.rest();
    await this.targets.close();
  }

  /**
   * Batch `step`: a function of the seed and of the step. Images come in the order in which they come where nothing is kept,
   * each in another variant at each pass.
   */
  private async make(step: number): Promise<Tensors> {
    const { batch, cache, isCalm, signal } = this.options;
    signal?.throwIfAborted();
    const calm = isCalm(step);
    const chosen = Array.from({ length: batch }, (_, i) => {
      const { example, pass } = this.order.at(step * batch + i);
      return this.drawn.at(example, pass, calm);
    });
    const [kept, targets] = await Promise.all([
      Promise.all(chosen.map((number) => cache.get(this.recorded[number]!.key))),
      Promise.all(chosen.map((number) => this.targets.get(this.recorded[number]!.targets))),
    ]);
    // Others may use the folder, and files may break.
    const gone = [...new Set(chosen.filter((_, i) => kept[i] === null))];
    const found = gone.length === 0 ? [] : await this.trunk.again(gone.map((number) => this.drawn.samples[number]!), gone.map((number) => this.recorded[number]!.key));
    return stack(chosen.map((number, i) => {
      const features = kept[i] ?? found[gone.indexOf(number)]!;
      return { ...targets[i], ...Object.fromEntries(features.map((data, f) => [featureName(f), { dtype: 'float32' as const, shape: this.shapes[f]!, data }])) };
    }));
  }
}
