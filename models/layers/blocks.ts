/** Blocks of tf.layers that backbones and heads share. Weights are zero until `initialiseWeights` draws them. */
import { tf } from '../runtime/tf';

export interface ConvOptions {
  strides?: number;
  /** Default true. */
  activation?: boolean;
}

/** Convolution without bias, batch norm (momentum 0.9: runs here are short), ReLU. */
export function convBlock(name: string, x: tf.SymbolicTensor, filters: number, kernelSize: number, { strides = 1, activation = true }: ConvOptions = {}): tf.SymbolicTensor {
  const conv = tf.layers.conv2d({ name: `${name}_conv`, filters, kernelSize, strides, padding: 'same', useBias: false, kernelInitializer: 'zeros' });
  const norm = tf.layers.batchNormalization({ name: `${name}_norm`, momentum: 0.9, epsilon: 1e-3 });
  const y = norm.apply(conv.apply(x)) as tf.SymbolicTensor;
  return activation ? (tf.layers.reLU({ name: `${name}_relu` }).apply(y) as tf.SymbolicTensor) : y;
}

/** x + 3×3(1×1(x)), with half the channels between (He et al. 2016, as used by YOLOv3's Darknet-53). */
export function residualBlock(name: string, x: tf.SymbolicTensor): tf.SymbolicTensor {
  const channels = x.shape[3]!;
  const inner = convBlock(`${name}_a`, x, channels / 2, 1);
  const y = convBlock(`${name}_b`, inner, channels, 3);
  return tf.layers.add({ name: `${name}_add` }).apply([x, y]) as tf.SymbolicTensor;
}
