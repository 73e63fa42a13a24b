/** Weights of a tf.layers model by name, as plain numbers. */
import { type TensorData } from '../graph';
import { weightNames } from '../lower';
import { float32, type Tensors } from './engine';
import { randomFor } from './random';
import { tf, type LayersModel } from './tf';

/** Copies of all weights, by `layer/weight`. */
export function readWeights(model: LayersModel): Tensors {
  const weights: Tensors = {};
  for (const layer of model.layers) {
    for (const { name, variable } of weightNames(layer)) {
      weights[name] = float32(Float32Array.from(variable.read().dataSync()), variable.shape as number[]);
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

/**
 * Fresh weights, a function of the seed and of each weight's name alone: kernels normal with variance 2 / inputs
 * (He et al. 2015), scales and variances one, everything else zero.
 */
export function initialiseWeights(model: LayersModel, seed: number): void {
  const weights: Tensors = {};
  for (const layer of model.layers) {
    for (const { name, variable } of weightNames(layer)) {
      const shape = variable.shape as number[];
      const size = shape.reduce((a, b) => a * b, 1);
      const data = new Float32Array(size);
      if (name.endsWith('kernel')) {
        const fanIn = size / (name.endsWith('depthwise_kernel') ? shape[2]! * shape[3]! : shape.at(-1)!);
        const deviation = Math.sqrt(2 / fanIn);
        const random = randomFor(seed, 'weight', name);
        for (let i = 0; i < size; i++) data[i] = deviation * random.normal();
      } else if (name.endsWith('/gamma') || name.endsWith('/moving_variance')) {
        data.fill(1);
      }
      weights[name] = float32(data, shape);
    }
  }
  writeWeights(model, weights);
}
