/** The network input for tasks that look at an image as a whole. */
import { type Backbone } from '../backbones';
import { type Size } from '../data/letterbox';

/** On a CPU the cost grows with the area, and the accuracy little beyond this side. */
const LONGEST_SIDE = 224;

/**
 * The images' median aspect; the long side is theirs, but no longer than the backbone's usual one nor than 224 pixels. Sides
 * are multiples of what the backbone asks for.
 */
export function chooseImageSize(images: readonly Size[], { multiple, minimalSize, usualSize }: Pick<Backbone, 'multiple' | 'minimalSize' | 'usualSize'>): Size {
  const median = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1] ?? 0;
  const aspect = median(images.map(({ width, height }) => width / height)) || 1;
  const long = Math.min(median(images.map(({ width, height }) => Math.max(width, height))) || usualSize, usualSize, LONGEST_SIDE);
  const least = Math.ceil(minimalSize / multiple) * multiple;
  const side = (n: number) => Math.max(least, Math.ceil(n / multiple - 1e-9) * multiple);
  return aspect >= 1 ? { width: side(long), height: side(long / aspect) } : { width: side(long * aspect), height: side(long) };
}
