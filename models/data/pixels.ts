/** Decoded 8-bit RGB pixels. */

/** Row-major, three bytes a pixel. */
export interface RgbImage {
  data: Uint8Array;
  width: number;
  height: number;
}
