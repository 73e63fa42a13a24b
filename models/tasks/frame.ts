/** From network input to image and back, for one view of an image. */
import { type Frame } from './types';

interface Edges {
  x0: number;
  y0: number;
  x1: number;
  y1: number;
}

/** A point of the network input in full-image pixels. */
export function pointToFull({ x, y }: { x: number; y: number }, { region, placement, mirrored }: Frame): { x: number; y: number } {
  const across = (x - placement.x) / placement.width;
  return { x: region.x + (mirrored ? 1 - across : across) * region.width, y: region.y + ((y - placement.y) / placement.height) * region.height };
}

/** A point of the full image in network input pixels: the inverse of `pointToFull`. */
export function pointToInput({ x, y }: { x: number; y: number }, { region, placement, mirrored }: Frame): { x: number; y: number } {
  const across = (x - region.x) / region.width;
  return { x: placement.x + (mirrored ? 1 - across : across) * placement.width, y: placement.y + ((y - region.y) / region.height) * placement.height };
}

/** Edges in network input pixels to edges in full-image pixels; not clipped. */
export function toFull({ x0, y0, x1, y1 }: Edges, frame: Frame): Edges {
  const a = pointToFull({ x: x0, y: y0 }, frame);
  const b = pointToFull({ x: x1, y: y1 }, frame);
  return { x0: Math.min(a.x, b.x), y0: Math.min(a.y, b.y), x1: Math.max(a.x, b.x), y1: Math.max(a.y, b.y) };
}

/** What lies nearer to the edge of a crop than this share of it may be something beyond, drawn in. */
const CROP_MARGIN = 0.03;

/** Whether a view shows a place of the full image, and enough around it. */
export function showsPlace({ region, full }: Frame, { x, y }: { x: number; y: number }): boolean {
  const within = (at: number, from: number, extent: number, whole: number) =>
    at >= from + (from > 0 ? CROP_MARGIN * extent : -Infinity) && at <= from + extent + (from + extent < whole ? -CROP_MARGIN * extent : Infinity);
  return within(x, region.x, region.width, full.width) && within(y, region.y, region.height, full.height);
}
