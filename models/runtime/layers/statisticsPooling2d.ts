/**
 * The mean and the standard deviation of every channel over a map, one behind the other: what lies there, and how unevenly.
 * After D. Snyder et al.: Deep neural network embeddings for text-independent speaker verification. Interspeech 2017.
 */
import * as tf from '@tensorflow/tfjs';

/** Added to a variance before its root, whose slope at zero has no end. */
export const VARIANCE_EPSILON = 1e-5;

/** `[batch, height, width, channels]` → `[batch, 2 · channels]`. */
export class StatisticsPooling2D extends tf.layers.Layer {
  /** The name in model.json. */
  static readonly className = 'StatisticsPooling2D';

  constructor(args: { name?: string; trainable?: boolean } = {}) {
    super(args);
    this.inputSpec = [{ ndim: 4 }];
  }

  override computeOutputShape(inputShape: tf.Shape): tf.Shape {
    return [inputShape[0]!, 2 * inputShape[3]!];
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.tidy(() => {
      const { mean, variance } = tf.moments(Array.isArray(inputs) ? inputs[0]! : inputs, [1, 2]);
      return tf.concat([mean, tf.sqrt(tf.add(variance, VARIANCE_EPSILON))], 1);
    });
  }
}

tf.serialization.registerClass(StatisticsPooling2D);

/** See `StatisticsPooling2D`. */
export const statisticsPooling2d = (args?: { name?: string; trainable?: boolean }): StatisticsPooling2D => new StatisticsPooling2D(args);
