/**
 * What a detector is to its users (worker jobs, the command line): images in, boxes in full-resolution pixels out.
 * Types only: importing this file loads no runtime.
 */
import { type ModelCard } from '../runtime/card';

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

/**
 * One found object. Edges are continuous pixel coordinates of the full-resolution, orientation-corrected image
 * (origin upper left, x right, y down), clipped to the image.
 */
export interface Detection {
  /** Id of the class as the card lists it. */
  classId: string;
  x0: number;
  y0: number;
  x1: number;
  y1: number;
  /** Objectness times class probability, in [0, 1]. */
  score: number;
}

export interface PredictOptions {
  /** Drop detections below this score. Default 0.001, as evaluation wants; a display uses its own slider. */
  scoreThreshold?: number;
  /** Per-class non-max suppression drops a box whose IoU with a better one is at or above this. Default 0.5. */
  iouThreshold?: number;
  /** At most this many detections per image, best first. Default 100. */
  maxDetections?: number;
  /** Checked between images; `predict` rejects with an `AbortError`. */
  signal?: AbortSignal;
  /** Called after each image, in order. */
  onImage?: (index: number, detections: Detection[]) => void | Promise<void>;
}

/** A detector that is loaded and ready. Dispose it to give its memory back. */
export interface Detector {
  readonly card: ModelCard;
  /** Detections of each image, in the order given, each list sorted by falling score. */
  predict(images: Iterable<ImageSource> | AsyncIterable<ImageSource>, options?: PredictOptions): Promise<Detection[][]>;
  dispose(): Promise<void>;
}

export interface LoadDetectorOptions {
  /** Threads of one operator. Default: 1. */
  threads?: number;
}
