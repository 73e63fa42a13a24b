/** LeNet's subsampling (LeCun et al. 1998, section II.B): the mean of 2×2 cells, times a trained coefficient, plus a trained bias, by channel. */
import * as tf from '@tensorflow/tfjs';

/** `gamma` is four times the paper's coefficient, which multiplies the sum. */
export class Subsampling2D extends tf.layers.Layer {
  static readonly className = 'Subsampling2D';

  constructor({ name }: { name?: string } = {}) {
    super({ name });
  }

  override build(inputShape: tf.Shape): void {
    this.addWeight('gamma', [inputShape[3]!], 'float32', tf.initializers.ones());
    this.addWeight('beta', [inputShape[3]!], 'float32', tf.initializers.zeros());
    this.built = true;
  }

  override computeOutputShape([batch, height, width, channels]: tf.Shape): tf.Shape {
    const out = (n: number | null | undefined) => (n == null ? null : Math.floor(n / 2));
    return [batch ?? null, out(height), out(width), channels ?? null];
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.tidy(() => {
      const x = (Array.isArray(inputs) ? inputs[0]! : inputs) as tf.Tensor4D;
      const [gamma, beta] = this.weights.map((weight) => weight.read());
      return tf.add(tf.mul(tf.avgPool(x, 2, 2, 'valid'), gamma!), beta!);
    });
  }
}
tf.serialization.registerClass(Subsampling2D);
