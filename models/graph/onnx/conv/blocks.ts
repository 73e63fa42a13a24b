/**
 * Convolution in ONNX Runtime's blocked layout, [n, c / b, h, w, b] with as many channels b side by side as its vector
 * instructions take. Depthwise it is several times faster than the ordinary kernels, which take each channel by itself; on
 * large maps it spares the copy into columns. The operators of the domain `com.microsoft.nchwc` are those that the runtime's
 * own optimizer puts into models with constant weights; here weights change, so that they are written explicitly. Whether
 * they are there, and b, is found out when the engine starts.
 */
import { type OnnxEmitter } from '../emitter';
import { imageLayout, kernelLayout } from '../layout';
import { BLOCKED } from '../writer';
import { asImage, asKernel, END } from './names';
import { spaceOf } from '../../shapes';
import { type ConvAttrs, type GraphNode, type Shape, type Value } from '../../types';

/** On smaller maps the ordinary kernels are as fast. */
const FROM_HEIGHT = 24;

/** Whether a convolution between images of these sizes goes in blocks, depthwise or with all channels. */
export function inBlocks(emitter: OnnxEmitter, kernel: Shape, { groups }: ConvAttrs, height: number): boolean {
  const { block } = emitter;
  if (block === 0 || kernel.length !== 4) return false;
  const [, , cin, cout] = kernel as readonly [number, number, number, number];
  return isDepthwise(emitter, kernel, groups) || (groups === 1 && cin % block === 0 && cout % block === 0 && height >= FROM_HEIGHT && kernel[0]! * kernel[1]! > 1);
}

/** One filter a channel, on images, with whole blocks of channels. */
export const isDepthwise = ({ block }: OnnxEmitter, kernel: Shape, groups: number): boolean =>
  block > 0 && kernel.length === 4 && kernel[2] === 1 && kernel[3] === groups && groups % block === 0;

/** The value in blocks, made once. */
function asBlocks(emitter: OnnxEmitter, value: Value): string {
  return emitter.form(value, 'blocks', () => emitter.writer.node('ReorderInput', [asImage(emitter, value)], {}, BLOCKED));
}

/** Records a result that came in blocks. */
function setFromBlocks(emitter: OnnxEmitter, value: Value, name: string): void {
  emitter.set(value, emitter.writer.node('ReorderOutput', [name], { channels: value.shape.at(-1)! }, BLOCKED), imageLayout(value.shape.length));
}

/**
 * The kernel in blocks: [out / b, in / b, h, w, b of in, b of out], depthwise [c / b, 1, h, w, b]. Mirrored for the adjoint:
 * turned around, in and out exchanged.
 */
function kernelInBlocks(emitter: OnnxEmitter, kernel: Value, mirrored: boolean): string {
  const { writer, block: b } = emitter;
  const [kh, kw, cin, cout] = kernel.shape as readonly [number, number, number, number];
  const depthwise = cin === 1;
  let name = writer.node('Reshape', [asKernel(emitter, kernel), writer.int64(depthwise ? [cout / b, b, kh, kw] : [cout / b, b, cin / b, b, kh, kw])]);
  const [rows, columns] = depthwise ? [2, 3] : [4, 5];
  if (mirrored) name = writer.node('Slice', [name, writer.int64([-1, -1]), writer.int64([END, END]), writer.int64([rows, columns]), writer.int64([-1, -1])]);
  const perm = depthwise ? [0, 2, 3, 1] : mirrored ? [2, 0, 4, 5, 1, 3] : [0, 2, 4, 5, 3, 1];
  return writer.node('Reshape', [writer.node('Transpose', [name], { perm }), writer.int64(mirrored && !depthwise ? [cin, cout, kh, kw] : [cout, cin, kh, kw])]);
}

export function convInBlocks(node: GraphNode<'conv'>, emitter: OnnxEmitter): void {
  const [x, kernel] = node.inputs as [Value, Value];
  const { strides, dilations, pads, groups } = node.attrs;
  const attributes = { kernel_shape: kernel.shape.slice(0, 2), strides, dilations, pads, group: groups };
  setFromBlocks(emitter, node.outputs[0]!, emitter.writer.node('Conv', [asBlocks(emitter, x), kernelInBlocks(emitter, kernel, false)], attributes, BLOCKED));
}

/** For stride 1: the convolution with the mirrored kernel. False where its pads would be negative. */
export function convInputInBlocks(node: GraphNode<'convInput'>, emitter: OnnxEmitter): boolean {
  const [dy, kernel] = node.inputs as [Value, Value];
  const { strides, dilations, pads, inputSize, groups } = node.attrs;
  const before = [0, 1].map((i) => dilations[i]! * (kernel.shape[i]! - 1) - pads[i]!);
  const after = [0, 1].map((i) => inputSize[i]! + dilations[i]! * (kernel.shape[i]! - 1) - dy.shape[1 + i]! - before[i]!);
  if (strides.some((s) => s > 1) || [...before, ...after].some((p) => p < 0)) return false;
  const attributes = { kernel_shape: kernel.shape.slice(0, 2), strides: [1, 1], dilations, pads: [...before, ...after], group: groups };
  setFromBlocks(emitter, node.outputs[0]!, emitter.writer.node('Conv', [asBlocks(emitter, dy), kernelInBlocks(emitter, kernel, true)], attributes, BLOCKED));
  return true;
}

/**
 * The gradient of depthwise filters is a depthwise convolution too: of the input with dy as the filters, n · c of them of a map's
 * size, strides and dilations exchanged. In blocks dy lies in memory as filters should.
 */
export function depthwiseConvFilter(node: GraphNode<'convFilter'>, emitter: OnnxEmitter): void {
  const [x, dy] = node.inputs as [Value, Value];
  const kernel = node.outputs[0]!;
  const { writer } = emitter;
  const { strides, dilations, pads, groups, filterSize } = node.attrs;
  const [n, h, w, c] = x.shape as readonly [number, number, number, number];
  const outputs = spaceOf(dy.shape);
  const maps = n * groups;
  // Pixels behind the last window make places too many: they are cut off.
  const after = [0, 1].map((i) => dilations[i]! * (filterSize[i]! - 1) + strides[i]! * (outputs[i]! - 1) + 1 - [h, w][i]! - pads[i]!);
  const found = [0, 1].map((i) => filterSize[i]! + Math.max(0, Math.floor(-after[i]! / dilations[i]!)));
  const images = writer.node('Reshape', [asBlocks(emitter, x), writer.int64([1, n * c, h, w])]);
  const filters = writer.node('Reshape', [asBlocks(emitter, dy), writer.int64([maps, 1, ...outputs])]);
  const attributes = { kernel_shape: outputs, strides: dilations, dilations: strides, pads: [pads[0]!, pads[1]!, ...after.map((p) => Math.max(p, 0))], group: maps };
  const each = writer.node('ReorderOutput', [writer.node('Conv', [images, filters], attributes, BLOCKED)], { channels: maps }, BLOCKED);
  let sum = writer.node('ReduceSum', [writer.node('Reshape', [each, writer.int64([n, c, ...found])]), writer.int64([0])], { keepdims: 0 });
  if (found.some((m, i) => m > filterSize[i]!)) sum = writer.node('Slice', [sum, writer.int64([0, 0]), writer.int64(filterSize), writer.int64([1, 2])]);
  emitter.set(kernel, writer.node('Reshape', [sum, writer.int64([c, 1, ...filterSize])]), kernelLayout(4));
}
