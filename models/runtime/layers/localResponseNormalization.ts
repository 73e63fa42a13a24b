/** Local response normalisation (Krizhevsky et al. 2012, section 3.3): a channel is damped by the activity of its neighbours. */
import * as tf from '@tensorflow/tfjs';

export interface LocalResponseNormalizationConfig {
  name?: string;
  /** Channels on each side that count. */
  depthRadius: number;
  bias: number;
  alpha: number;
  beta: number;
}

/** x / (bias + alpha · Σ x²)^beta, the sum over the channels within `depthRadius`. Nothing is trained. */
export class LocalResponseNormalization extends tf.layers.Layer {
  static readonly className = 'LocalResponseNormalization';
  private readonly config: Omit<LocalResponseNormalizationConfig, 'name'>;

  constructor({ name, depthRadius, bias, alpha, beta }: LocalResponseNormalizationConfig) {
    super({ name });
    this.config = { depthRadius, bias, alpha, beta };
  }

  override computeOutputShape(inputShape: tf.Shape): tf.Shape {
    return inputShape;
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    const { depthRadius, bias, alpha, beta } = this.config;
    return tf.localResponseNormalization((Array.isArray(inputs) ? inputs[0]! : inputs) as tf.Tensor4D, depthRadius, bias, alpha, beta);
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), ...this.config };
  }
}
tf.serialization.registerClass(LocalResponseNormalization);
