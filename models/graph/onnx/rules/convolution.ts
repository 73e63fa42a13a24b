/**
 * The convolution family. ONNX Runtime has kernels for the forward convolution and the transposed one; which form of which
 * is the fastest depends on sizes, and was measured (bench/engine, docs/adr/0007).
 */
import { convInBlocks, convInputInBlocks, depthwiseConvFilter, inBlocks, isDepthwise } from '../conv/blocks';
import { convFilterInColumns, convInColumns, convInputInColumns, inColumns } from '../conv/columns';
import { convFilterByMatmul, convFilterByPhases, convFilterByRows, inRows } from '../conv/filter';
import { convInputByConv, convInputByPhases, convInputByTranspose } from '../conv/input';
import { asImage, asKernel } from '../conv/names';
import { type EmitRule } from '../emitter';
import { imageLayout, kernelLayout } from '../layout';
import { sizeOf } from '../../shapes';
import { type ConvAttrs, type Value } from '../../types';

/** Phases pay when the map has at least this many pixels: rearranging the kernel costs what a few hundred of them do. */
const PHASES_FROM = 256;
/** Below this height a transposed convolution is faster than a convolution with the mirrored kernel. */
const TRANSPOSE_BELOW = 24;

/** Two axes, equal strides above one, and nothing else unusual. */
function inPhases({ groups, strides, dilations }: ConvAttrs, dy: Value): boolean {
  const square = strides.length === 2 && strides[0] === strides[1] && strides[0]! > 1 && dilations.every((d) => d === 1);
  return square && groups === 1 && sizeOf(dy.shape.slice(0, -1)) >= PHASES_FROM;
}

export const convolution = {
  conv: ((node, emitter) => {
    const [x, kernel] = node.inputs as [Value, Value];
    const y = node.outputs[0]!;
    const { attrs } = node;
    // Constant kernels are rearranged once by ONNX Runtime, which then needs no help.
    const constant = emitter.isConstant(kernel);
    if (!constant && inColumns('conv', kernel.shape, y.shape, attrs)) return convInColumns(node, emitter);
    if (!constant && inBlocks(emitter, kernel.shape, attrs, y.shape[1]!)) return convInBlocks(node, emitter);
    const { strides, dilations, pads, groups } = attrs;
    const attributes = { kernel_shape: kernel.shape.slice(0, -2), strides, dilations, pads, group: groups };
    emitter.set(y, emitter.writer.node('Conv', [asImage(emitter, x), asKernel(emitter, kernel)], attributes), imageLayout(x.shape.length));
  }) satisfies EmitRule<'conv'>,

  convInput: ((node, emitter) => {
    const [dy, kernel] = node.inputs as [Value, Value];
    const { attrs } = node;
    const constant = emitter.isConstant(kernel);
    if (!constant && inColumns('conv', kernel.shape, dy.shape, attrs)) return convInputInColumns(node, emitter);
    if (!constant && inBlocks(emitter, kernel.shape, attrs, attrs.inputSize[0]!) && convInputInBlocks(node, emitter)) return;
    const depthwise = attrs.groups > 1 && kernel.shape.at(-2) === 1 && kernel.shape.at(-1) === attrs.groups;
    const unit = attrs.strides.every((s) => s === 1);
    const single = sizeOf(kernel.shape.slice(0, -2)) === 1;
    const byConv = unit && (depthwise || (attrs.groups === 1 && (single || attrs.inputSize[0]! >= TRANSPOSE_BELOW)));
    const name = byConv ? convInputByConv(node, emitter, depthwise) : inPhases(attrs, dy) ? convInputByPhases(node, emitter) : convInputByTranspose(node, emitter);
    emitter.set(node.outputs[0]!, name, imageLayout(kernel.shape.length));
  }) satisfies EmitRule<'convInput'>,

  convFilter: ((node, emitter) => {
    const dy = node.inputs[1]!;
    const kernel = node.outputs[0]!;
    const { attrs } = node;
    if (isDepthwise(emitter, kernel.shape, attrs.groups)) return depthwiseConvFilter(node, emitter);
    if (inColumns('filter', kernel.shape, dy.shape, attrs)) return convFilterInColumns(node, emitter);
    const name = inRows(node) ? convFilterByRows(node, emitter) : inPhases(attrs, dy) ? convFilterByPhases(node, emitter) : convFilterByMatmul(node, emitter);
    emitter.set(kernel, name, kernelLayout(kernel.shape.length));
  }) satisfies EmitRule<'convFilter'>,
};
