/** For tests: the drawn squares and discs of `shapes.ts` with masks instead of boxes, and faces with landmarks. */
import { maskFromBitmap } from '@/lib/core/masks';
import { randomFor } from '../runtime/random';
import { type Example, type LandmarksLabel, type MaskLabel, type TaskClass } from '../tasks/types';
import { drawnExamples } from './shapes';

export interface Drawn extends Example {
  /** `height · width · 3` bytes. */
  pixels: Uint8Array;
}

/** Squares and discs, one mask each. See `drawnExamples`. */
export async function drawnMasks(count: number, seed: number, size = { width: 96, height: 96 }): Promise<Drawn[]> {
  return Promise.all(drawnExamples(count, seed, size).map(async (example): Promise<Drawn> => {
    const source = example.image as { load: () => Promise<{ data: Uint8Array }> };
    const labels = example.labels.flatMap((label): MaskLabel[] => {
      if (label.kind !== 'box') return [];
      const side = label.x1 - label.x0;
      const inside = (x: number, y: number) => label.classId === 'square' || (x + 0.5 - side / 2) ** 2 + (y + 0.5 - side / 2) ** 2 <= (side / 2) ** 2;
      const bitmap = Uint8Array.from({ length: side * side }, (_, i) => (inside(i % side, Math.floor(i / side)) ? 1 : 0));
      return [{ kind: 'mask', classId: label.classId, mask: maskFromBitmap(bitmap, side, side, { x: label.x0, y: label.y0 }) }];
    });
    return { ...example, labels, pixels: (await source.load()).data };
  }));
}

export const FACE: TaskClass = { id: 'face', name: 'Face', points: ['left eye', 'right eye', 'mouth'], swaps: [[0, 1]] };

/** Bright discs with two dark eyes, the left one larger, and a mouth: one face an image. Every seventh image has none. */
export function drawnFaces(count: number, seed: number, size = { width: 64, height: 64 }): Drawn[] {
  return Array.from({ length: count }, (_, n): Drawn => {
    const random = randomFor('faces', seed, n);
    const { width, height } = size;
    const pixels = Uint8Array.from({ length: width * height * 3 }, () => 70 + random.below(20));
    const disc = (cx: number, cy: number, r: number, value: number) => {
      for (let y = Math.max(0, Math.floor(cy - r)); y < Math.min(height, cy + r); y++) for (let x = Math.max(0, Math.floor(cx - r)); x < Math.min(width, cx + r); x++) {
        if ((x + 0.5 - cx) ** 2 + (y + 0.5 - cy) ** 2 <= r * r) pixels.fill(value, (y * width + x) * 3, (y * width + x) * 3 + 3);
      }
    };
    const labels: LandmarksLabel[] = [];
    if (n % 7 !== 6) {
      const r = Math.min(width, height) * random.between(0.22, 0.32);
      const [cx, cy] = [random.between(r, width - r), random.between(r, height - r)];
      const points = [{ x: cx - 0.4 * r, y: cy - 0.3 * r }, { x: cx + 0.4 * r, y: cy - 0.3 * r }, { x: cx, y: cy + 0.5 * r }];
      disc(cx, cy, r, 220);
      [0.22, 0.14, 0.18].forEach((part, k) => disc(points[k]!.x, points[k]!.y, part * r, k === 2 ? 120 : 20));
      labels.push({ kind: 'landmarks', classId: FACE.id, points: points.map((p) => ({ ...p, v: 2 })) });
    }
    return { id: `face-${seed}-${n}`, image: { load: async () => ({ data: pixels, width, height, channels: 3 as const }) }, width, height, labels, pixels };
  });
}
