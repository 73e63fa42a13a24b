/** MobileNet v3's activations (Howard et al. 2019, section 5.2). tf.layers' own `hardSigmoid` has another slope. */
import * as tf from '@tensorflow/tfjs';

/** ReLU6(x + 3) / 6 */
const gate = (x: tf.Tensor): tf.Tensor => tf.div(tf.clipByValue(tf.add(x, 3), 0, 6), 6);
const first = (inputs: tf.Tensor | tf.Tensor[]): tf.Tensor => (Array.isArray(inputs) ? inputs[0]! : inputs);

/** ReLU6(x + 3) / 6: a sigmoid in straight lines. */
export class HardGate extends tf.layers.Layer {
  static readonly className = 'HardGate';

  constructor({ name }: { name?: string } = {}) {
    super({ name });
  }

  override computeOutputShape(shape: tf.Shape): tf.Shape {
    return shape;
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.tidy(() => gate(first(inputs)));
  }
}
tf.serialization.registerClass(HardGate);

/** x · ReLU6(x + 3) / 6: swish in straight lines. */
export class HardSwish extends tf.layers.Layer {
  static readonly className = 'HardSwish';

  constructor({ name }: { name?: string } = {}) {
    super({ name });
  }

  override computeOutputShape(shape: tf.Shape): tf.Shape {
    return shape;
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.tidy(() => tf.mul(first(inputs), gate(first(inputs))));
  }
}
tf.serialization.registerClass(HardSwish);
