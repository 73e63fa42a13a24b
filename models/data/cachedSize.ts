/** The size at which images are kept between decoding and drawing. */
import { type Normalisation } from '../runtime/card';
import { letterbox, type Size } from './letterbox';

/** Images are kept a little larger than the network sees them, for enlargement without loss. */
const CACHED_AT = 1.25;

/** The size at which an image is kept for this input, in training and prediction: never enlarged. */
export function cachedSize(full: Size, input: Size, resize: Normalisation['resize'] = 'letterbox'): Size {
  const room = { width: Math.round(input.width * CACHED_AT), height: Math.round(input.height * CACHED_AT) };
  if (resize === 'stretch') return { width: Math.min(full.width, room.width), height: Math.min(full.height, room.height) };
  const { width, height } = letterbox(full, room);
  return width > full.width || height > full.height ? { width: full.width, height: full.height } : { width, height };
}
