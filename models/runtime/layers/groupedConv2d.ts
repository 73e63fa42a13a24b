/**
 * Convolution in groups (Krizhevsky et al. 2012), which tf.layers lacks: the input's channels are cut into `groups` parts,
 * each of which is seen by its own share of the filters.
 */
import * as tf from '@tensorflow/tfjs';

export interface GroupedConv2DArgs {
  name?: string;
  filters: number;
  kernelSize: number | readonly [number, number];
  groups: number;
  strides?: number | readonly [number, number];
  dilationRate?: number | readonly [number, number];
  padding?: 'valid' | 'same';
  useBias?: boolean;
  trainable?: boolean;
}

const pair = (value: number | readonly [number, number]): [number, number] => (typeof value === 'number' ? [value, value] : [value[0], value[1]]);

export class GroupedConv2D extends tf.layers.Layer {
  /** The name in model.json. */
  static readonly className = 'GroupedConv2D';
  private readonly settings: Required<Omit<GroupedConv2DArgs, 'name' | 'trainable'>> & { kernelSize: [number, number]; strides: [number, number]; dilationRate: [number, number] };
  private kernel!: tf.LayerVariable;
  private bias: tf.LayerVariable | null = null;

  constructor({ filters, kernelSize, groups, strides = 1, dilationRate = 1, padding = 'valid', useBias = true, ...layer }: GroupedConv2DArgs) {
    super(layer);
    if (filters % groups !== 0) throw new Error(`${filters} filters do not divide into ${groups} groups`);
    this.settings = { filters, groups, padding, useBias, kernelSize: pair(kernelSize), strides: pair(strides), dilationRate: pair(dilationRate) };
  }

  /** Weights are zero until they are drawn or loaded: `kernel` [height, width, in / groups, out] and `bias` [out]. */
  override build(inputShape: tf.Shape): void {
    const { filters, groups, kernelSize, useBias } = this.settings;
    const channels = inputShape[3];
    if (!channels || channels % groups !== 0) throw new Error(`${channels} channels do not divide into ${groups} groups`);
    const zeros = tf.initializers.zeros();
    this.kernel = this.addWeight('kernel', [...kernelSize, channels / groups, filters], 'float32', zeros);
    if (useBias) this.bias = this.addWeight('bias', [filters], 'float32', zeros);
    super.build(inputShape);
  }

  override computeOutputShape(inputShape: tf.Shape): tf.Shape {
    const { filters, kernelSize, strides, dilationRate, padding } = this.settings;
    const space = [0, 1].map((i) => {
      const n = inputShape[1 + i];
      if (n == null) return null;
      return Math.ceil((padding === 'same' ? n : n - dilationRate[i]! * (kernelSize[i]! - 1)) / strides[i]!);
    });
    return [inputShape[0]!, ...space, filters];
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.tidy(() => {
      const x = (Array.isArray(inputs) ? inputs[0]! : inputs) as tf.Tensor4D;
      const { groups, strides, dilationRate, padding } = this.settings;
      const kernels = tf.split(this.kernel.read(), groups, 3) as tf.Tensor4D[];
      const parts = (tf.split(x, groups, 3) as tf.Tensor4D[]).map((part, i) => tf.conv2d(part, kernels[i]!, strides, padding, 'NHWC', dilationRate));
      const y = tf.concat(parts, 3);
      return this.bias ? tf.add(y, this.bias.read()) : y;
    });
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), ...this.settings };
  }
}

tf.serialization.registerClass(GroupedConv2D);

/** See `GroupedConv2D`. */
export const groupedConv2d = (args: GroupedConv2DArgs): GroupedConv2D => new GroupedConv2D(args);
