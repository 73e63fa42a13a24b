/** The primitives for the tfjs engine: the oracle's where they are one kernel, faster ones where the oracle has loops. */
import { tf } from '../../runtime/tf';
import { sizeOf, spaceOf } from '../shapes';
import { type OpName } from '../types';
import { oracleRules, type TfRule } from './oracleRules';
import * as windows from './windows';

type Rules = { [K in Exclude<OpName, 'input' | 'constant'>]: TfRule<K> };
const space = (node: { outputs: readonly { shape: readonly number[] }[] }): number[] => spaceOf(node.outputs[0]!.shape);

/** `wanted` says whether a value has a reader. */
export const engineRules = (wanted: (node: { outputs: readonly object[] }, index: number) => boolean): Rules => ({
  ...oracleRules,
  pad: ([x], { before, after, interior }) => {
    const wide = windows.spread(x!, interior);
    // What was spread after the last number is not between two.
    const size = wide.shape.map((n, i) => n - interior[i]!);
    const cut = interior.some((n) => n > 0) ? tf.slice(wide, size.map(() => 0), size) : wide;
    return tf.pad(cut, before.map((n, i): [number, number] => [n, after[i]!]));
  },
  matmul: ([a, b], { transposeA, transposeB }) => {
    // Transposing first: WASM's product of transposed matrices is a plain loop.
    const turned = (x: tf.Tensor, turn: boolean) => (turn ? tf.transpose(x, [...x.shape.map((_, i) => i).slice(0, -2), x.rank - 1, x.rank - 2]) : x);
    return tf.matMul(turned(a!, transposeA), turned(b!, transposeB));
  },
  reduceSum: ([x], { axes, keepDims }) => {
    const rank = x!.rank;
    const channels = x!.shape.at(-1)!;
    const rows = sizeOf(x!.shape) / Math.max(channels, 1);
    // One number a channel: a product with ones is many times faster than WASM's sum over leading axes.
    if (x!.dtype === 'float32' && axes.length === rank - 1 && !axes.includes(rank - 1) && rows >= 64) {
      const sums = tf.matMul(tf.ones([1, rows]), tf.reshape(x!, [rows, channels]));
      return tf.reshape(sums, keepDims ? [...axes.map(() => 1), channels] : [channels]);
    }
    return tf.sum(x!, [...axes], keepDims);
  },
  conv: ([x, kernel], attrs, node) => windows.conv(x!, kernel!, attrs, space(node)),
  convInput: ([dy, kernel], attrs) => windows.convInput(dy!, kernel!, attrs, attrs.inputSize),
  convFilter: ([x, dy], attrs) => windows.convFilter(x!, dy!, attrs, attrs.filterSize),
  maxPool: ([x], attrs, node) => windows.maxPool(x!, attrs, space(node), wanted(node, 1)),
  maxUnpool: ([dy, at], attrs) => windows.maxUnpool(dy!, at!, attrs, attrs.inputSize),
  maxRegather: ([g, at], attrs) => windows.maxRegather(g!, at!, attrs),
  avgPool: ([x], attrs, node) => windows.avgPool(x!, attrs, space(node)),
  avgUnpool: ([dy], attrs) => windows.avgUnpool(dy!, attrs, attrs.inputSize),
});
