/** Training batches of detection images, prepared ahead of the step. Batch k is a function of the seed and of k alone. */
import { boxesOfTile, planImage, type AugmentOptions } from '../../data/augment';
import { letterbox, type Size } from '../../data/letterbox';
import { type RgbImage } from '../../data/pixels';
import { assign, targetShape, writeTargets, type TargetBox, type YoloLayout } from '../../heads/yolo';
import { type ImageSource } from '../../inference/types';
import { float32, type Tensors } from '../../runtime/engine';
import { type Random, randomFor } from '../../runtime/random';
import { decodeImage } from './decode';
import { type ImageCache } from './imageCache';
import { renderTiles } from './render';

export interface TrainingImage {
  id: string;
  image: ImageSource;
  /** Full resolution. */
  width: number;
  height: number;
  /** In pixels of the full resolution. */
  boxes: readonly TargetBox[];
}

export interface BatchSpec {
  examples: readonly TrainingImage[];
  layout: YoloLayout;
  batch: number;
  seed: number;
  /** Colour of what no image covers. */
  fill: number;
  /** Share of the run done at a step, so that augmentation can calm down towards the end. */
  augmentation: (step: number) => AugmentOptions;
  cache: ImageCache;
}

export interface Batch {
  /** `image` uint8 `[batch, height, width, 3]` and `target0` … for each scale. */
  feeds: Tensors;
  /** Objects for which the grid had no slot. */
  dropped: number;
}

/** Images are kept a little larger than the network sees them, for enlargement without loss. */
const CACHED_AT = 1.25;

export class BatchMaker {
  private readonly sizes: Size[];
  private epoch = -1;
  private order: number[] = [];

  constructor(private readonly spec: BatchSpec) {
    const { width, height } = spec.layout.inputSize;
    const room = { width: Math.round(width * CACHED_AT), height: Math.round(height * CACHED_AT) };
    this.sizes = spec.examples.map((example) => {
      const fitted = letterbox(example, room);
      return fitted.width > example.width ? { width: example.width, height: example.height } : { width: fitted.width, height: fitted.height };
    });
  }

  /** The batch of a step (from 0). Every batch is full: the order of an epoch is followed by that of the next. */
  async make(step: number): Promise<Batch> {
    const { layout, batch } = this.spec;
    const { width, height } = layout.inputSize;
    const image = new Uint8Array(batch * height * width * 3);
    const targets = layout.scales.map((_, s) => new Float32Array(targetShape(layout, s, batch).reduce((a, b) => a * b, 1)));
    const indices = Array.from({ length: batch }, (_, i) => this.exampleAt(step * batch + i));
    const dropped = await Promise.all(indices.map(async (example, i) => {
      const random = randomFor(this.spec.seed, 'augment', step, i);
      const target = { data: image.subarray(i * height * width * 3, (i + 1) * height * width * 3), width, height };
      const objects = await this.draw(example, target, this.spec.augmentation(step), random);
      const { assignments, dropped: lost } = assign(objects, layout, { neighbours: true });
      writeTargets(targets, i, assignments, objects, layout);
      return lost;
    }));
    const feeds: Tensors = { image: { dtype: 'uint8', shape: [batch, height, width, 3], data: image } };
    targets.forEach((data, s) => {
      feeds[`target${s}`] = float32(data, targetShape(layout, s, batch));
    });
    return { feeds, dropped: dropped.reduce((a, b) => a + b, 0) };
  }

  private exampleAt(position: number): number {
    const n = this.spec.examples.length;
    const epoch = Math.floor(position / n);
    if (epoch !== this.epoch) {
      this.order = randomFor(this.spec.seed, 'order', epoch).shuffle(Array.from({ length: n }, (_, i) => i));
      this.epoch = epoch;
    }
    return this.order[position % n]!;
  }

  private async draw(example: number, target: RgbImage, options: AugmentOptions, random: Random): Promise<TargetBox[]> {
    const { examples, layout, fill } = this.spec;
    const tiles = planImage(example, this.sizes, layout.inputSize, options, random, () => random.below(examples.length));
    const images = await Promise.all(tiles.map((tile) => this.cached(tile.example)));
    await renderTiles(target, tiles, images, fill);
    return tiles.flatMap((tile) => boxesOfTile(examples[tile.example]!.boxes, examples[tile.example]!, this.sizes[tile.example]!, tile));
  }

  private cached(index: number): Promise<RgbImage> {
    const example = this.spec.examples[index]!;
    return this.spec.cache.get(`train:${index}`, async () => {
      try {
        return await decodeImage(example.image, this.sizes[index]!);
      } catch (error) {
        throw new Error(`image ${example.id} cannot be read: ${(error as Error).message}`, { cause: error });
      }
    });
  }
}

/** Keeps the next few results of a numbered series in the making. */
export class Prefetcher<T> {
  private readonly ahead: Promise<T>[] = [];

  constructor(private readonly make: (index: number) => Promise<T>, private index: number, private readonly end: () => number, private readonly depth = 3) {}

  /** The next result; what follows is started. */
  next(): Promise<T> {
    this.fill();
    const first = this.ahead.shift();
    if (!first) throw new Error('the series has ended');
    this.fill();
    return first;
  }

  private fill(): void {
    while (this.ahead.length < this.depth && this.index < this.end()) {
      const made = this.make(this.index++);
      // A failure is reported to whoever takes the result, not to the process.
      made.catch(() => undefined);
      this.ahead.push(made);
    }
  }
}
