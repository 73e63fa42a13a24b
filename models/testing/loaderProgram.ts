/** For tests: a program that makes batches in a thread, bundled as the product is. Prints a digest of each batch. */
import { createHash } from 'node:crypto';
import { defaultAugmentation } from '../data/augment';
import { createLoader } from '../node/data/loader';
import type { ModelDesign } from '../runtime/card';
import type { Tensors } from '../runtime/engine';
import { drawnExamples, SHAPE_CLASSES } from './shapes';

export const smallDesign: ModelDesign = {
  task: 'detect', classes: SHAPE_CLASSES, architecture: { backbone: 'compact', head: 'yolo' }, inputSize: { width: 64, height: 64 },
  normalisation: { resize: 'letterbox', fill: 114, mean: [127.5, 127.5, 127.5], deviation: [64, 64, 64] },
  head: { scales: [{ stride: 8, anchors: [{ w: 12, h: 12 }] }, { stride: 16, anchors: [{ w: 24, h: 24 }] }], meanBestIou: null },
};

export function digest(feeds: Tensors): string {
  const hash = createHash('sha256');
  for (const [name, { dtype, shape, data }] of Object.entries(feeds)) hash.update(`${name} ${dtype} ${shape.join()}`).update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  return hash.digest('hex');
}

/** Digests of the first three batches. */
export async function threeBatches(threads: number): Promise<string[]> {
  const loader = createLoader({ examples: drawnExamples(6, 2), design: smallDesign, batch: 4, seed: 8, threads, augmentation: () => defaultAugmentation });
  try {
    return [digest(await loader.next()), digest(await loader.next()), digest(await loader.next())];
  } finally {
    await loader.dispose();
  }
}

const threads = process.argv[2];
if (process.env.FIELDMARK_LOADER_PROGRAM && threads) process.stdout.write(JSON.stringify(await threeBatches(Number(threads))));
