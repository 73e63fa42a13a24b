/** Masks from and to bitmaps: one byte a pixel, row-major. */
import { MaskError, checkBox, emptyMask, maskFromToggles, type Mask, type PixelRect } from './mask';

/**
 * The mask of a bitmap of `width × height` bytes, row-major; every byte that is not 0 is a set pixel.
 * @param origin where the bitmap's upper-left pixel lies in the image; (0, 0) unless told.
 */
export function maskFromBitmap(bitmap: ArrayLike<number>, width: number, height: number, origin: { x: number; y: number } = { x: 0, y: 0 }): Mask {
  if (bitmap.length !== width * height) throw new MaskError(`a bitmap of ${width} × ${height} has ${width * height} bytes, not ${bitmap.length}`);
  return maskFromPredicate({ x: origin.x, y: origin.y, width, height }, (i) => bitmap[i] !== 0);
}

/** The mask of the pixels of an index image (one class or instance a pixel) that hold `value`. */
export function maskFromIndices(indices: ArrayLike<number>, width: number, height: number, value: number): Mask {
  if (indices.length !== width * height) throw new MaskError(`an image of ${width} × ${height} has ${width * height} pixels, not ${indices.length}`);
  return maskFromPredicate({ x: 0, y: 0, width, height }, (i) => indices[i] === value);
}

function maskFromPredicate(frame: PixelRect, isSet: (position: number) => boolean): Mask {
  const size = frame.width * frame.height;
  if (size === 0) return emptyMask();
  checkBox(frame);
  let toggles = new Float64Array(256);
  let n = 0;
  let on = false;
  for (let i = 0; i < size; i++) {
    if (isSet(i) === on) continue;
    on = !on;
    if (n + 2 > toggles.length) {
      const grown = new Float64Array(toggles.length * 2);
      grown.set(toggles);
      toggles = grown;
    }
    toggles[n++] = i;
  }
  if (on) toggles[n++] = size;
  return maskFromToggles(frame, toggles, n);
}

/**
 * The mask as bytes 0 and 1, row-major, in `frame`; pixels of the mask outside the frame are left out.
 * @param frame the image, `{x: 0, y: 0, width, height}`, or any other rectangle; the mask's own box unless told.
 * @param into write into this array of width × height instead of a new one; only set pixels are written, with `value`.
 */
export function maskToBitmap(mask: Mask, frame: PixelRect = mask, into?: Uint8Array, value = 1): Uint8Array {
  const size = frame.width * frame.height;
  if (into && into.length !== size) throw new MaskError(`a bitmap of ${frame.width} × ${frame.height} has ${size} bytes, not ${into.length}`);
  const out = into ?? new Uint8Array(size);
  const left = Math.max(0, frame.x - mask.x);
  const right = Math.min(mask.width, frame.x + frame.width - mask.x);
  let position = 0;
  for (let i = 0; i < mask.runs.length; i++) {
    const end = position + mask.runs[i]!;
    if (i % 2 === 1) {
      for (let row = Math.floor(position / mask.width); row * mask.width < end; row++) {
        const y = mask.y + row - frame.y;
        if (y < 0) continue;
        if (y >= frame.height) return out;
        const from = Math.max(left, position - row * mask.width);
        const to = Math.min(right, end - row * mask.width);
        if (from < to) out.fill(value, y * frame.width + from + mask.x - frame.x, y * frame.width + to + mask.x - frame.x);
      }
    }
    position = end;
  }
  return out;
}
