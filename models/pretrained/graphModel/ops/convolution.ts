/** Convolutions and matrix products, plain and fused with bias and activation; normalisation over the batch. */
import { ops, samePads, type ConvAttrs, type Value } from '../../../graph';
import { type OpContext, type OpFamily } from '../types';
import { activations, prelu } from './elementwise';

/** Pads of `SAME`, `VALID` or `EXPLICIT` for an image of this height and width. */
export function padsOf(context: OpContext, size: readonly number[], window: readonly number[], strides: readonly number[], dilations: readonly number[] = [1, 1]): number[] {
  const padding = context.attrs.string('padding', 'VALID');
  if (padding === 'SAME') return samePads(size, window, strides, dilations);
  if (padding === 'VALID') return [0, 0, 0, 0];
  const pads = context.attrs.numbers('explicit_paddings');
  if (padding !== 'EXPLICIT' || pads.length !== 8) throw new Error(`padding ${padding} is unknown`);
  return [pads[2]!, pads[4]!, pads[3]!, pads[5]!];
}

/** The two middle numbers of a list over [batch, height, width, channels]. */
export function along(context: OpContext, key: string): [number, number] {
  const format = context.attrs.string('data_format', 'NHWC');
  if (format !== 'NHWC') throw new Error(`the layout ${format} is not supported, only NHWC`);
  const list = context.attrs.numbers(key);
  return list.length === 4 ? [list[1]!, list[2]!] : [1, 1];
}

function windowOf(context: OpContext, size: readonly number[], kernel: Value, groups: number): ConvAttrs {
  const strides = along(context, 'strides');
  const dilations = along(context, 'dilations');
  return { strides, dilations, groups, pads: padsOf(context, size, kernel.shape.slice(0, 2), strides, dilations) };
}

/** Bias and activation of a fused operation; its further inputs begin at `from`. */
function fused(context: OpContext, y: Value, from: number): Value {
  let result = y;
  let at = from;
  for (const name of context.attrs.strings('fused_ops')) {
    if (name === 'BiasAdd') result = ops.add(result, context.input(at++));
    else if (name === 'Prelu') result = prelu(result, context.input(at++));
    else if (name === 'LeakyRelu') result = ops.leakyRelu(result, context.attrs.number('leakyrelu_alpha', 0.2));
    else if (activations[name]) result = activations[name](result);
    else throw new Error(`the fused operation ${name} is unknown`);
  }
  return result;
}

function conv2d(context: OpContext): Value {
  const [x, kernel] = [context.input(0), context.input(1)];
  const groups = x.shape[3]! / kernel.shape[2]!;
  return fused(context, ops.conv(x, kernel, windowOf(context, x.shape.slice(1, 3), kernel, groups)), 2);
}

/** The kernel [h, w, channels, multiplier] is, number for number, a grouped one [h, w, 1, channels · multiplier]. */
function depthwise(context: OpContext): Value {
  const [x, given] = [context.input(0), context.input(1)];
  const [h, w, channels, multiplier] = given.shape as [number, number, number, number];
  const kernel = ops.reshape(given, [h, w, 1, channels * multiplier]);
  return fused(context, ops.conv(x, kernel, windowOf(context, x.shape.slice(1, 3), kernel, channels)), 2);
}

function matmul(context: OpContext): Value {
  const [a, b] = [context.input(0), context.input(1)];
  const flag = (short: string, long: string) => context.attrs.flag(short, context.attrs.flag(long));
  return fused(context, ops.matmul(a, b, flag('transpose_a', 'adj_x'), flag('transpose_b', 'adj_y')), 2);
}

/** In inference: (x − mean) / √(variance + ε) · scale + offset. Training mode is not read. */
function batchNorm(context: OpContext): Value {
  if (context.attrs.flag('is_training')) throw new Error('batch norm in training mode; freeze the model before converting it');
  const [x, scale, offset, mean, variance] = [0, 1, 2, 3, 4].map((i) => context.input(i)) as [Value, Value, Value, Value, Value];
  const factor = ops.mul(ops.reciprocal(ops.sqrt(ops.add(variance, context.attrs.number('epsilon', 1e-4)))), scale);
  return ops.add(ops.mul(x, factor), ops.sub(offset, ops.mul(mean, factor)));
}

export const convolution: OpFamily = {
  Conv2D: conv2d,
  _FusedConv2D: conv2d,
  DepthwiseConv2dNative: depthwise,
  FusedDepthwiseConv2dNative: depthwise,
  Conv2DBackpropInput: (context) => {
    const [, height, width] = context.numbers(0) as [number, number, number];
    const [kernel, dy] = [context.input(1), context.input(2)];
    return ops.convInput(dy, kernel, windowOf(context, [height, width], kernel, 1), [height, width]);
  },
  MatMul: matmul,
  _FusedMatMul: matmul,
  BatchMatMul: matmul,
  BatchMatMulV2: matmul,
  FusedBatchNorm: batchNorm,
  FusedBatchNormV2: batchNorm,
  FusedBatchNormV3: batchNorm,
};
