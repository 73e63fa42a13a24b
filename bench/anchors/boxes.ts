/** A million boxes as large image sets have them. */
import { Random } from '@/lib/core/random';

/**
 * Widths and heights of `n` boxes in pixels: objects of twelve sizes from 12 to 400 pixels a side and of several aspects, each spread
 * log-normally, as exact decimals of which few are equal.
 */
export function manyBoxes(n: number, seed = 1): { w: Float64Array; h: Float64Array } {
  const random = new Random(seed);
  const w = new Float64Array(n);
  const h = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    const kind = random.below(12);
    const side = 12 * 1.375 ** kind;
    const aspect = [0.5, 0.8, 1, 1.6][kind % 4]!;
    w[i] = Math.min(640, Math.max(2, side * Math.sqrt(aspect) * Math.exp(0.35 * random.normal())));
    h[i] = Math.min(640, Math.max(2, (side / Math.sqrt(aspect)) * Math.exp(0.35 * random.normal())));
  }
  return { w, h };
}
