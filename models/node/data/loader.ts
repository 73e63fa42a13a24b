/**
 * Training batches, prepared ahead of the step: images decoded, reduced, augmented, and the task's targets written.
 * Batch k is a function of the seed, the data and k alone, however many threads make it.
 */
import { boxesOfTile, noAugmentation, planImage, type AugmentOptions } from '../../data/augment';
import { letterbox, type Size } from '../../data/letterbox';
import { type RgbImage } from '../../data/pixels';
import { type TypedArray } from '../../graph';
import { type Tensors } from '../../runtime/engine';
import { type ModelDesign } from '../../runtime/card';
import { type Random, randomFor } from '../../runtime/random';
import { taskOf } from '../../tasks';
import { type Example, type Label } from '../../tasks/types';
import { decodeImage } from './decode';
import { ImageCache } from './imageCache';
import { renderTiles } from './render';

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
  /** Threads beside this one; 0: everything is done in this one. */
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

/** Images are kept a little larger than the network sees them, for enlargement without loss. */
const CACHED_AT = 1.25;
const AHEAD = 3;

export function createLoader(options: LoaderOptions): Loader {
  return new InProcessLoader(options);
}

class InProcessLoader implements Loader {
  private readonly sizes: Size[];
  private readonly cache: ImageCache;
  private readonly ahead: Promise<Tensors>[] = [];
  private index: number;
  private epoch = -1;
  private order: number[] = [];

  constructor(private readonly options: LoaderOptions) {
    const { width, height } = options.design.inputSize;
    const room = { width: Math.round(width * CACHED_AT), height: Math.round(height * CACHED_AT) };
    this.sizes = options.examples.map((example) => {
      const fitted = letterbox(example, room);
      return fitted.width > example.width ? { width: example.width, height: example.height } : { width: fitted.width, height: fitted.height };
    });
    this.cache = new ImageCache(options.cacheBytes ?? 512 * 2 ** 20);
    this.index = options.from ?? 0;
  }

  async next(): Promise<Tensors> {
    this.options.signal?.throwIfAborted();
    this.fill();
    const batch = await this.ahead.shift()!;
    this.options.signal?.throwIfAborted();
    this.fill();
    return batch;
  }

  async dispose(): Promise<void> {
    await Promise.allSettled(this.ahead.splice(0));
  }

  private fill(): void {
    while (this.ahead.length < AHEAD) {
      const made = this.make(this.index++);
      // A failure is reported to whoever takes the batch, not to the process.
      made.catch(() => undefined);
      this.ahead.push(made);
    }
  }

  private async make(step: number): Promise<Tensors> {
    const { design, batch, seed, augmentation } = this.options;
    const { width, height } = design.inputSize;
    const task = taskOf(design.task);
    const image = new Uint8Array(batch * height * width * 3);
    const specs = task.targets(design, batch);
    const arrays: Record<string, TypedArray> = {};
    for (const [name, { shape, dtype }] of Object.entries(specs)) {
      const length = shape.reduce((a, b) => a * b, 1);
      arrays[name] = dtype === 'int32' ? new Int32Array(length) : new Float32Array(length);
    }
    const varied = augmentation?.(step) ?? noAugmentation;
    const indices = Array.from({ length: batch }, (_, i) => this.exampleAt(step * batch + i));
    await Promise.all(indices.map(async (example, i) => {
      const target = { data: image.subarray(i * height * width * 3, (i + 1) * height * width * 3), width, height };
      const labels = await this.draw(example, target, varied, randomFor(seed, 'augment', step, i));
      task.writeTargets(design, arrays, i, { width, height, labels, labelMap: null });
    }));
    const feeds: Tensors = { image: { dtype: 'uint8', shape: [batch, height, width, 3], data: image } };
    for (const [name, { shape, dtype }] of Object.entries(specs)) feeds[name] = { dtype, shape, data: arrays[name]! };
    return feeds;
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

  private async draw(example: number, target: RgbImage, options: AugmentOptions, random: Random): Promise<Label[]> {
    const { examples, design } = this.options;
    const tiles = planImage(example, this.sizes, design.inputSize, options, random, () => random.below(examples.length));
    const images = await Promise.all(tiles.map((tile) => this.cached(tile.example)));
    await renderTiles(target, tiles, images, design.normalisation.fill);
    return tiles.flatMap((tile) => {
      const { labels, ...full } = examples[tile.example]!;
      return labels.flatMap((label): Label[] => (label.kind === 'box' ? boxesOfTile([label], full, this.sizes[tile.example]!, tile) : label.kind === 'class' ? [label] : []));
    });
  }

  private cached(index: number): Promise<RgbImage> {
    const example = this.options.examples[index]!;
    return this.cache.get(String(index), async () => {
      try {
        return await decodeImage(example.image, this.sizes[index]!);
      } catch (error) {
        throw new Error(`image ${example.id} cannot be read: ${(error as Error).message}`, { cause: error });
      }
    });
  }
}
