/**
 * The contract of training, shared by the worker's job and the command line.
 * Types only: importing this file loads no runtime.
 */
import { type AugmentOverride } from '@/lib/core/augmentation';
import { type ModelCard, type TaskName } from '../runtime/card';
import { type Example, type TaskClass, type TaskMetrics } from '../tasks/types';
import { type RecipeOptions } from './recipe';

/** Metadata is read once and kept; pixels are loaded when needed. */
export type Examples = Iterable<Example> | AsyncIterable<Example>;

export interface TrainData {
  train: Examples;
  /** Watched during training, and the source of the metrics in the card. Empty: the metrics are left out. */
  val: Examples;
  classes: readonly TaskClass[];
  /** Name of the frozen dataset version (its SHA-256), kept in the card. */
  datasetHash?: string;
  /** Where the data came from and whom to thank, kept in the card. */
  credits?: readonly string[];
}

export interface TrainOptions extends RecipeOptions {
  task: TaskName;
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
  /** Name of a backbone. Default: the task's. */
  backbone?: string;
  /** Network input in pixels, multiples of the backbone's coarsest stride. Default: chosen from the data. */
  inputSize?: { width: number; height: number };
  /** Images per step. Default: the task's, or fewer when there are fewer images. */
  batch?: number;
  /**
   * Threads of one operator (the cores the job owns). Default 1. A function is asked at the beginning of every stage and about
   * once a minute; the step is compiled anew when its answer changes. The result does not depend on it.
   */
  threads?: number | (() => number | Promise<number>);
  /** Bytes the cache of resized images may take. Default: an eighth of `memoryBytes`, at most 512 MB. */
  cacheBytes?: number;
  /**
   * Bytes the whole training may take; a step takes its batch in parts to fit. Default: the setting FIELDMARK_TRAINING_MEMORY_MB,
   * else 60 % of the memory there is, at most 4 GB.
   */
  memoryBytes?: number;
  /**
   * Trained weights to begin with: the folder, file or address of a model with the same backbone, or `scratch` for none.
   * Default: those that come with the backbone, if any do.
   */
  start?: string;
  /** What learns in the end. Default: chosen from the number of labelled images when there are trained weights, else everything. */
  depth?: 'head' | 'partial' | 'full';
  /** Folder of features that frozen layers give, kept between runs, and the bytes it may take (default 4 GB). */
  featureDir?: string;
  featureBytes?: number;
  /** Strengths of augmentation that shall differ from the task's; see `augmentationAt`. */
  augmentation?: AugmentOverride;
  /** Settings of the task's own, such as the number of anchors; what it does not have is refused. See its folder. */
  taskOptions?: Record<string, unknown>;
}

export type TrainPhase = 'training' | 'evaluating' | 'saving';

export interface TrainProgress {
  phase: TrainPhase;
  /** What learns at present, for people. */
  stage: string;
  /** Steps done, and the number the run is expected to take (re-estimated under a time budget). */
  step: number;
  steps: number;
  /** Passes over the training images so far, as a real number. */
  epoch: number;
  /** Mean over the steps since the last report. */
  loss: number;
  /** The loss's parts by name, likewise. */
  lossParts: Record<string, number>;
  learningRate: number;
  imagesPerSecond: number;
  /** Share of the time the step waited for its data, 0 to 1. */
  dataWait: number;
  etaSeconds: number;
}

export interface TrainEvaluation extends TaskMetrics {
  step: number;
  epoch: number;
  /** Best so far: these weights are the ones that are kept. */
  best: boolean;
}

export interface TrainCallbacks {
  /** About twice a second while features of frozen layers are computed, before the steps of a stage: samples that are ready, of all. */
  onPreparing?: (done: number, of: number) => void;
  /** About twice a second. */
  onProgress?: (progress: TrainProgress) => void;
  /** After each evaluation on the validation images. */
  onEvaluation?: (evaluation: TrainEvaluation) => void;
  /** One line a person may want to read: what was chosen, skipped or shrunk, and why. */
  onNote?: (note: string) => void;
}

export interface TrainResult {
  card: ModelCard;
  /** Null when there were no validation images. */
  metrics: TaskMetrics | null;
  steps: number;
  epochs: number;
  seconds: number;
  /** The run began from a checkpoint. */
  resumed: boolean;
}

/**
 * Trains a model and writes it to `outDir`.
 * Rejects with an `AbortError` within two seconds of `signal` (the checkpoint stays, so a later call goes on from it),
 * and with a `TrainingDataError` that a person can read when the data cannot be trained on.
 */
export type TrainModel = (data: TrainData, options: TrainOptions, callbacks?: TrainCallbacks, signal?: AbortSignal) => Promise<TrainResult>;
