/** What a backbone is: a network without a head, and the head its paper put on it. */
import { type tf } from '../runtime/tf';

/** A feature map and how many input pixels one of its cells covers along each side. */
export interface FeatureMap {
  stride: number;
  tensor: tf.SymbolicTensor;
}

export interface Features {
  /** The last map at every stride the network has (1 or 2, 4, 8 … ), finest first. */
  maps: FeatureMap[];
  /** Where side branches take off, from input to output. */
  auxiliary?: tf.SymbolicTensor[];
}

export interface BuildOptions {
  /**
   * Makes every map exactly input / stride cells large, as heads with a value for each place need: what the paper leaves
   * unpadded (LeNet, AlexNet) is padded. Weights are the same in both forms. Default false: as in the paper.
   */
  aligned?: boolean;
}

/** Trained weights that come with the product. */
export interface TrainedWeights {
  /** For people: what they were trained on. */
  on: string;
  /** Licence and origin, for the model's card. */
  credit: string;
  /** What the weights expect of their input: (value − mean) / deviation on 0–255 values. */
  mean: [number, number, number];
  deviation: [number, number, number];
}

export interface Backbone {
  /** Name in the card and in settings. */
  readonly name: string;
  /** Name for people. */
  readonly title: string;
  /** Backbones of one design share a family. */
  readonly family: string;
  readonly paper: string;
  /** Input sides must be multiples of this, so that halvings meet when maps are enlarged again: its coarsest stride. */
  readonly multiple: number;
  /** Smallest side of an input in pixels. */
  readonly minimalSize: number;
  /** Side of the square input in the paper. */
  readonly usualSize: number;
  /**
   * Blocks from input to output, for unfreezing from the end: a block's layers are named by it (`block` or `block_…`).
   * Every layer with weights that `build` makes belongs to exactly one. Layers of `top` begin with `top`.
   */
  readonly blocks: readonly string[];
  /** Set when there are trained weights for it (models/node/pretrained reads them). */
  readonly trained?: TrainedWeights;
  /** Feature maps of an image `[batch, height, width, channels]`. */
  build(image: tf.SymbolicTensor, options?: BuildOptions): Features;
  /** The paper's classifier on the features: logits `[batch, classes]`. */
  top(features: Features, classes: number): tf.SymbolicTensor;
  /** Classifiers that help training and are dropped afterwards: logits of each of `features.auxiliary`. */
  sideBranches?(features: Features, classes: number): tf.SymbolicTensor[];
}
