/** An ONNX model, node by node, from its file and the shapes that its values had when it ran. */
import { sizeOf } from '../graph';
import { type OnnxModel, type OnnxNode } from '../import/onnx';
import { imageInput } from '../import/upload';
import { type Size } from '../data/letterbox';
import { merged, spread, windowed, type Field, type Seen } from './receptive';
import { type LayerReport, type NetworkReport } from './schema';

/** Bytes of TensorProto.DataType. */
const WIDTH: Readonly<Record<number, number>> = { 1: 4, 2: 1, 3: 1, 4: 2, 5: 2, 6: 4, 7: 8, 9: 1, 10: 2, 11: 8, 12: 4, 13: 8, 16: 2 };

/** A node as ONNX Runtime names it when the file gives it no name: by its operator and its place among those that are no constants. */
export function nodeNames({ nodes }: OnnxModel): Map<OnnxNode, string> {
  let index = 0;
  const names = new Map<OnnxNode, string>();
  for (const node of nodes) {
    names.set(node, node.name || `${node.opType}_${index}`);
    if (node.opType !== 'Constant') index++;
  }
  return names;
}

const list = (node: OnnxNode, key: string, fallback: readonly number[]): readonly number[] => {
  const value = node.attributes[key];
  return Array.isArray(value) ? value : fallback;
};

/** Shapes of the weights and of the values that were measured. */
type Shapes = (name: string) => readonly number[] | undefined;

/** Multiplications of a node, for a batch of one. */
function multiplicationsOf(node: OnnxNode, shapes: Shapes): number {
  const [a, b] = node.inputs.map((name) => shapes(name));
  const output = shapes(node.outputs[0] ?? '');
  if (!output || !b) return 0;
  switch (node.opType) {
    case 'Conv':
    case 'QLinearConv':
    case 'FusedConv':
      return sizeOf(output) * sizeOf(b.slice(1));
    case 'ConvTranspose':
      return a ? sizeOf(a) * sizeOf(b.slice(1)) : 0;
    case 'Gemm':
      return sizeOf(output) * (node.attributes.transB === 1 ? b[1]! : b[0]!);
    case 'MatMul':
      return sizeOf(output) * (b.length > 1 ? b.at(-2)! : b[0]!);
    default:
      return 0;
  }
}

/** Field of a node's result, axis by axis of its own layout (channels first). */
function fieldOf(node: OnnxNode, shapes: Shapes, fieldOfValue: (name: string) => Field | undefined): Field {
  const output = shapes(node.outputs[0] ?? '') ?? [];
  const first = fieldOfValue(node.inputs[0] ?? '');
  const nowhere = output.map(() => null);
  const space = (step: (seen: Seen, axis: number) => Seen): Field => (first && first.length === output.length ? first.map((seen, i) => (seen && i > 1 ? step(seen, i - 2) : null)) : nowhere);
  const ones = output.slice(2).map(() => 1);
  switch (node.opType) {
    case 'Conv': {
      const kernel = list(node, 'kernel_shape', shapes(node.inputs[1] ?? '')?.slice(2) ?? ones);
      return space((seen, i) => windowed(seen, kernel[i]!, list(node, 'strides', ones)[i]!, list(node, 'dilations', ones)[i]!));
    }
    case 'ConvTranspose': {
      const kernel = list(node, 'kernel_shape', shapes(node.inputs[1] ?? '')?.slice(2) ?? ones);
      return space((seen, i) => spread(seen, kernel[i]!, list(node, 'strides', ones)[i]!));
    }
    case 'MaxPool':
    case 'AveragePool':
    case 'LpPool':
      return space((seen, i) => windowed(seen, list(node, 'kernel_shape', ones)[i]!, list(node, 'strides', ones)[i]!));
    case 'Resize':
    case 'Upsample': {
      const input = shapes(node.inputs[0] ?? '');
      return space((seen, i) => (input ? spread(seen, 1, output[i + 2]! / input[i + 2]!) : seen));
    }
    case 'Transpose': {
      const perm = list(node, 'perm', output.map((_, i) => output.length - 1 - i));
      return first ? perm.map((axis) => first[axis] ?? null) : nowhere;
    }
    case 'GlobalAveragePool':
    case 'GlobalMaxPool':
    case 'MatMul':
    case 'Gemm':
    case 'Flatten':
    case 'Reshape':
    case 'NonMaxSuppression':
      return nowhere;
    default:
      return output.map((_, axis) => merged(node.inputs.map((name) => {
        const field = fieldOfValue(name);
        const shape = shapes(name);
        return field && shape && field.length === output.length && !(shape[axis] === 1 && output[axis] !== 1) ? field[axis]! : null;
      })));
  }
}

function placeOf(field: Field): Pick<LayerReport, 'receptiveField' | 'stride'> {
  const seen = field.filter((axis) => axis !== null);
  const [height, width] = [seen.at(-2) ?? seen[0], seen.at(-1)];
  if (!height || !width) return { receptiveField: null, stride: null };
  return { receptiveField: { height: height.size, width: width.size }, stride: { height: height.jump, width: width.jump } };
}

/** `measured` gives the shape of a node's first result by the node's name, as it was when the model ran on one image. */
export function onnxReport(model: OnnxModel, inputSize: Size, measured: ReadonlyMap<string, readonly number[]>): NetworkReport {
  const { input, layout, depth } = imageInput(model);
  const { width, height } = inputSize;
  const names = nodeNames(model);
  const image = layout === 'nchw' ? [1, depth, height, width] : [1, height, width, depth];
  const shapes = new Map<string, readonly number[]>([[input, image], ...model.initializers.map(({ name, dims }) => [name, dims] as const)]);
  for (const node of model.nodes) {
    const shape = measured.get(names.get(node)!);
    if (shape && node.outputs[0]) shapes.set(node.outputs[0], shape);
  }
  const shapeOf: Shapes = (name) => shapes.get(name);
  const fields = new Map<string, Field>([[input, layout === 'nchw' ? image.map((_, i) => (i > 1 ? { size: 1, jump: 1 } : null)) : image.map((_, i) => (i === 1 || i === 2 ? { size: 1, jump: 1 } : null))]]);
  const weights = new Map(model.initializers.map((tensor) => [tensor.name, tensor]));
  const maker = new Map<string, string>([[input, input]]);
  const counted = new Set<string>();

  const layers = model.nodes.flatMap((node): LayerReport[] => {
    const name = names.get(node)!;
    for (const output of node.outputs) maker.set(output, name);
    const field = fieldOf(node, shapeOf, (value) => fields.get(value));
    for (const output of node.outputs) fields.set(output, field);
    if (node.opType === 'Constant') return [];
    const own = node.inputs.filter((value) => weights.has(value) && !counted.has(value));
    for (const value of own) counted.add(value);
    const shape = shapeOf(node.outputs[0] ?? '') ?? [];
    return [{
      name, className: node.opType,
      inputs: [...new Set(node.inputs.flatMap((value) => (weights.has(value) ? [] : maker.get(value) ?? [])))],
      outputShape: shape.slice(1),
      parameters: own.reduce((sum, value) => sum + (floats(weights.get(value)!.type) ? sizeOf(weights.get(value)!.dims) : 0), 0),
      trainable: 0,
      multiplications: multiplicationsOf(node, shapeOf),
      bytes: 4 * sizeOf(shape),
      ...placeOf(field),
      milliseconds: null,
    }];
  });
  const sum = (of: (layer: LayerReport) => number) => layers.reduce((total, layer) => total + of(layer), 0);
  return {
    format: 'fieldmark-network', version: 1, runtime: 'onnx',
    inputs: [{ name: input, shape: image.slice(1) }],
    layers,
    totals: {
      parameters: sum((layer) => layer.parameters), trainable: 0, multiplications: sum((layer) => layer.multiplications),
      weightBytes: model.initializers.reduce((total, { type, dims }) => total + (WIDTH[type] ?? 4) * sizeOf(dims), 0),
      peakBytes: null,
    },
    timing: null,
  };
}

/** Weights proper; shapes and axes are whole numbers of 64 bits. */
const floats = (type: number): boolean => type !== 7 && type !== 6;
