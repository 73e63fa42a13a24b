/** The first operations of a network: 8-bit pixels to numbers around zero. */
import { type Graph, ops, type Value } from '../graph';
import { type ModelCard } from '../runtime/card';

/** (value − mean) / deviation per channel; `image` uint8 `[batch, height, width, 3]`. */
export function normalise(graph: Graph, image: Value, { mean, deviation }: Pick<ModelCard['normalisation'], 'mean' | 'deviation'>): Value {
  const channels = (of: (i: number) => number) => graph.constant(Float32Array.from({ length: 3 }, (_, i) => of(i)), [1, 1, 1, 3]);
  return ops.add(ops.mul(ops.cast(image, 'float32'), channels((i) => 1 / deviation[i]!)), channels((i) => -mean[i]! / deviation[i]!));
}
