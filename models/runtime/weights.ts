/** Weights of a tf.layers model by name, as plain numbers. */
import { sizeOf, type TensorData } from '../graph';
import { weightNames } from '../lower';
import { float32, type Tensors } from './engine';
import { randomFor } from './random';
import { tf, type LayersModel } from './tf';

/** Copies of all weights, or of those wanted, by `layer/weight`. */
export function readWeights(model: LayersModel, wanted: (name: string) => boolean = () => true): Tensors {
  const weights: Tensors = {};
  for (const layer of model.layers) {
    for (const { name, variable } of weightNames(layer)) {
      if (wanted(name)) weights[name] = float32(new Float32Array(variable.read().dataSync()), variable.shape as number[]);
    }
  }
  return weights;
}

/** Writes the weights that are named; sizes must agree, shapes need not (a depthwise kernel is a grouped one). */
export function writeWeights(model: LayersModel, weights: Readonly<Record<string, TensorData>>): void {
  for (const layer of model.layers) {
    for (const { name, variable } of weightNames(layer)) {
      const value = weights[name];
      if (!value) continue;
      const tensor = tf.tensor(value.data, variable.shape as number[]);
      variable.write(tensor);
      tensor.dispose();
    }
  }
}

/** How many numbers of the input make one of the output: what the variance of fresh weights follows from. */
function fanInOf(layer: LayersModel['layers'][number], name: string, shape: readonly number[]): number {
  if ('fanIn' in layer && typeof layer.fanIn === 'number') return layer.fanIn;
  return sizeOf(shape) / (name.endsWith('depthwise_kernel') ? shape[2]! * shape[3]! : shape.at(-1)!);
}

/**
 * Fresh weights, a function of the seed and of each weight's name alone: kernels normal with variance 2 / inputs
 * (He et al. 2015), scales and variances one, everything else zero.
 */
export function initialiseWeights(model: LayersModel, seed: number): void {
  for (const layer of model.layers) {
    for (const { name, variable } of weightNames(layer)) {
      const shape = variable.shape as number[];
      const data = new Float32Array(sizeOf(shape));
      if (name.endsWith('kernel')) randomFor(seed, 'weight', name).normals(data, Math.sqrt(2 / fanInOf(layer, name, shape)));
      else if (name.endsWith('/gamma') || name.endsWith('/moving_variance')) data.fill(1);
      // One by one: the largest networks are half a gigabyte.
      const tensor = tf.tensor(data, shape);
      variable.write(tensor);
      tensor.dispose();
    }
  }
}
