/** Shapes, slices, joins and gathers. Shapes are known when the graph is built. */
import { normaliseAxes, ops, sizeOf, type Graph, type Value } from '../../../graph';
import { type OpContext, type OpFamily } from '../types';

const whole = (graph: Graph, values: readonly number[], shape: readonly number[] = [values.length]): Value => graph.constant(Int32Array.from(values), shape);
const axisOf = (axis: number, rank: number): number => normaliseAxes([axis], rank)[0]!;

/** A shape with at most one −1, filled in. */
function filled(shape: readonly number[], size: number): number[] {
  const known = sizeOf(shape.filter((n) => n >= 0));
  return shape.map((n) => (n >= 0 ? n : size / known));
}

function expand(x: Value, axis: number): Value {
  const at = axis < 0 ? axis + x.shape.length + 1 : axis;
  return ops.reshape(x, [...x.shape.slice(0, at), 1, ...x.shape.slice(at)]);
}

function pack({ inputs, attrs }: OpContext): Value {
  const axis = attrs.number('axis', 0);
  const rank = inputs[0]!.shape.length + 1;
  return ops.concat(inputs.map((value) => expand(value, axis)), axis < 0 ? axis + rank : axis);
}

function unpack({ input, attrs }: OpContext): Value[] {
  const x = input(0);
  const axis = axisOf(attrs.number('axis', 0), x.shape.length);
  const rest = x.shape.filter((_, i) => i !== axis);
  return ops.split(x, Array<number>(x.shape[axis]!).fill(1), axis).map((piece) => ops.reshape(piece, rest));
}

function pad({ input, numbers }: OpContext, value: number): Value {
  const x = input(0);
  const pairs = numbers(1);
  const before = x.shape.map((_, i) => pairs[2 * i]!);
  const after = x.shape.map((_, i) => pairs[2 * i + 1]!);
  if (value === 0) return ops.pad(x, before, after);
  return ops.add(ops.pad(ops.sub(x, value), before, after), value);
}

/** NumPy's slicing with TensorFlow's masks. */
function stridedSlice({ input, numbers, attrs }: OpContext): Value {
  const x = input(0);
  const [begin, end, strides] = [numbers(1), numbers(2), numbers(3)];
  const has = (key: string, i: number) => (attrs.number(key, 0) & (1 << i)) !== 0;
  if (attrs.number('ellipsis_mask', 0) !== 0 || attrs.number('new_axis_mask', 0) !== 0) throw new Error('slices with an ellipsis or a new axis are not supported');
  const start = x.shape.map(() => 0);
  const size = [...x.shape];
  const step = x.shape.map(() => 1);
  const kept: number[] = [];
  x.shape.forEach((n, i) => {
    if (i >= begin.length) return void kept.push(i);
    const at = (value: number) => Math.min(n, Math.max(0, value < 0 ? value + n : value));
    if (has('shrink_axis_mask', i)) {
      start[i] = at(begin[i]!);
      size[i] = 1;
      return;
    }
    if (strides[i]! < 1) throw new Error('slices that run backwards are not supported');
    start[i] = has('begin_mask', i) ? 0 : at(begin[i]!);
    size[i] = Math.ceil(((has('end_mask', i) ? n : at(end[i]!)) - start[i]!) / strides[i]!);
    step[i] = strides[i]!;
    kept.push(i);
  });
  return ops.reshape(ops.slice(x, start, size, step), kept.map((i) => size[i]!));
}

/** `[n, h, w, b² c]` to `[n, b h, b w, c]`. */
function depthToSpace({ input, attrs }: OpContext): Value {
  const x = input(0);
  const block = attrs.number('block_size', 2);
  const [n, h, w, c] = x.shape as [number, number, number, number];
  const channels = c / block ** 2;
  return ops.reshape(ops.transpose(ops.reshape(x, [n, h, w, block, block, channels]), [0, 1, 3, 2, 4, 5]), [n, h * block, w * block, channels]);
}

/** The inverse of `depthToSpace`. */
function spaceToDepth({ input, attrs }: OpContext): Value {
  const x = input(0);
  const block = attrs.number('block_size', 2);
  const [n, h, w, c] = x.shape as [number, number, number, number];
  const [rows, columns] = [h / block, w / block];
  return ops.reshape(ops.transpose(ops.reshape(x, [n, rows, block, columns, block, c]), [0, 1, 3, 2, 4, 5]), [n, rows, columns, block * block * c]);
}

function gather({ input, numbers, inputs, attrs }: OpContext): Value {
  const [x, indices] = [input(0), input(1)];
  if (attrs.number('batch_dims', 0) !== 0) throw new Error('gathering along a batch is not supported');
  const axis = axisOf(inputs.length > 2 ? numbers(2)[0]! : 0, x.shape.length);
  const rows = ops.gather(x, ops.reshape(ops.cast(indices, 'int32'), [sizeOf(indices.shape)]), axis);
  return ops.reshape(rows, [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)]);
}

export const movement: OpFamily = {
  Shape: ({ graph, input }) => whole(graph, input(0).shape),
  Rank: ({ graph, input }) => whole(graph, [input(0).shape.length], []),
  Size: ({ graph, input }) => whole(graph, [sizeOf(input(0).shape)], []),
  Range: ({ graph, numbers }) => {
    const [from, to, step] = [numbers(0)[0]!, numbers(1)[0]!, numbers(2)[0]!];
    return whole(graph, Array.from({ length: Math.max(0, Math.ceil((to - from) / step)) }, (_, i) => from + i * step));
  },
  Fill: ({ input, numbers }) => {
    const shape = numbers(0);
    return ops.broadcastTo(ops.reshape(input(1), shape.map(() => 1)), shape);
  },
  Reshape: ({ input, numbers }) => ops.reshape(input(0), filled(numbers(1), sizeOf(input(0).shape))),
  Squeeze: ({ input, attrs }) => {
    const x = input(0);
    const given = attrs.numbers('squeeze_dims').concat(attrs.numbers('axis'));
    const axes = given.length > 0 ? normaliseAxes(given, x.shape.length) : x.shape.flatMap((n, i) => (n === 1 ? [i] : []));
    return ops.reshape(x, x.shape.filter((_, i) => !axes.includes(i)));
  },
  ExpandDims: ({ input, numbers }) => expand(input(0), numbers(1)[0]!),
  Transpose: ({ input, numbers }) => ops.transpose(input(0), numbers(1)),
  Pack: pack,
  Unpack: unpack,
  ConcatV2: ({ inputs, numbers }) => ops.concat(inputs.slice(0, -1), axisOf(numbers(inputs.length - 1)[0]!, inputs[0]!.shape.length)),
  Concat: ({ inputs, numbers }) => ops.concat(inputs.slice(1), axisOf(numbers(0)[0]!, inputs[1]!.shape.length)),
  Split: ({ input, numbers, attrs }) => {
    const x = input(1);
    const axis = axisOf(numbers(0)[0]!, x.shape.length);
    const count = attrs.number('num_split', 1);
    return ops.split(x, Array<number>(count).fill(x.shape[axis]! / count), axis);
  },
  SplitV: ({ input, numbers }) => {
    const x = input(0);
    const axis = axisOf(numbers(2)[0]!, x.shape.length);
    const sizes = numbers(1);
    const given = sizes.filter((n) => n >= 0).reduce((a, b) => a + b, 0);
    return ops.split(x, sizes.map((n) => (n >= 0 ? n : x.shape[axis]! - given)), axis);
  },
  Slice: ({ input, numbers }) => {
    const x = input(0);
    const start = numbers(1);
    return ops.slice(x, start, numbers(2).map((n, i) => (n < 0 ? x.shape[i]! - start[i]! : n)));
  },
  StridedSlice: stridedSlice,
  Pad: (context) => pad(context, 0),
  PadV2: (context) => pad(context, context.numbers(2)[0]!),
  Tile: ({ input, numbers }) => numbers(1).reduce((x, times, axis) => (times === 1 ? x : ops.concat(Array<Value>(times).fill(x), axis)), input(0)),
  DepthToSpace: depthToSpace,
  SpaceToDepth: spaceToDepth,
  Gather: gather,
  GatherV2: gather,
};
