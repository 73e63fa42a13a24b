/** Makes batches of images that are named one by one, in threads of their own; decoded, reduced images are kept in between. */
import os from 'node:os';
import type { RawImage } from '../../inference/types';
import type { ModelDesign } from '../../runtime/card';
import type { Tensors } from '../../runtime/engine';
import { taskOf } from '../../tasks';
import type { Example } from '../../tasks/types';
import { cachedBytes, cachedSize, type Drawn, type Recipe } from './makeBatch';
import { createStore, PixelStore } from './pixelStore';
import { InProcessStation, type Station, ThreadStation } from './stations';

export interface MakerOptions {
  /** Labels in pixels of the full image. */
  examples: readonly Example[];
  /** What is fed: `design.task` writes the targets. */
  design: ModelDesign;
  /** Bytes that decoded, reduced images may take. Default 512 MB. */
  cacheBytes?: number;
  /** Threads beside this one. 0: everything is done in this one. Default: 1, or 2 from four cores on. */
  threads?: number;
  /** What is being made is given up with its reason once it is aborted. */
  signal?: AbortSignal;
}

/** One image of a batch: numbers of examples (itself, or the four of a mosaic), how they vary, and the key of its random numbers. */
export interface Draw extends Omit<Drawn, 'members'> {
  examples: readonly number[];
}

export const CACHE_BYTES = 512 * 2 ** 20;

/** Bytes of the largest image as it is kept. */
const largestOf = ({ examples, design }: Pick<MakerOptions, 'examples' | 'design'>): number => {
  const { labelMap } = taskOf(design.task);
  return examples.reduce((most, example) => Math.max(most, cachedBytes(cachedSize(example, design.inputSize), labelMap)), 0);
};

/** Bytes that kept images take at most: of all of them, or the budget. */
export const keptBytes = (options: Pick<MakerOptions, 'examples' | 'design' | 'cacheBytes'>): number =>
  Math.min(options.cacheBytes ?? CACHE_BYTES, options.examples.length * largestOf(options));

export class BatchMaker {
  private readonly stations: Station[];
  private readonly store: PixelStore;
  /** Of all batches that are not there yet. */
  private readonly rejections = new Set<(error: Error) => void>();
  private readonly loading = new Map<number, Promise<Uint8Array | RawImage>>();
  private readonly stop = new Int32Array(new SharedArrayBuffer(4));
  private made = 0;
  private ended: Error | null = null;

  constructor(private readonly options: MakerOptions) {
    const { examples, design, cacheBytes = CACHE_BYTES, threads = os.availableParallelism() >= 4 ? 2 : 1, signal } = options;
    if (examples.length === 0) throw new RangeError('a loader needs at least one example');
    const memory = createStore(examples.length, largestOf(options), cacheBytes);
    this.store = new PixelStore(memory);
    const load = (index: number) => this.load(index);
    const born = { design, store: memory, stop: this.stop.buffer as SharedArrayBuffer };
    this.stations = threads === 0 ? [new InProcessStation(born, load)] : Array.from({ length: threads }, () => new ThreadStation(born, load));
    signal?.addEventListener('abort', this.abort, { once: true });
    if (signal?.aborted) this.abort();
  }

  /** Batches that are made at a time. */
  get width(): number {
    return this.stations.length;
  }

  /**
   * `image` uint8 `[batch, height, width, 3]` and the targets of the task, an image of each draw. Rejects with an Error that
   * names the image that cannot be read, and once the maker has ended.
   */
  make(draws: readonly Draw[]): Promise<Tensors> {
    const promise = new Promise<Tensors>((resolve, reject) => {
      if (this.ended) return reject(this.ended);
      this.rejections.add(reject);
      this.begin(this.made++, draws).then(resolve, reject).finally(() => this.rejections.delete(reject));
    });
    // A failure is reported to whoever takes the batch, not to the process.
    promise.catch(() => undefined);
    return promise;
  }

  /** Throws the reason once it has ended. */
  throwIfEnded(): void {
    if (this.ended) throw this.ended;
  }

  /** Ends the threads and gives the memory back. What is being made rejects. */
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
    for (const reject of this.rejections) reject(this.ended);
  }

  private async begin(batch: number, draws: readonly Draw[]): Promise<Tensors> {
    const recipe = await this.recipe(batch, draws);
    // To the one that has least to do.
    const station = this.stations.reduce((best, one) => (one.busy < best.busy ? one : best));
    return station.make(recipe);
  }

  private async recipe(batch: number, draws: readonly Draw[]): Promise<Recipe> {
    const positions = new Map<number, number>();
    const drawn = draws.map(({ examples, ...rest }) => ({
      ...rest,
      members: examples.map((example) => {
        if (!positions.has(example)) positions.set(example, positions.size);
        return positions.get(example)!;
      }),
    }));
    const ingredients = await Promise.all([...positions.keys()].map(async (index): Promise<Recipe['ingredients'][0]> => {
      const { id, width, height, labels, image } = this.options.examples[index]!;
      const ingredient = { index, id, width, height, labels };
      if ('path' in image) return { ...ingredient, path: image.path };
      // Fetched before the thread asks: this thread may not hear it for the length of a step.
      if (this.store.has(index)) return ingredient;
      return this.load(index).then((loaded) => ({ ...ingredient, loaded }), () => ingredient);
    }));
    return { batch, drawn, ingredients };
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
