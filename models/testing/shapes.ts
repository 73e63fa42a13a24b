/** For tests: drawn images of bright squares and dark discs on noise, which a detector learns within seconds. */
import { type Example } from '../tasks/types';
import { randomFor } from '../runtime/random';

export const SHAPE_CLASSES = [{ id: 'square', name: 'Square' }, { id: 'disc', name: 'Disc' }];

/** `count` examples of the size, with one to four objects each; a function of the seed. */
export function drawnExamples(count: number, seed: number, size = { width: 96, height: 96 }): Example[] {
  return Array.from({ length: count }, (_, n) => {
    const random = randomFor('shapes', seed, n);
    const { width, height } = size;
    const data = new Uint8Array(width * height * 3);
    for (let i = 0; i < data.length; i++) data[i] = 110 + random.below(30);
    const boxes = Array.from({ length: 1 + random.below(3) }, (_unused, i) => {
      const side = 16 + random.below(16);
      // Objects stand in quarters of the image of their own.
      const x0 = (i % 2) * (width / 2) + random.below(width / 2 - side);
      const y0 = Math.floor(i / 2) * (height / 2) + random.below(height / 2 - side);
      const square = random.next() < 0.5;
      for (let y = 0; y < side; y++) for (let x = 0; x < side; x++) {
        if (!square && (x + 0.5 - side / 2) ** 2 + (y + 0.5 - side / 2) ** 2 > (side / 2) ** 2) continue;
        data.fill(square ? 235 : 20, ((y0 + y) * width + x0 + x) * 3, ((y0 + y) * width + x0 + x) * 3 + 3);
      }
      return { kind: 'box' as const, classId: square ? 'square' : 'disc', x0, y0, x1: x0 + side, y1: y0 + side };
    });
    return { id: `drawn-${seed}-${n}`, image: { load: async () => ({ data, width, height, channels: 3 as const }) }, width, height, labels: boxes };
  });
}
