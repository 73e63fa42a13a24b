/** One batch out of its recipe: images fetched or decoded, augmented, targets written. Runs in a thread or beside the step. */
import type { AugmentOptions } from '../../data/augment';
import { cachedSize } from '../../data/cachedSize';
import { labelMapOf } from '../../data/labelMap';
import { mapLabels } from '../../data/mapLabels';
import type { Size } from '../../data/letterbox';
import type { RgbImage } from '../../data/pixels';
import { planImage } from '../../data/plan';
import { renderImage, renderMap } from '../../data/render';
import type { ByteMap } from '../../data/resample';
import type { TypedArray } from '../../graph';
import type { ImageSource, RawImage } from '../../inference/types';
import type { ModelDesign } from '../../runtime/card';
import type { Tensors } from '../../runtime/engine';
import { randomFor } from '../../runtime/random';
import type { Label, Task } from '../../tasks/types';
import { decodeImage } from './decode';
import type { PixelStore, Slot } from './pixelStore';

export { cachedSize };

/** Bytes of a kept image: its pixels, and its label map where the task wants one. */
export const cachedBytes = ({ width, height }: Size, labelMap: boolean): number => width * height * (labelMap ? 4 : 3);

/** An example as a recipe names it. */
export interface Ingredient {
  /** Number of the example in the data. */
  index: number;
  id: string;
  width: number;
  height: number;
  labels: readonly Label[];
  /** A file, or bytes that were fetched when the recipe was written, or neither: they are asked for when needed. */
  path?: string;
  loaded?: Uint8Array | RawImage;
}

/** One image of a batch. */
export interface Drawn {
  /** Positions in the recipe's `ingredients`: itself, or the four of a mosaic. */
  members: readonly number[];
  augmentation: AugmentOptions;
  /** Of the random numbers by which it varies. */
  key: readonly (string | number)[];
}

/** Everything that a batch depends on besides the design and the pixels. */
export interface Recipe {
  batch: number;
  drawn: Drawn[];
  ingredients: Ingredient[];
}

export interface Kitchen {
  design: ModelDesign;
  task: Task;
  store: PixelStore;
  /** The bytes of an example without a path. */
  load: (index: number) => Promise<Uint8Array | RawImage>;
  /** Ends the work when it throws. */
  check: () => void;
}

/** A kept image, in a slot of the store or in memory of its own. */
interface Kept {
  image: RgbImage;
  map: ByteMap | null;
  slot: Slot | null;
}

function parts(bytes: Uint8Array, { width, height }: Size, labelMap: boolean): Pick<Kept, 'image' | 'map'> {
  const pixels = width * height;
  return {
    image: { data: bytes.subarray(0, pixels * 3), width, height },
    map: labelMap ? { data: bytes.subarray(pixels * 3, pixels * 4), width, height } : null,
  };
}

async function keep({ design, task, store, load, check }: Kitchen, ingredient: Ingredient): Promise<Kept> {
  const { index, id, labels, path, loaded } = ingredient;
  const size = cachedSize(ingredient, design.inputSize);
  const found = store.acquire(index);
  if (found) return { ...parts(found.bytes, size, task.labelMap), slot: found };
  check();
  let pixels: RgbImage;
  try {
    const source: ImageSource = path === undefined ? { load: async () => loaded ?? (await load(index)) } : { path };
    pixels = await decodeImage(source, size);
  } catch (error) {
    throw new Error(`image ${id} cannot be read: ${(error as Error).message}`, { cause: error });
  }
  const slot = store.reserve();
  try {
    const kept = { ...parts(slot?.bytes ?? new Uint8Array(cachedBytes(size, task.labelMap)), size, task.labelMap), slot };
    kept.image.data.set(pixels.data);
    if (kept.map) kept.map.data.set(labelMapOf(labels, design.classes, ingredient, size).data);
    if (slot) store.publish(slot, index);
    return kept;
  } catch (error) {
    if (slot) store.release(slot);
    throw new Error(`the labels of image ${id} cannot be drawn: ${(error as Error).message}`, { cause: error });
  }
}

export async function makeBatch(kitchen: Kitchen, { drawn, ingredients }: Recipe): Promise<Tensors> {
  const { design, task, store, check } = kitchen;
  const { inputSize: input, classes, normalisation: { fill } } = design;
  const pixels = input.width * input.height;
  const image = new Uint8Array(drawn.length * pixels * 3);
  const feeds: Tensors = { image: { dtype: 'uint8', shape: [drawn.length, input.height, input.width, 3], data: image } };
  const arrays: Record<string, TypedArray> = {};
  for (const [name, { shape, dtype }] of Object.entries(task.targets(design, drawn.length))) {
    const length = shape.reduce((a, b) => a * b, 1);
    const data = dtype === 'int32' ? new Int32Array(length) : new Float32Array(length);
    arrays[name] = data;
    feeds[name] = { dtype, shape, data };
  }

  // All are awaited even when one fails, so that no slot stays pinned.
  const settled = await Promise.allSettled(ingredients.map((ingredient) => keep(kitchen, ingredient)));
  try {
    const kept = settled.map((result) => {
      if (result.status === 'rejected') throw result.reason;
      return result.value;
    });
    const map = task.labelMap ? { data: new Uint8Array(pixels), ...input } : null;
    drawn.forEach(({ members, augmentation, key }, i) => {
      check();
      const sources = members.map((k) => ({ ...kept[k]!, example: ingredients[k]! }));
      const plan = planImage(sources.map(({ example: { width, height } }) => ({ width, height })), input, augmentation, randomFor(...key));
      renderImage({ data: image.subarray(i * pixels * 3, (i + 1) * pixels * 3), ...input }, plan, sources.map((source) => source.image), fill);
      if (map) renderMap(map, plan, sources.map((source) => source.map!));
      const labels = sources.flatMap(({ example }, k) => mapLabels(example.labels, plan.pieces[k]!, classes));
      try {
        task.writeTargets(design, arrays, i, { ...input, labels, labelMap: map?.data ?? null });
      } catch (error) {
        throw new Error(`the targets of image ${sources[0]!.example.id} cannot be written: ${(error as Error).message}`, { cause: error });
      }
    });
  } finally {
    for (const result of settled) if (result.status === 'fulfilled' && result.value.slot) store.release(result.value.slot);
  }
  return feeds;
}

