/** Helpers that backbones share. */
import { dense, dropout } from '../layers/blocks';
import { tf } from '../runtime/tf';
import { type Features } from './types';

/** Gathers the last map at each stride while a network is built: every new map replaces the one of its stride. */
export class FeatureMaps {
  private readonly maps = new Map<number, tf.SymbolicTensor>();

  set(stride: number, tensor: tf.SymbolicTensor): tf.SymbolicTensor {
    this.maps.set(stride, tensor);
    return tensor;
  }

  list(): Features {
    return { maps: [...this.maps].map(([stride, tensor]) => ({ stride, tensor })).sort((a, b) => a.stride - b.stride) };
  }
}

/** The last map of the network. */
export const coarsest = ({ maps }: Features): tf.SymbolicTensor => maps.at(-1)!.tensor;

/** Global average pooling and one dense layer. */
export function pooledClassifier(x: tf.SymbolicTensor, classes: number, rate = 0): tf.SymbolicTensor {
  const pooled = tf.layers.globalAveragePooling2d({ name: 'top_pool' }).apply(x) as tf.SymbolicTensor;
  return dense('top_dense', dropout('top_dropout', pooled, rate), classes);
}

/** `stage1_block1`, `stage1_block2`, `stage2_block1` … for stages of these lengths. */
export const blockNames = (repeats: readonly number[]): string[] =>
  repeats.flatMap((count, s) => Array.from({ length: count }, (_, b) => `stage${s + 1}_block${b + 1}`));
