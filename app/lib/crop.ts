/** The part of an image to show around a place: with some surroundings, of a wanted shape, inside the image if it fits. */
export interface Box { x0: number; y0: number; x1: number; y1: number }
export interface View { x: number; y: number; width: number; height: number }

/**
 * @param context how much wider than the box the view is, at least
 * @param least the smallest side in pixels, so that a tiny box keeps its neighbourhood
 */
export function cropAround(box: Box, image: { width: number; height: number }, shape = 4 / 3, context = 2.2, least = 48): View {
  const side = Math.max(least, (box.x1 - box.x0) * context, (box.y1 - box.y0) * context * shape);
  const width = Math.min(side, Math.max(image.width, image.height * shape));
  const height = width / shape;
  const place = (centre: number, size: number, full: number) => (size >= full ? (full - size) / 2 : Math.min(Math.max(0, centre - size / 2), full - size));
  return { x: place((box.x0 + box.x1) / 2, width, image.width), y: place((box.y0 + box.y1) / 2, height, image.height), width, height };
}
