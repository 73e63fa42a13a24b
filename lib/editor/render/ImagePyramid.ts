/** The image at halves of its size, so that what is drawn small is read small. */
import type { Size } from '@/lib/core/geometry';
import type { Bounds } from '@/lib/core/labels';

type Source = HTMLImageElement | HTMLCanvasElement;

/** Above this scale pixels are drawn as squares: a labeler must see where one ends. */
export const PIXELS_FROM = 4;

export class ImagePyramid {
  /** Level k is 2^k times smaller. Made when first needed. */
  private readonly levels: Source[];

  /** @param size of the item; the picture shown may be a smaller rendition of it. */
  constructor(
    image: HTMLImageElement,
    private readonly size: Size,
  ) {
    this.levels = [image];
  }

  private level(k: number): Source {
    while (this.levels.length <= k) {
      const above = this.levels[this.levels.length - 1]!;
      const canvas = document.createElement('canvas');
      canvas.width = Math.max(1, Math.round(widthOf(above) / 2));
      canvas.height = Math.max(1, Math.round(heightOf(above) / 2));
      const ctx = canvas.getContext('2d', { alpha: true })!;
      ctx.imageSmoothingQuality = 'medium';
      ctx.drawImage(above, 0, 0, canvas.width, canvas.height);
      this.levels.push(canvas);
    }
    return this.levels[k]!;
  }

  /** Draws the part that can be seen. `dpr`: device pixels a CSS pixel. */
  draw(ctx: CanvasRenderingContext2D, visible: Bounds, scale: number, x: number, y: number, dpr: number): void {
    const first = this.levels[0]!;
    // Device pixels that a pixel of the picture takes.
    const density = (scale * dpr * this.size.width) / widthOf(first);
    const k = Math.max(0, Math.min(6, Math.floor(-Math.log2(density))));
    const source = this.level(k);
    const fx = widthOf(source) / this.size.width;
    const fy = heightOf(source) / this.size.height;
    const x0 = Math.max(0, Math.floor(visible.x0 * fx) - 1);
    const y0 = Math.max(0, Math.floor(visible.y0 * fy) - 1);
    const x1 = Math.min(widthOf(source), Math.ceil(visible.x1 * fx) + 1);
    const y1 = Math.min(heightOf(source), Math.ceil(visible.y1 * fy) + 1);
    if (x1 <= x0 || y1 <= y0) return;
    ctx.imageSmoothingEnabled = scale < PIXELS_FROM;
    ctx.imageSmoothingQuality = 'low';
    ctx.drawImage(source, x0, y0, x1 - x0, y1 - y0, (x0 / fx) * scale + x, (y0 / fy) * scale + y, ((x1 - x0) / fx) * scale, ((y1 - y0) / fy) * scale);
  }
}

const widthOf = (s: Source) => (s instanceof HTMLImageElement ? s.naturalWidth : s.width);
const heightOf = (s: Source) => (s instanceof HTMLImageElement ? s.naturalHeight : s.height);
