/**
 * Training batches, prepared ahead of the step: images decoded, reduced, augmented, and the task's targets written, in
 * threads of their own. Batch k is a function of the seed, the data and k alone, however many threads make it.
 */
import type { AugmentOptions } from '../../data/augment';
import { noAugmentation } from '../../data/augment';
import { drawMembers } from '../../data/plan';
import type { ModelDesign } from '../../runtime/card';
import type { Tensors } from '../../runtime/engine';
import { randomFor } from '../../runtime/random';
import { BatchMaker, type Draw, type MakerOptions } from './maker';

export interface OrderOptions {
  /** Images per batch. */
  batch: number;
  seed: number;
  /** How the images of batch k vary; asked when batch k is begun, some batches ahead. Default: not at all. */
  augmentation?: (batch: number) => AugmentOptions;
  /** Number of the first batch. Default 0. */
  from?: number;
}

export interface LoaderOptions extends MakerOptions, OrderOptions {
  /** Of the same examples and design: makes the batches, and outlives the loader. Default: one of the loader's own. */
  maker?: BatchMaker;
}

export interface Loader {
  /**
   * The next batch: `image` uint8 `[batch, height, width, 3]` and the targets of the task. Every batch is full: the order of
   * one pass over the examples is followed by that of the next. Rejects with an Error that names the image that cannot be read.
   */
  next(): Promise<Tensors>;
  /** Ends the threads of its own and gives the memory back. A `next` that waits rejects then. */
  dispose(): Promise<void>;
}

/** So many batches are begun ahead of the one that is asked for, as long as they stay below so many bytes. */
const AHEAD = 6;
const AHEAD_BYTES = 128 * 2 ** 20;

/** Batches that wait for their step, where so many threads make them. */
export function aheadOf({ inputSize: { width, height } }: ModelDesign, batch: number, threads: number): number {
  return Math.max(threads + 1, Math.min(AHEAD, Math.floor(AHEAD_BYTES / (batch * width * height * 3))));
}

export function createLoader(options: LoaderOptions): Loader {
  return new QueuedLoader(options);
}

/** Which example is shown where: each once a pass, in an order of that pass's own. */
export class Order {
  private pass = -1;
  private order: number[] = [];

  constructor(private readonly seed: number, private readonly examples: number) {}

  at(position: number): { example: number; pass: number } {
    const pass = Math.floor(position / this.examples);
    if (pass !== this.pass) {
      this.order = randomFor(this.seed, 'order', pass).shuffle(Array.from({ length: this.examples }, (_, i) => i));
      this.pass = pass;
    }
    return { example: this.order[position % this.examples]!, pass };
  }
}

class QueuedLoader implements Loader {
  private readonly maker: BatchMaker;
  private readonly depth: number;
  private readonly order: Order;
  private readonly queue: Promise<Tensors>[] = [];
  private index: number;

  constructor(private readonly options: LoaderOptions) {
    const { examples, design, batch, seed, from = 0, maker = new BatchMaker(options) } = options;
    this.maker = maker;
    this.depth = aheadOf(design, batch, maker.width);
    this.order = new Order(seed, examples.length);
    this.index = from;
    this.fill();
  }

  async next(): Promise<Tensors> {
    this.maker.throwIfEnded();
    this.fill();
    const feeds = await this.queue.shift()!;
    this.fill();
    return feeds;
  }

  async dispose(): Promise<void> {
    if (!this.options.maker) await this.maker.dispose();
  }

  private fill(): void {
    while (this.queue.length < this.depth) this.queue.push(this.maker.make(this.draws(this.index++)));
  }

  private draws(k: number): Draw[] {
    const { examples, batch, seed, augmentation } = this.options;
    const varied = augmentation?.(k) ?? noAugmentation;
    return Array.from({ length: batch }, (_, i) => {
      const key = [seed, 'augment', k, i];
      return { examples: drawMembers(this.order.at(k * batch + i).example, examples.length, varied, randomFor(...key)), augmentation: varied, key };
    });
  }
}
