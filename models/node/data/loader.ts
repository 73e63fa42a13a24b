/**
 * Training batches, prepared ahead of the step: images decoded, reduced, augmented, and the task's targets written, in
 * threads of their own. Batch k is a function of the seed, the data and k alone, however many threads make it.
 */
import os from 'node:os';
import type { AugmentOptions } from '../../data/augment';
import { noAugmentation } from '../../data/augment';
import { drawMembers } from '../../data/plan';
import type { RawImage } from '../../inference/types';
import type { ModelDesign } from '../../runtime/card';
import type { Tensors } from '../../runtime/engine';
import { randomFor } from '../../runtime/random';
import { taskOf } from '../../tasks';
import type { Example } from '../../tasks/types';
import { cachedBytes, cachedSize, type Recipe } from './makeBatch';
import { createStore, PixelStore, type StoreMemory } from './pixelStore';
import { InProcessStation, type Station, ThreadStation } from './stations';

export interface LoaderOptions {
  /** Labels in pixels of the full image. */
  examples: readonly Example[];
  /** What is fed: `design.task` writes the targets. */
  design: ModelDesign;
  /** Images per batch. */
  batch: number;
  seed: number;
  /** How the images of batch k vary; asked when batch k is begun, some batches ahead. Default: not at all. */
  augmentation?: (batch: number) => AugmentOptions;
  /** Number of the first batch. Default 0. */
  from?: number;
  /** Bytes that decoded, reduced images may take. Default 512 MB. */
  cacheBytes?: number;
  /** Threads beside this one. 0: everything is done in this one. Default: 1, or 2 from four cores on. */
  threads?: number;
  /** `next` rejects with its reason once it is aborted. */
  signal?: AbortSignal;
}

export interface Loader {
  /**
   * The next batch: `image` uint8 `[batch, height, width, 3]` and the targets of the task. Every batch is full: the order of
   * one pass over the examples is followed by that of the next. Rejects with an Error that names the image that cannot be read.
   */
  next(): Promise<Tensors>;
  /** Ends the threads and gives the memory back. A `next` that waits rejects. */
  dispose(): Promise<void>;
}

const CACHE_BYTES = 512 * 2 ** 20;
/** So many batches are begun ahead of the one that is asked for, as long as they stay below so many bytes. */
const AHEAD = 6;
const AHEAD_BYTES = 128 * 2 ** 20;

export function createLoader(options: LoaderOptions): Loader {
  return new QueuedLoader(options);
}

class QueuedLoader implements Loader {
  private readonly stations: Station[];
  private readonly store: PixelStore;
  private readonly depth: number;
  private readonly queue: Promise<Tensors>[] = [];
  /** Of all batches that are not there yet. */
  private readonly rejections = new Set<(error: Error) => void>();
  private readonly loading = new Map<number, Promise<Uint8Array | RawImage>>();
  private readonly stop = new Int32Array(new SharedArrayBuffer(4));
  private index: number;
  private epoch = -1;
  private order: number[] = [];
  private ended: Error | null = null;

  constructor(private readonly options: LoaderOptions) {
    const { examples, design, batch, seed, from = 0, cacheBytes = CACHE_BYTES, threads = os.availableParallelism() >= 4 ? 2 : 1, signal } = options;
    if (examples.length === 0) throw new RangeError('a loader needs at least one example');
    const task = taskOf(design.task);
    const largest = examples.reduce((most, example) => Math.max(most, cachedBytes(cachedSize(example, design.inputSize), task.labelMap)), 0);
    const memory: StoreMemory = createStore(examples.length, largest, cacheBytes);
    this.store = new PixelStore(memory);
    const load = (index: number) => this.load(index);
    const born = { design, seed, store: memory, stop: this.stop.buffer as SharedArrayBuffer };
    this.stations = threads === 0 ? [new InProcessStation(born, load)] : Array.from({ length: threads }, () => new ThreadStation(born, load));
    const bytes = batch * design.inputSize.width * design.inputSize.height * 3;
    this.depth = Math.max(this.stations.length + 1, Math.min(AHEAD, Math.floor(AHEAD_BYTES / bytes)));
    this.index = from;
    signal?.addEventListener('abort', this.abort, { once: true });
    if (signal?.aborted) this.abort();
    this.fill();
  }

  async next(): Promise<Tensors> {
    if (this.ended) throw this.ended;
    this.fill();
    const feeds = await this.queue.shift()!;
    this.fill();
    return feeds;
  }

  async dispose(): Promise<void> {
    this.options.signal?.removeEventListener('abort', this.abort);
    this.end(new Error('the loader has been disposed of'));
    await Promise.all(this.stations.map((station) => station.end()));
  }

  private readonly abort = (): void => {
    const { reason } = this.options.signal!;
    this.end(reason instanceof Error ? reason : new Error(String(reason)));
  };

  private end(reason: Error): void {
    this.ended ??= reason;
    Atomics.store(this.stop, 0, 1);
    this.queue.length = 0;
    for (const reject of this.rejections) reject(this.ended);
  }

  private fill(): void {
    while (!this.ended && this.queue.length < this.depth) this.queue.push(this.begin(this.index++));
  }

  private begin(batch: number): Promise<Tensors> {
    const promise = new Promise<Tensors>((resolve, reject) => {
      this.rejections.add(reject);
      this.make(batch).then(resolve, reject).finally(() => this.rejections.delete(reject));
    });
    // A failure is reported to whoever takes the batch, not to the process.
    promise.catch(() => undefined);
    return promise;
  }

  private async make(batch: number): Promise<Tensors> {
    const recipe = await this.recipe(batch);
    // To the one that has least to do.
    const station = this.stations.reduce((best, one) => (one.busy < best.busy ? one : best));
    return station.make(recipe);
  }

  private async recipe(batch: number): Promise<Recipe> {
    const { examples, seed, augmentation } = this.options;
    const varied = augmentation?.(batch) ?? noAugmentation;
    const positions = new Map<number, number>();
    const members = Array.from({ length: this.options.batch }, (_, i) =>
      drawMembers(this.exampleAt(batch * this.options.batch + i), examples.length, varied, randomFor(seed, 'augment', batch, i)).map((example) => {
        if (!positions.has(example)) positions.set(example, positions.size);
        return positions.get(example)!;
      }));
    const ingredients = await Promise.all([...positions.keys()].map(async (index): Promise<Recipe['ingredients'][0]> => {
      const { id, width, height, labels, image } = examples[index]!;
      const ingredient = { index, id, width, height, labels };
      if ('path' in image) return { ...ingredient, path: image.path };
      // Fetched before the thread asks: this thread may not hear it for the length of a step.
      if (this.store.has(index)) return ingredient;
      return this.load(index).then((loaded) => ({ ...ingredient, loaded }), () => ingredient);
    }));
    return { batch, augmentation: varied, members, ingredients };
  }

  private exampleAt(position: number): number {
    const n = this.options.examples.length;
    const epoch = Math.floor(position / n);
    if (epoch !== this.epoch) {
      this.order = randomFor(this.options.seed, 'order', epoch).shuffle(Array.from({ length: n }, (_, i) => i));
      this.epoch = epoch;
    }
    return this.order[position % n]!;
  }

  /** The bytes of an example without a path; asked for once at a time. */
  private load(index: number): Promise<Uint8Array | RawImage> {
    let loading = this.loading.get(index);
    if (!loading) {
      const { image } = this.options.examples[index]!;
      if ('path' in image) return Promise.reject(new Error('an image with a path is read where it is needed'));
      loading = image.load().finally(() => this.loading.delete(index));
      this.loading.set(index, loading);
    }
    return loading;
  }
}
