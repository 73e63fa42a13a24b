/** For tests: designs of classifiers and localizers, and images of one drawn shape each. */
import { type ModelDesign, type TaskName } from '../runtime/card';
import { randomFor } from '../runtime/random';
import { type BoxLabel, type Example } from '../tasks/types';
import { SHAPE_CLASSES } from './shapes';

export function designOf<Head>(task: TaskName, head: Head, { classes = SHAPE_CLASSES, size = 64, backbone = 'compact' } = {}): ModelDesign<Head> {
  return {
    task, classes, head, architecture: { backbone, head: task }, inputSize: { width: size, height: size },
    normalisation: { resize: 'letterbox', fill: 114, mean: [127.5, 127.5, 127.5], deviation: [64, 64, 64] },
  };
}

export interface DrawnShape {
  id: string;
  pixels: Uint8Array;
  box: BoxLabel;
}

/** A bright square or a dark disc somewhere on noise, by turns. */
export function drawnShapes(count: number, seed: number, size = 64): DrawnShape[] {
  return Array.from({ length: count }, (_, n) => {
    const random = randomFor('one shape', seed, n);
    const pixels = new Uint8Array(size * size * 3);
    for (let i = 0; i < pixels.length; i++) pixels[i] = 110 + random.below(30);
    const side = Math.round(size * random.between(0.25, 0.5));
    const [x0, y0] = [random.below(size - side), random.below(size - side)];
    const square = n % 2 === 0;
    for (let y = 0; y < side; y++) for (let x = 0; x < side; x++) {
      if (!square && (x + 0.5 - side / 2) ** 2 + (y + 0.5 - side / 2) ** 2 > (side / 2) ** 2) continue;
      const at = ((y0 + y) * size + x0 + x) * 3;
      pixels.fill(square ? 235 : 20, at, at + 3);
    }
    return { id: `shape-${seed}-${n}`, pixels, box: { kind: 'box', classId: square ? 'square' : 'disc', x0, y0, x1: x0 + side, y1: y0 + side } };
  });
}

export const exampleOf = ({ id, pixels, box }: DrawnShape, as: 'box' | 'class', size = 64): Example => ({
  id, image: { load: async () => ({ data: pixels, width: size, height: size, channels: 3 as const }) }, width: size, height: size,
  labels: as === 'box' ? [box] : [{ kind: 'class', classId: box.classId }],
});
