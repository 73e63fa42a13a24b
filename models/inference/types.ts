/**
 * What a model is to its users (worker jobs, the command line): images in, labels in full-resolution pixels out.
 * Types only: importing this file loads no runtime.
 */
import { viewings, type Viewing } from '@/lib/core/labels';
import { type ModelDesign } from '../runtime/card';
import { type DecodeOptions, type PredictedLabel } from '../tasks/types';

/** Decoded pixels, row-major, interleaved, 8 bits a channel; `channels` 1, 3 or 4 (alpha is dropped). */
export interface RawImage {
  data: Uint8Array;
  width: number;
  height: number;
  channels: 1 | 3 | 4;
}

/**
 * Where the bytes of an image come from. `load` is called when the image is needed and may be called again later
 * (the cache is bounded); it returns an encoded file (JPEG, PNG, WebP, TIFF) or decoded pixels.
 */
export type ImageSource = { path: string } | { load: () => Promise<Uint8Array | RawImage> };

export { viewings, type Viewing };

export interface PredictOptions extends Partial<DecodeOptions> {
  /** Averages over several views of each image: more accurate, and as many times slower. Default `once`. */
  viewing?: Viewing;
  /** Checked between images; `predict` rejects with an `AbortError`. */
  signal?: AbortSignal;
  /** Called after each image, in order. */
  onImage?: (index: number, prediction: Prediction) => void | Promise<void>;
  /** Called in its place for an image that cannot be read; the others go on. Without it such an image ends the run. */
  onUnreadable?: (index: number, error: Error) => void | Promise<void>;
}

/** Labels of one image, clipped to it, sorted by falling score. */
export interface Prediction {
  /** Size of the full-resolution, orientation-corrected image. */
  width: number;
  height: number;
  labels: PredictedLabel[];
}

export type Images = Iterable<ImageSource> | AsyncIterable<ImageSource>;

/** A model (or several that vote) that is loaded and ready. Dispose it to give its memory back. */
export interface Predictor {
  /** Of the first model. */
  readonly card: ModelDesign;
  /** Predictions in the order given. With `onImage` they are handed on and not kept: the result is empty. */
  predict(images: Images, options?: PredictOptions): Promise<Prediction[]>;
  dispose(): Promise<void>;
}

export interface LoadOptions {
  /** Threads of one operator. Default: 1. */
  threads?: number;
}
