/**
 * The contract of detector training, shared by the worker's job and the command line.
 * Types only: importing this file loads no runtime.
 */
import { type ImageSource } from '../inference/types';
import { type ModelCard } from '../runtime/card';

/** A labelled box: edges in pixels of the full-resolution, orientation-corrected image. */
export interface DetectorBox {
  /** Id of a class listed in `TrainDetectorInput.classes`. */
  classId: string;
  x0: number;
  y0: number;
  x1: number;
  y1: number;
}

/** One labelled image. No boxes means a negative example. Boxes of zero area are skipped and counted. */
export interface DetectorExample {
  /** Names the image in messages and in the evaluation. */
  id: string;
  image: ImageSource;
  /** Size of the full-resolution, orientation-corrected image in pixels. */
  width: number;
  height: number;
  boxes: readonly DetectorBox[];
}

export interface DetectorClass {
  id: string;
  name: string;
}

/** Metadata is read once and kept; pixels are loaded when needed. */
export type Examples = Iterable<DetectorExample> | AsyncIterable<DetectorExample>;

export interface TrainDetectorInput {
  train: Examples;
  /** Watched during training, and the source of the metrics in the card. Empty: the metrics are left out. */
  val: Examples;
  classes: readonly DetectorClass[];
  /** Name of the frozen dataset version (its SHA-256), kept in the card. */
  datasetHash?: string;
  /** Where the data came from and whom to thank, kept in the card. */
  credits?: readonly string[];
}

export interface TrainDetectorOptions {
  /** Folder of the finished model (model.json, weights.bin, card.json); written whole or not at all. */
  outDir: string;
  /** Folder of the checkpoint. When it holds one of the same run, training goes on from there. */
  checkpointDir: string;
  /** Wall-time budget including decoding, evaluation and saving. Give `minutes` or `epochs`, not both. */
  minutes?: number;
  /** Passes over the training images; the run is then bit-identical for a seed on the same machine. */
  epochs?: number;
  /** Default 1. */
  seed?: number;
  /** Network input in pixels, multiples of 32. Default: chosen from the images' sizes and the boxes. */
  inputSize?: { width: number; height: number };
  /** Images per step. Default 8, or fewer when there are fewer images. */
  batch?: number;
  /** Threads of one operator (the cores the job owns). Default 1. */
  threads?: number;
  /** Anchor shapes in network input pixels. Default: K-means on the training boxes. */
  anchors?: readonly { w: number; h: number }[];
  /** Number of anchors for K-means, divided over the scales. Default 6. */
  anchorCount?: number;
  /** Bytes the cache of resized images may take. Default 512 MB. */
  cacheBytes?: number;
  /** Bytes the whole training may take; the batch shrinks to fit. Default 4 GB. */
  memoryBytes?: number;
  /** Peak learning rate. Default 2e-3. */
  learningRate?: number;
}

/** Mean per-image parts of the loss since the last report. */
export interface LossParts {
  box: number;
  objectness: number;
  class: number;
}

export type TrainPhase = 'preparing' | 'training' | 'evaluating' | 'saving';

export interface TrainProgress {
  phase: TrainPhase;
  /** Steps done, and the number the run is expected to take (re-estimated under a time budget). */
  step: number;
  steps: number;
  /** Passes over the training images so far, as a real number. */
  epoch: number;
  /** Mean over the steps since the last report. */
  loss: number;
  lossParts: LossParts;
  learningRate: number;
  imagesPerSecond: number;
  /** Share of the time the step waited for its data, 0 to 1. */
  dataWait: number;
  etaSeconds: number;
}

/** COCO average precision on the validation images (score at least 0.001, at most 100 per image), 0 to 1. */
export interface DetectorMetrics {
  mAP: number;
  mAP50: number;
  mAP75: number;
  /** Average precision at IoU 0.5 by class id; null where the split has no object of the class. */
  ap50ByClass: Record<string, number | null>;
  images: number;
}

export interface TrainEvaluation extends DetectorMetrics {
  step: number;
  epoch: number;
  /** Best so far: these weights are the ones that are kept. */
  best: boolean;
}

export interface TrainDetectorCallbacks {
  /** About twice a second. */
  onProgress?: (progress: TrainProgress) => void;
  /** After each evaluation on the validation images. */
  onEvaluation?: (evaluation: TrainEvaluation) => void;
  /** One line a person may want to read: what was chosen, skipped or shrunk, and why. */
  onNote?: (note: string) => void;
}

export interface TrainDetectorResult {
  card: ModelCard;
  /** Null when there were no validation images. */
  metrics: DetectorMetrics | null;
  steps: number;
  epochs: number;
  seconds: number;
  /** The run began from a checkpoint. */
  resumed: boolean;
}

/**
 * Trains a YOLO detector and writes the model to `outDir`.
 * Rejects with an `AbortError` within two seconds of `signal` (the checkpoint stays, so a later call goes on from it),
 * and with a `TrainingDataError` that a person can read when the data cannot be trained on.
 */
export type TrainDetector = (
  input: TrainDetectorInput,
  options: TrainDetectorOptions,
  callbacks?: TrainDetectorCallbacks,
  signal?: AbortSignal,
) => Promise<TrainDetectorResult>;
