/** Blocks of tf.layers that backbones and heads share. Weights are zero until `initialiseWeights` draws them. */
import {
  ConnectedConv2D, GroupedConv2D, HardSwish, LocalResponseNormalization, Subsampling2D, type ConnectedConv2DConfig, type GroupedConv2DArgs, type LocalResponseNormalizationConfig,
} from '../runtime/layers';
import { tf } from '../runtime/tf';

export type Activation = 'relu' | 'relu6' | 'hardSwish' | 'swish' | 'tanh' | 'none';

export interface ConvOptions {
  strides?: number;
  /** Default `relu`. */
  activation?: Activation;
  /** Default `same`. */
  padding?: 'same' | 'valid';
}

export function activate(name: string, x: tf.SymbolicTensor, activation: Activation): tf.SymbolicTensor {
  switch (activation) {
    case 'none':
      return x;
    case 'relu':
      return tf.layers.reLU({ name: `${name}_relu` }).apply(x) as tf.SymbolicTensor;
    case 'relu6':
      return tf.layers.reLU({ name: `${name}_relu6`, maxValue: 6 }).apply(x) as tf.SymbolicTensor;
    case 'hardSwish':
      return new HardSwish({ name: `${name}_swish` }).apply(x) as tf.SymbolicTensor;
    default:
      return tf.layers.activation({ name: `${name}_${activation}`, activation }).apply(x) as tf.SymbolicTensor;
  }
}

/** Batch norm; momentum 0.9, because runs here are short. */
function normalise(name: string, x: tf.SymbolicTensor): tf.SymbolicTensor {
  return tf.layers.batchNormalization({ name: `${name}_norm`, momentum: 0.9, epsilon: 1e-3 }).apply(x) as tf.SymbolicTensor;
}

/** Convolution without bias, batch norm, activation. */
export function convBlock(name: string, x: tf.SymbolicTensor, filters: number, kernelSize: number, { strides = 1, activation = 'relu', padding = 'same' }: ConvOptions = {}): tf.SymbolicTensor {
  const conv = tf.layers.conv2d({ name: `${name}_conv`, filters, kernelSize, strides, padding, useBias: false, kernelInitializer: 'zeros' });
  return activate(name, normalise(name, conv.apply(x) as tf.SymbolicTensor), activation);
}

/** Depthwise convolution without bias, batch norm, activation. */
export function depthwiseBlock(name: string, x: tf.SymbolicTensor, kernelSize: number, { strides = 1, activation = 'relu', padding = 'same' }: ConvOptions = {}): tf.SymbolicTensor {
  const conv = tf.layers.depthwiseConv2d({ name: `${name}_conv`, kernelSize, strides, padding, useBias: false, depthwiseInitializer: 'zeros' });
  return activate(name, normalise(name, conv.apply(x) as tf.SymbolicTensor), activation);
}

/** Convolution with bias and activation: networks from before batch norm. */
export function biasedConv(name: string, x: tf.SymbolicTensor, filters: number, kernelSize: number | [number, number], { strides = 1, activation = 'relu', padding = 'same' }: ConvOptions = {}): tf.SymbolicTensor {
  const conv = tf.layers.conv2d({ name: `${name}_conv`, filters, kernelSize, strides, padding, kernelInitializer: 'zeros' });
  return activate(name, conv.apply(x) as tf.SymbolicTensor, activation);
}

/** Depthwise convolution with bias and activation. */
export function biasedDepthwise(name: string, x: tf.SymbolicTensor, kernelSize: number, { strides = 1, activation = 'relu', padding = 'same' }: ConvOptions = {}): tf.SymbolicTensor {
  const conv = tf.layers.depthwiseConv2d({ name: `${name}_conv`, kernelSize, strides, padding, depthwiseInitializer: 'zeros' });
  return activate(name, conv.apply(x) as tf.SymbolicTensor, activation);
}

/** x + 3×3(1×1(x)), with half the channels between (He et al. 2016, as used by YOLOv3's Darknet-53). */
export function residualBlock(name: string, x: tf.SymbolicTensor): tf.SymbolicTensor {
  const channels = x.shape[3]!;
  const inner = convBlock(`${name}_a`, x, channels / 2, 1);
  return add(name, x, convBlock(`${name}_b`, inner, channels, 3));
}

export const add = (name: string, ...values: tf.SymbolicTensor[]): tf.SymbolicTensor => tf.layers.add({ name: `${name}_add` }).apply(values) as tf.SymbolicTensor;

export function maxPool(name: string, x: tf.SymbolicTensor, poolSize: number, strides: number, padding: 'same' | 'valid' = 'same'): tf.SymbolicTensor {
  return tf.layers.maxPooling2d({ name, poolSize, strides, padding }).apply(x) as tf.SymbolicTensor;
}

/** Channels weighted by what the whole map holds (Hu et al. 2018): global mean, `reduced` units, one sigmoid a channel. */
export function squeezeExcite(name: string, x: tf.SymbolicTensor, reduced: number, activation: Activation): tf.SymbolicTensor {
  const channels = x.shape[3]!;
  const mean = tf.layers.globalAveragePooling2d({ name: `${name}_pool` }).apply(x) as tf.SymbolicTensor;
  const cell = tf.layers.reshape({ name: `${name}_reshape`, targetShape: [1, 1, channels] }).apply(mean) as tf.SymbolicTensor;
  const squeezed = biasedConv(`${name}_reduce`, cell, reduced, 1, { activation });
  const gate = tf.layers.conv2d({ name: `${name}_expand_conv`, filters: channels, kernelSize: 1, activation: 'sigmoid', kernelInitializer: 'zeros' });
  return tf.layers.multiply({ name: `${name}_scale` }).apply([x, gate.apply(squeezed) as tf.SymbolicTensor]) as tf.SymbolicTensor;
}

export function dense(name: string, x: tf.SymbolicTensor, units: number, activation: Activation = 'none'): tf.SymbolicTensor {
  return activate(name, tf.layers.dense({ name, units, kernelInitializer: 'zeros' }).apply(x) as tf.SymbolicTensor, activation);
}

export const dropout = (name: string, x: tf.SymbolicTensor, rate: number): tf.SymbolicTensor =>
  rate === 0 ? x : (tf.layers.dropout({ name, rate }).apply(x) as tf.SymbolicTensor);

export const flatten = (name: string, x: tf.SymbolicTensor): tf.SymbolicTensor => tf.layers.flatten({ name }).apply(x) as tf.SymbolicTensor;

/**
 * Stochastic depth, also called drop-connect (Huang et al. 2016): in training a residual branch is left out for whole images
 * at a time. Written as dropout with one draw an image, which any reader of tf.layers models knows.
 */
export const dropPath = (name: string, x: tf.SymbolicTensor, rate: number): tf.SymbolicTensor =>
  rate === 0 ? x : (tf.layers.dropout({ name, rate, noiseShape: [null as unknown as number, 1, 1, 1] }).apply(x) as tf.SymbolicTensor);

export const localResponse = (args: LocalResponseNormalizationConfig, x: tf.SymbolicTensor): tf.SymbolicTensor =>
  new LocalResponseNormalization(args).apply(x) as tf.SymbolicTensor;

/** With bias and activation, like `biasedConv`. */
export const groupedConv = (name: string, x: tf.SymbolicTensor, args: GroupedConv2DArgs, activation: Activation = 'relu'): tf.SymbolicTensor =>
  activate(name, new GroupedConv2D({ name: `${name}_conv`, padding: 'same', ...args }).apply(x) as tf.SymbolicTensor, activation);

export const connectedConv = (name: string, x: tf.SymbolicTensor, args: ConnectedConv2DConfig, activation: Activation): tf.SymbolicTensor =>
  activate(name, new ConnectedConv2D({ name: `${name}_conv`, ...args }).apply(x) as tf.SymbolicTensor, activation);

export const subsampling = (name: string, x: tf.SymbolicTensor, activation: Activation): tf.SymbolicTensor =>
  activate(name, new Subsampling2D({ name: `${name}_pool` }).apply(x) as tf.SymbolicTensor, activation);
