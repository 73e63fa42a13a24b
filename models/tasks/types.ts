/**
 * The contract of a task: what a kind of model learns from labels and gives back as labels. Everything that trains,
 * predicts, evaluates or stores a model is written against it; a task is one folder beside this file and one entry in
 * the registry.
 *
 * Frames: labels of examples and predictions are in continuous pixels of the full-resolution, orientation-corrected
 * image; labels of samples are in pixels of the network input.
 */
// Types only: whoever reads labels loads no runtime with them.
import type { Mask } from '@/lib/core/masks';
import type { z } from 'zod';
import type { Backbone } from '../backbones';
import type { AugmentOptions } from '../data/augment';
import type { Placement, Size } from '../data/letterbox';
import type { Graph, TypedArray, Value } from '../graph';
import type { ImageSource } from '../inference/types';
import type { BatchSums } from '../losses/batch';
import type { ModelCard, ModelDesign, TaskName } from '../runtime/card';
import type { LayersModel } from '../runtime/tf';
import type { LossResult } from '../training/trainer';

export interface LabelledPoint {
  x: number;
  y: number;
  /** COCO's visibility: 0 not labelled (x and y mean nothing), 1 hidden, 2 visible. */
  v: 0 | 1 | 2;
}

export interface BoxLabel {
  kind: 'box';
  classId: string;
  x0: number;
  y0: number;
  x1: number;
  y1: number;
  /** A group too dense to tell apart: not trained on, ignored where matched in evaluation. */
  crowd?: boolean;
}

export interface MaskLabel {
  kind: 'mask';
  classId: string;
  mask: Mask;
  crowd?: boolean;
}

export interface LandmarksLabel {
  kind: 'landmarks';
  classId: string;
  /** In the order of the class's named points. */
  points: readonly LabelledPoint[];
}

/** The class of the whole image. */
export interface ClassLabel {
  kind: 'class';
  classId: string;
}

/** Pixels that are neither right nor wrong, whatever is said about them. */
export interface IgnoreLabel {
  kind: 'ignore';
  mask: Mask;
}

export type Label = BoxLabel | MaskLabel | LandmarksLabel | ClassLabel | IgnoreLabel;
export type LabelKind = Label['kind'];

/** A label that a model gives, with its probability (0 to 1). Lists are sorted by falling score. */
export type PredictedLabel = (BoxLabel | MaskLabel | LandmarksLabel | ClassLabel) & { score: number };

/** One labelled image. No labels: a negative example. */
export interface Example {
  /** Names the image in messages and in the evaluation. */
  id: string;
  image: ImageSource;
  /** Size of the full-resolution, orientation-corrected image in pixels. */
  width: number;
  height: number;
  labels: readonly Label[];
}

/** A class to learn; `points` and `swaps` for landmarks. */
export interface TaskClass {
  id: string;
  name: string;
  /** Names of a skeleton's points, in order. */
  points?: readonly string[];
  /** Pairs of indices of left and right points, which change places in a mirrored image. */
  swaps?: readonly (readonly [number, number])[];
}

/** What a task may look at before training: metadata of all images, no pixels. */
export interface TaskData {
  train: readonly Example[];
  val: readonly Example[];
  classes: readonly TaskClass[];
}

/** Wishes of the person; what is left open is chosen from the data. */
export interface PlanOptions<Options = unknown> {
  seed: number;
  /** Network input in pixels. */
  inputSize?: Size;
  /** Input sides must be multiples of this: the backbone's coarsest stride. */
  multiple: number;
  /** What the network will be built on. */
  backbone: Pick<Backbone, 'name' | 'family' | 'multiple' | 'minimalSize' | 'usualSize'>;
  /** Settings of the task's own, as `taskOptions` gives them. */
  options: Options;
}

export interface Planned<Head> {
  inputSize: Size;
  head: Head;
  /** Data as it is used: clipped to the image, without what cannot be learned. */
  train: Example[];
  val: Example[];
  /** Sentences for the person who trains: what was chosen or skipped, and why. */
  notes: string[];
}

/** One training image as the network sees it, with its labels carried along. */
export interface Sample extends Size {
  /** Labels in input pixels, clipped to the input. Masks are in `labelMap` alone. */
  labels: readonly Label[];
  /**
   * `[height, width]`, for tasks that ask for it: 0 where no class is, k + 1 for class k, `IGNORED` for pixels to leave out
   * (what no image covers is one of them).
   */
  labelMap: Uint8Array | null;
}

export { IGNORED } from '../data/labelMap';

/** How a network input was cut from an image: `region` of the full image lies in `placement` of the input. */
export interface Frame {
  /** The full image. */
  full: Size;
  /** Full-image pixels. */
  region: Placement;
  /** Input pixels. */
  placement: Placement;
  /** The input shows the region mirrored left to right. */
  mirrored: boolean;
}

/** The raw outputs of one pass over one image. Several views of an image (flips, crops, models) make one prediction. */
export interface View<Head> {
  design: ModelDesign<Head>;
  /** As the network gives them, without the batch axis. */
  outputs: readonly Float32Array[];
  frame: Frame;
}

export interface DecodeOptions {
  /** Labels below this score are left out. */
  minScore: number;
  /** Per-class non-max suppression drops a box whose IoU with a better one is at or above this. */
  nmsIou: number;
  /** At most this many labels per image, best first. */
  limit: number;
}

/** Figures by their usual names (`mAP50`, `mIoU`, `dice`, `nme`, `top1` …); null where the split cannot tell. */
export interface TaskMetrics {
  images: number;
  values: Record<string, number | null>;
  /** By figure, then class id, where a figure exists for a class. */
  byClass: Record<string, Record<string, number | null>>;
  details?: EvaluationDetails;
}

/** What is drawn rather than told in one number. */
export interface EvaluationDetails {
  /** By class id: precision at recall 0, 0.01 … 1 (at IoU 0.5), and the score at which each is reached; 0 beyond the reach. */
  curves?: Record<string, { precision: readonly number[]; score: readonly number[] }>;
  /** `counts[t][p]`: how often an object (image, pixel) of class t was taken for class p. Ids of classes, and `null` for none of them. */
  confusion?: { classes: readonly (string | null)[]; counts: readonly (readonly number[])[] };
}

/** Compares predictions with truth, image by image. */
export interface Evaluator {
  add(truth: Pick<Example, 'width' | 'height' | 'labels'>, predicted: readonly PredictedLabel[]): void;
  result(): TaskMetrics;
}

export interface TargetSpec {
  /** Batch first. */
  shape: readonly number[];
  dtype: 'float32' | 'int32';
}

export interface Task<Head = unknown, Options = unknown> {
  readonly name: TaskName;
  /** For people: what it learns and from which labels. */
  readonly title: string;
  readonly description: string;
  /** Kinds of labels it learns from. */
  readonly learnsFrom: readonly LabelKind[];
  /** Kinds of labels it proposes. */
  readonly proposes: readonly LabelKind[];
  /** Samples carry a label map. */
  readonly labelMap: boolean;
  readonly headSchema: z.ZodType<Head>;
  /** Settings of the task's own that a training may be given: a strict object, so that none is lost by a slip of the pen. */
  readonly optionsSchema: z.ZodType<Options>;
  readonly defaults: { decode: DecodeOptions; learningRate: number; batch: number; backbone: string };

  /** Throws a TrainingDataError, which the person can read, when the data cannot be trained on. */
  plan(data: TaskData, options: PlanOptions<Options>): Planned<Head>;
  /** The network with fresh weights: input `[height, width, 3]`, normalised. */
  build(design: ModelDesign<Head>, backbone: Backbone, seed: number): LayersModel;
  /** What of the network is stored and run: without outputs that only training needs. It shares the weights. Default: all. */
  inferenceModel?(model: LayersModel): LayersModel;
  /** What is fed beside the image. */
  targets(design: ModelDesign<Head>, batch: number): Record<string, TargetSpec>;
  /** Writes the targets of one sample as row `index` of the batch's arrays. */
  writeTargets(design: ModelDesign<Head>, arrays: Record<string, TypedArray>, index: number, sample: Sample): void;
  /**
   * Training loss and its parts, means over the batch. `outputs` are the network's. Where it divides by what is counted inside
   * the batch, it does so by `sums`; default: the batch is whole.
   */
  loss(graph: Graph, design: ModelDesign<Head>, outputs: readonly Value[], targets: Record<string, Value>, sums?: BatchSums): LossResult;
  /** How training images vary. `progress` is the share of the run that is done. */
  augmentation(design: ModelDesign<Head>, progress: number): AugmentOptions;
  /** Labels of one image from one or more views of it, in full-image pixels. */
  decode(views: readonly View<Head>[], options: DecodeOptions): PredictedLabel[];
  evaluator(design: ModelDesign<Head>): Evaluator;
}

/** The data cannot be trained on; the message is for the person who asked for the training. */
export class TrainingDataError extends Error {
  override readonly name = 'TrainingDataError';
}

export type { ModelCard, ModelDesign, TaskName };
