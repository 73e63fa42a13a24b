/** Touching objects of one class, taken apart where they are narrow. */
import { masksByValue } from '@/lib/core/formats/masks/pixels';
import { connectedComponents, maskArea, maskToBitmap, translateMask, type Mask } from '@/lib/core/masks';

/** Steps of distance by which pixels are sorted. */
const STEPS = 8;

/**
 * Squared distance of each set pixel's centre to the nearest centre of a pixel that is not set (Felzenszwalb & Huttenlocher 2012:
 * the lower envelope of parabolas, along columns and then along rows). Beyond the bitmap nothing is set.
 */
export function squaredDistances(bitmap: Uint8Array, width: number, height: number): Float64Array {
  const far = (width + height + 2) ** 2;
  const squared = Float64Array.from(bitmap, (set) => (set ? far : 0));
  const longest = Math.max(width, height) + 2;
  const line = new Float64Array(longest);
  const vertices = new Int32Array(longest);
  const bounds = new Float64Array(longest + 1);
  const along = (start: number, step: number, n: number) => {
    // The line with a pixel that is not set at either end.
    line[0] = line[n + 1] = 0;
    for (let i = 0; i < n; i++) line[i + 1] = squared[start + i * step]!;
    let k = 0;
    vertices[0] = 0;
    bounds[0] = -Infinity;
    bounds[1] = Infinity;
    for (let q = 1; q < n + 2; q++) {
      let cross: number;
      for (;;) {
        const v = vertices[k]!;
        cross = (line[q]! + q * q - line[v]! - v * v) / (2 * (q - v));
        if (cross > bounds[k]!) break;
        k--;
      }
      vertices[++k] = q;
      bounds[k] = cross;
      bounds[k + 1] = Infinity;
    }
    k = 0;
    for (let q = 1; q <= n; q++) {
      while (bounds[k + 1]! < q) k++;
      squared[start + (q - 1) * step] = (q - vertices[k]!) ** 2 + line[vertices[k]!]!;
    }
  };
  for (let x = 0; x < width; x++) along(x, width, height);
  for (let y = 0; y < height; y++) along(y * width, 1, width);
  return squared;
}

/** Positions of the set pixels by falling distance: a counting sort, of equals the earlier pixel first. */
function byFallingDistance(distances: Float64Array): Uint32Array {
  const stepOf = (i: number) => Math.ceil(distances[i]! * STEPS);
  let last = 0;
  let count = 0;
  for (let i = 0; i < distances.length; i++) {
    if (distances[i]! === 0) continue;
    last = Math.max(last, stepOf(i));
    count++;
  }
  const starts = new Uint32Array(last + 2);
  for (let i = 0; i < distances.length; i++) if (distances[i]! > 0) starts[last - stepOf(i) + 1]!++;
  for (let step = 1; step < starts.length; step++) starts[step]! += starts[step - 1]!;
  const order = new Uint32Array(count);
  for (let i = 0; i < distances.length; i++) if (distances[i]! > 0) order[starts[last - stepOf(i)]!++] = i;
  return order;
}

/**
 * The parts of a mask that hang together by necks narrower than `neck` times the radius of the smaller part (0: none; 1:
 * wherever there are two middles), in reading order: a watershed of the distance to the edge, its basins joined unless the
 * saddle between them lies deep enough. Parts share no pixel and make up the mask.
 */
export function separate(mask: Mask, neck: number): Mask[] {
  // With a pixel of nothing all around, every pixel has eight neighbours.
  const [width, height] = [mask.width + 2, mask.height + 2];
  const distances = squaredDistances(maskToBitmap(mask, { x: mask.x - 1, y: mask.y - 1, width, height }), width, height);
  for (let i = 0; i < distances.length; i++) distances[i] = Math.sqrt(distances[i]!);
  const parent: number[] = [];
  const peak: number[] = [];
  const find = (i: number): number => {
    while (parent[i] !== i) i = parent[i] = parent[parent[i]!]!;
    return i;
  };
  /** Number of the basin of each pixel, from 1. */
  const basin = new Uint32Array(width * height);
  const around = Int32Array.of(-width - 1, -width, -width + 1, -1, 1, width - 1, width, width + 1);
  for (const i of byFallingDistance(distances)) {
    const distance = distances[i]!;
    // The basin of the neighbour farthest from the edge takes the pixel.
    let own = 0;
    let highest = -1;
    let several = false;
    for (let k = 0; k < 8; k++) {
      const at = i + around[k]!;
      const other = basin[at]!;
      if (other === 0) continue;
      if (own !== 0 && other !== own) several = true;
      if (distances[at]! > highest) [own, highest] = [other, distances[at]!];
    }
    if (own === 0) {
      own = parent.push(parent.length);
      peak.push(distance);
    }
    basin[i] = own;
    if (!several) continue;
    for (let k = 0; k < 8; k++) {
      const other = basin[i + around[k]!]!;
      if (other === 0) continue;
      const [a, b] = [find(own - 1), find(other - 1)];
      if (a === b) continue;
      const [lower, higher] = peak[a]! < peak[b]! ? [a, b] : [b, a];
      if (distance >= neck * peak[lower]!) parent[lower] = higher;
    }
  }
  const numbers = new Map<number, number>();
  const values = new Uint16Array(basin.length);
  for (let i = 0; i < basin.length; i++) {
    if (basin[i] === 0) continue;
    const root = find(basin[i]! - 1);
    let number = numbers.get(root);
    if (number === undefined) numbers.set(root, (number = numbers.size + 1));
    values[i] = number;
  }
  if (numbers.size <= 1 || numbers.size > 65_535) return [mask];
  const parts = masksByValue({ width, height, values });
  parts.delete(0);
  return [...parts.values()].map((part) => translateMask(part, mask.x - 1, mask.y - 1));
}

/** The objects of a class: connected parts (8 neighbours), taken apart at their necks where `neck` is above 0. */
export const objectsIn = (mask: Mask, neck: number): Mask[] => connectedComponents(mask).flatMap((part) => (neck > 0 && maskArea(part) > 1 ? separate(part, neck) : [part]));
