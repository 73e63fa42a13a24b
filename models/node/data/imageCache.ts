/** Decoded, reduced images in memory under a budget of bytes; the least recently used leave first. */
import { type RgbImage } from '../../data/pixels';

export class ImageCache {
  private readonly entries = new Map<string, RgbImage>();
  private readonly pending = new Map<string, Promise<RgbImage>>();
  private bytes = 0;

  constructor(private readonly budget: number) {}

  /** The image of this key, made by `load` when it is not (or no longer) there. */
  async get(key: string, load: () => Promise<RgbImage>): Promise<RgbImage> {
    const ready = this.entries.get(key);
    if (ready) {
      this.entries.delete(key);
      this.entries.set(key, ready);
      return ready;
    }
    let loading = this.pending.get(key);
    if (!loading) {
      loading = load().finally(() => this.pending.delete(key));
      this.pending.set(key, loading);
      const image = await loading;
      this.keep(key, image);
      return image;
    }
    return loading;
  }

  private keep(key: string, image: RgbImage): void {
    this.entries.set(key, image);
    this.bytes += image.data.byteLength;
    for (const [oldest, { data }] of this.entries) {
      if (this.bytes <= this.budget) break;
      this.entries.delete(oldest);
      this.bytes -= data.byteLength;
    }
  }
}
