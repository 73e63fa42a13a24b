/** Decoded 8-bit RGB pixels. */

/** Row-major, three bytes a pixel. */
export interface RgbImage {
  data: Uint8Array;
  width: number;
  height: number;
}

/** Copies `image` into `target` with its upper-left corner at (x, y). It must fit. */
export function paste(target: RgbImage, image: RgbImage, x: number, y: number): void {
  if (x < 0 || y < 0 || x + image.width > target.width || y + image.height > target.height) {
    throw new RangeError(`a ${image.width}×${image.height} image at (${x}, ${y}) leaves ${target.width}×${target.height}`);
  }
  const row = image.width * 3;
  for (let i = 0; i < image.height; i++) {
    target.data.set(image.data.subarray(i * row, (i + 1) * row), ((y + i) * target.width + x) * 3);
  }
}
