/** Masks as textures: tiles that are made when they come into view and made anew only where the mask changed. */
import type { Mask } from '@/lib/core/masks';
import type { Bounds } from '@/lib/core/labels';
import { changedRect, paintTile, TILE, tilesOf, type TileStyle } from './tiles';

interface Entry {
  mask: Mask;
  style: TileStyle;
  /** By `column,row`; null where nothing of the mask is. */
  tiles: Map<string, HTMLCanvasElement | null>;
}

const snap = (value: number, dpr: number) => Math.round(value * dpr) / dpr;

/** Pixels of all tiles together before those not seen for the longest time are let go: 64 M pixels are 256 MB. */
const BUDGET = 64 * 1024 * 1024;

export class MaskTextures {
  /** In the order of last use. */
  private readonly entries = new Map<string, Entry>();
  private readonly pixels = new ImageData(TILE, TILE);
  private readonly words = new Uint32Array(this.pixels.data.buffer);
  private used = 0;

  /**
   * Draws what of a mask lies in `visible` (image coordinates) on a context whose coordinates are CSS pixels.
   * @param key what the mask is a version of: the annotation's id
   */
  draw(ctx: CanvasRenderingContext2D, key: string, mask: Mask, style: TileStyle, visible: Bounds, scale: number, x: number, y: number, dpr: number): void {
    const entry = this.entry(key, mask, style);
    const left = Math.max(mask.x, Math.floor(visible.x0));
    const top = Math.max(mask.y, Math.floor(visible.y0));
    const right = Math.min(mask.x + mask.width, Math.ceil(visible.x1));
    const bottom = Math.min(mask.y + mask.height, Math.ceil(visible.y1));
    for (const { column, row } of tilesOf({ x: left, y: top, width: right - left, height: bottom - top })) {
      const tile = this.tile(entry, column, row);
      if (!tile) continue;
      // On device pixels: where two tiles share half a pixel, a seam would show.
      const x0 = snap(column * TILE * scale + x, dpr);
      const y0 = snap(row * TILE * scale + y, dpr);
      ctx.drawImage(tile, x0, y0, snap((column + 1) * TILE * scale + x, dpr) - x0, snap((row + 1) * TILE * scale + y, dpr) - y0);
    }
  }

  private entry(key: string, mask: Mask, style: TileStyle): Entry {
    let entry = this.entries.get(key);
    if (entry) this.entries.delete(key);
    if (entry && entry.mask !== mask) {
      for (const { column, row } of tilesOf(changedRect(entry.mask, mask))) this.drop(entry, `${column},${row}`);
      entry.mask = mask;
    }
    if (!entry || entry.style.fill !== style.fill || entry.style.border !== style.border) {
      if (entry) this.forget(entry);
      entry = { mask, style, tiles: new Map() };
    }
    this.entries.set(key, entry);
    return entry;
  }

  private tile(entry: Entry, column: number, row: number): HTMLCanvasElement | null {
    const key = `${column},${row}`;
    const known = entry.tiles.get(key);
    if (known !== undefined) return known;
    let canvas: HTMLCanvasElement | null = null;
    if (paintTile(entry.mask, column, row, entry.style, this.words)) {
      canvas = document.createElement('canvas');
      canvas.width = TILE;
      canvas.height = TILE;
      canvas.getContext('2d')!.putImageData(this.pixels, 0, 0);
      this.used += TILE * TILE;
      this.makeRoom(entry);
    }
    entry.tiles.set(key, canvas);
    return canvas;
  }

  private makeRoom(keep: Entry): void {
    for (const [key, entry] of this.entries) {
      if (this.used <= BUDGET) return;
      if (entry === keep) continue;
      this.forget(entry);
      this.entries.delete(key);
    }
  }

  private drop(entry: Entry, key: string): void {
    if (entry.tiles.get(key)) this.used -= TILE * TILE;
    entry.tiles.delete(key);
  }
  private forget(entry: Entry): void {
    for (const key of [...entry.tiles.keys()]) this.drop(entry, key);
  }

  /** Lets go of masks that are no more. */
  keep(exists: (key: string) => boolean): void {
    for (const [key, entry] of this.entries) {
      if (exists(key)) continue;
      this.forget(entry);
      this.entries.delete(key);
    }
  }
}
