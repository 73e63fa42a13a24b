/** Resizing as TensorFlow does it, out of primitives that have gradients. */
import { ops, type Graph, type Value } from '../../../graph';

export interface ResizeOptions {
  alignCorners: boolean;
  halfPixelCenters: boolean;
}

/** Where pixel `i` of the result lies in the source. */
function sourceOf(i: number, from: number, to: number, { alignCorners, halfPixelCenters }: ResizeOptions): number {
  if (alignCorners) return to > 1 ? (i * (from - 1)) / (to - 1) : 0;
  return halfPixelCenters ? ((i + 0.5) * from) / to - 0.5 : (i * from) / to;
}

/** The matrix [to, from] that interpolates linearly along one axis. */
export function linearMatrix(from: number, to: number, options: ResizeOptions): Float32Array {
  const matrix = new Float32Array(to * from);
  for (let i = 0; i < to; i++) {
    const at = Math.min(from - 1, Math.max(0, sourceOf(i, from, to, options)));
    const low = Math.floor(at);
    const high = Math.min(from - 1, low + 1);
    matrix[i * from + low]! += 1 - (at - low);
    matrix[i * from + high]! += at - low;
  }
  return matrix;
}

/** matrix · x along one axis of space (1 or 2) of `[batch, height, width, channels]`. */
function interpolate(x: Value, axis: 1 | 2, to: number, options: ResizeOptions): Value {
  const from = x.shape[axis]!;
  if (from === to) return x;
  const matrix = (x.graph as Graph).constant(linearMatrix(from, to, options), [to, from]);
  const front = [axis, ...[0, 1, 2, 3].filter((i) => i !== axis)];
  const rows = ops.transpose(x, front);
  const product = ops.matmul(matrix, ops.reshape(rows, [from, rows.shape.slice(1).reduce((a, b) => a * b, 1)]));
  const back = front.map((_, i) => front.indexOf(i));
  return ops.transpose(ops.reshape(product, [to, ...rows.shape.slice(1)]), back);
}

/**
 * Bilinear. Doubling, which is what decoders do, is written as pixels repeated and then averaged with their neighbours:
 * the same numbers, and no matrix.
 */
export function resizeBilinear(x: Value, [height, width]: readonly [number, number], options: ResizeOptions): Value {
  if (height === 2 * x.shape[1]! && width === 2 * x.shape[2]! && !options.alignCorners) {
    const twice = ops.resizeNearest(x, [2, 2]);
    const neighbours = { size: [2, 2], strides: [1, 1] };
    if (!options.halfPixelCenters) return ops.avgPool(twice, { ...neighbours, pads: [0, 0, 1, 1] });
    return ops.avgPool(ops.avgPool(twice, { ...neighbours, pads: [1, 1, 1, 1] }), { ...neighbours, pads: [0, 0, 0, 0] });
  }
  return interpolate(interpolate(x, 1, height, options), 2, width, options);
}

/** Nearest neighbour: the pixel below, as TensorFlow takes it; the nearest, where corners are aligned. */
export function resizeNearest(x: Value, [height, width]: readonly [number, number], { alignCorners, halfPixelCenters }: ResizeOptions): Value {
  const [h, w] = [x.shape[1]!, x.shape[2]!];
  if (height % h === 0 && width % w === 0 && !alignCorners) return ops.resizeNearest(x, [height / h, width / w]);
  const rows = (from: number, to: number) => {
    const at = (i: number) => {
      if (alignCorners) return Math.round(sourceOf(i, from, to, { alignCorners, halfPixelCenters }));
      return Math.floor(((i + (halfPixelCenters ? 0.5 : 0)) * from) / to);
    };
    return (x.graph as Graph).constant(Int32Array.from({ length: to }, (_, i) => Math.min(from - 1, at(i))), [to]);
  };
  return ops.gather(ops.gather(x, rows(h, height), 1), rows(w, width), 2);
}
