/** The mean of a volume's every channel, which tf.layers has for signals and images only. */
import * as tf from '@tensorflow/tfjs';

export class GlobalAveragePooling3D extends tf.layers.Layer {
  /** The name in model.json. */
  static readonly className = 'GlobalAveragePooling3D';

  constructor(args: { name?: string; trainable?: boolean } = {}) {
    super(args);
    this.inputSpec = [{ ndim: 5 }];
  }

  override computeOutputShape(inputShape: tf.Shape): tf.Shape {
    return [inputShape[0]!, inputShape[4]!];
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.tidy(() => tf.mean(Array.isArray(inputs) ? inputs[0]! : inputs, [1, 2, 3]));
  }
}

tf.serialization.registerClass(GlobalAveragePooling3D);

/** See `GlobalAveragePooling3D`. */
export const globalAveragePooling3d = (args?: { name?: string; trainable?: boolean }): GlobalAveragePooling3D => new GlobalAveragePooling3D(args);
