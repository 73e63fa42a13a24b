/** Convolution in which every output map sees only the input maps of a table (LeCun et al. 1998, table I). */
import * as tf from '@tensorflow/tfjs';

export interface ConnectedConv2DConfig {
  name?: string;
  /** For each output map, the indices of the input maps it sees. */
  connections: readonly (readonly number[])[];
  /** Side of the square kernel. */
  kernelSize: number;
  padding?: 'same' | 'valid';
}

/**
 * Where each connection's weights stand in the full kernel: `[connections, in · out]`, one 1 a row. A kernel of
 * connections `[size², connections]` times this is the full kernel `[size², in · out]`, zero where nothing is connected.
 */
export function connectionMatrix(connections: ConnectedConv2DConfig['connections'], channels: number): Float32Array {
  const columns = channels * connections.length;
  const matrix = new Float32Array(connections.flat().length * columns);
  let row = 0;
  connections.forEach((inputs, out) => {
    for (const input of inputs) matrix[row++ * columns + input * connections.length + out] = 1;
  });
  return matrix;
}

/** Channels last, stride 1, with bias, no activation. Kernel `[size, size, connections]`, in the order of the table. */
export class ConnectedConv2D extends tf.layers.Layer {
  static readonly className = 'ConnectedConv2D';
  /** Inputs of one output, on average: the variance of fresh weights follows from it. */
  readonly fanIn: number;
  private readonly config: Required<Omit<ConnectedConv2DConfig, 'name'>>;

  constructor({ name, connections, kernelSize, padding = 'valid' }: ConnectedConv2DConfig) {
    super({ name });
    this.config = { connections, kernelSize, padding };
    this.fanIn = (kernelSize ** 2 * connections.flat().length) / connections.length;
  }

  override build(inputShape: tf.Shape): void {
    const { connections, kernelSize } = this.config;
    const channels = inputShape[3]!;
    if (connections.flat().some((input) => !(input >= 0 && input < channels))) throw new Error(`a connection is not to one of the ${channels} input maps`);
    this.addWeight('kernel', [kernelSize, kernelSize, connections.flat().length], 'float32', tf.initializers.zeros());
    this.addWeight('bias', [connections.length], 'float32', tf.initializers.zeros());
    this.built = true;
  }

  override computeOutputShape([batch, height, width]: tf.Shape): tf.Shape {
    const { connections, kernelSize, padding } = this.config;
    const out = (n: number | null | undefined) => (n == null ? null : padding === 'same' ? n : n - kernelSize + 1);
    return [batch ?? null, out(height), out(width), connections.length];
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    const { connections, kernelSize, padding } = this.config;
    return tf.tidy(() => {
      const x = (Array.isArray(inputs) ? inputs[0]! : inputs) as tf.Tensor4D;
      const channels = x.shape[3];
      const [kernel, bias] = this.weights.map((weight) => weight.read());
      const links = connections.flat().length;
      const full = tf.matMul(tf.reshape(kernel!, [-1, links]), tf.tensor2d(connectionMatrix(connections, channels), [links, channels * connections.length]));
      return tf.add(tf.conv2d(x, tf.reshape(full, [kernelSize, kernelSize, channels, connections.length]), 1, padding), bias!);
    });
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), ...this.config, connections: this.config.connections.map((inputs) => [...inputs]) };
  }
}
tf.serialization.registerClass(ConnectedConv2D);
