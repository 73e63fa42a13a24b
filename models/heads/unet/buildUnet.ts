/** Backbone, expanding half and a score for each class and cell, as one tf.layers model. */
import { type Backbone } from '../../backbones';
import { tf, type LayersModel } from '../../runtime/tf';
import { initialiseWeights, readWeights, writeWeights } from '../../runtime/weights';
import { unetDecoder, type DecoderOptions } from './decoder';

export interface UnetLayout extends DecoderOptions {
  /** Network input in pixels: multiples of the backbone's coarsest stride. */
  inputSize: { width: number; height: number };
  /** Scores a cell, background included where there is one. */
  channels: number;
}

/** Layer that gives the logits. */
export const UNET_OUTPUT = 'logits';

/**
 * A segmenter: input `[batch, height, width, 3]`, normalised; output logits `[batch, height / outputStride, width / outputStride,
 * channels]`, of which the greatest is the cell's class. Weights are drawn from the seed.
 */
export function buildUnet(backbone: Backbone, { inputSize, channels, ...decoder }: UnetLayout, seed: number): LayersModel {
  const image = tf.input({ shape: [inputSize.height, inputSize.width, 3], name: 'image' });
  const x = unetDecoder(backbone.build(image, { aligned: true }), decoder);
  const logits = tf.layers.conv2d({ name: UNET_OUTPUT, filters: channels, kernelSize: 1, kernelInitializer: 'zeros' }).apply(x) as tf.SymbolicTensor;
  const model = tf.model({ inputs: image, outputs: logits, name: 'segmenter' });
  initialiseWeights(model, seed);
  // Small first logits: training begins at equal probabilities, not at confident nonsense.
  const kernel = readWeights(model)[`${UNET_OUTPUT}/kernel`]!;
  writeWeights(model, { [`${UNET_OUTPUT}/kernel`]: { ...kernel, data: kernel.data.map((w) => w * 0.1) } });
  return model;
}
