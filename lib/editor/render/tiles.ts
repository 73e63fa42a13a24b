/** Masks as tinted pixels, a tile at a time: the pure part of mask textures. */
import { maskRows, xor, type Mask, type PixelRect } from '@/lib/core/masks';

/** Image pixels a side. A large mask is drawn, changed and left out in such pieces; none nears a texture's limit. */
export const TILE = 256;

export interface TileStyle {
  /** Pixels as `abgr` makes them. */
  fill: number;
  border: number;
}

/** The tiles, `column,row`, that a rectangle of pixels meets. */
export function tilesOf(rect: PixelRect): { column: number; row: number }[] {
  if (rect.width <= 0 || rect.height <= 0) return [];
  const tiles: { column: number; row: number }[] = [];
  for (let row = Math.floor(rect.y / TILE); row * TILE < rect.y + rect.height; row++)
    for (let column = Math.floor(rect.x / TILE); column * TILE < rect.x + rect.width; column++) tiles.push({ column, row });
  return tiles;
}

/** The pixels in which two versions of a mask differ, and the ring around them, whose borders may differ too. */
export function changedRect(before: Mask, after: Mask): PixelRect {
  const difference = xor(before, after);
  if (difference.width === 0) return difference;
  return { x: difference.x - 1, y: difference.y - 1, width: difference.width + 2, height: difference.height + 2 };
}

const PADDED = TILE + 2;
const bitmap = new Uint8Array(PADDED * PADDED);

/**
 * One tile of a mask, `TILE × TILE` pixels: `fill` where it is set, `border` where it is set and one of its four neighbours
 * is not, 0 elsewhere. False when nothing of the mask is there.
 */
export function paintTile(mask: Mask, column: number, row: number, style: TileStyle, into: Uint32Array): boolean {
  const left = column * TILE - 1;
  const top = row * TILE - 1;
  bitmap.fill(0);
  let any = false;
  for (const run of maskRows(mask, { x: left, y: top, width: PADDED, height: PADDED })) {
    any = true;
    const base = (run.y - top) * PADDED - left;
    bitmap.fill(1, base + run.x0, base + run.x1);
  }
  into.fill(0);
  if (!any) return false;
  for (let y = 0; y < TILE; y++) {
    let i = (y + 1) * PADDED + 1;
    let out = y * TILE;
    for (let x = 0; x < TILE; x++, i++, out++) {
      if (bitmap[i] === 0) continue;
      const inner = bitmap[i - 1]! & bitmap[i + 1]! & bitmap[i - PADDED]! & bitmap[i + PADDED]!;
      into[out] = inner ? style.fill : style.border;
    }
  }
  return true;
}
