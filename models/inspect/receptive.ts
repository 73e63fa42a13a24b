/**
 * Receptive fields: how many input pixels a number sees (Araujo et al. 2019, "Computing Receptive Fields of Convolutional
 * Neural Networks"), followed axis by axis through the graph.
 */
import { type GraphNode, type OpAttrs, sameShape, type Shape, type Value } from '../graph';

/** One axis of space: pixels seen, and pixels between neighbours. */
export interface Seen {
  size: number;
  jump: number;
}

/** For every axis of a value what it sees, null for axes that are no place. */
export type Field = readonly (Seen | null)[];

/** A window over an axis. */
export const windowed = ({ size, jump }: Seen, kernel: number, stride: number, dilation = 1): Seen =>
  ({ size: size + dilation * (kernel - 1) * jump, jump: jump * stride });

/** The adjoint of a window: stride numbers come from one, and a number from up to ⌈kernel / stride⌉. */
export const spread = ({ size, jump }: Seen, kernel: number, stride: number): Seen =>
  ({ size: size + (Math.ceil(kernel / stride) - 1) * jump, jump: jump / stride });

/** What a number sees that is made of several. */
export function merged(fields: readonly (Seen | null)[]): Seen | null {
  const known = fields.filter((field) => field !== null);
  if (known.length === 0) return null;
  const jump = known[0]!.jump;
  return known.every((field) => field.jump === jump) ? { size: Math.max(...known.map(({ size }) => size)), jump } : null;
}

/** Fields of an image `[batch, height, width, channels]` or of any input with axes of space between. */
export const imageField = (shape: Shape): Field => shape.map((_, axis) => (axis === 0 || axis === shape.length - 1 ? null : { size: 1, jump: 1 }));

const nowhere = (value: Value): Field => value.shape.map(() => null);

function spatial(field: Field, step: (seen: Seen, axis: number) => Seen): Field {
  return field.map((seen, i) => (seen && i > 0 && i < field.length - 1 ? step(seen, i - 1) : null));
}

/** Axes of `to` that are axes of `from`: a reshape that only adds or removes ones keeps places. */
function reshaped(field: Field, from: Shape, to: Shape): Field {
  const long = (shape: Shape) => shape.flatMap((n, i) => (n === 1 ? [] : [i]));
  const [source, target] = [long(from), long(to)];
  if (!sameShape(source.map((i) => from[i]!), target.map((i) => to[i]!))) return to.map(() => null);
  return to.map((_, i) => (target.includes(i) ? field[source[target.indexOf(i)]!]! : null));
}

/** Field of a node's results from those of its inputs. */
export function fieldOf(node: GraphNode, fieldsOf: (value: Value) => Field): Field {
  const output = node.outputs[0]!;
  const [first] = node.inputs;
  if (!first) return nowhere(output);
  const own = fieldsOf(first);
  const attrs = node.attrs as never;
  switch (node.op) {
    case 'conv': {
      const { strides, dilations } = attrs as OpAttrs['conv'];
      const kernel = node.inputs[1]!.shape;
      return spatial(own, (seen, i) => windowed(seen, kernel[i]!, strides[i]!, dilations[i]!));
    }
    case 'convInput': {
      const { strides } = attrs as OpAttrs['convInput'];
      const kernel = node.inputs[1]!.shape;
      return spatial(own, (seen, i) => spread(seen, kernel[i]!, strides[i]!));
    }
    case 'maxPool':
    case 'avgPool': {
      const { size, strides } = attrs as OpAttrs['maxPool'];
      return spatial(own, (seen, i) => windowed(seen, size[i]!, strides[i]!));
    }
    case 'resizeNearest': {
      const { factor } = attrs as OpAttrs['resizeNearest'];
      return spatial(own, (seen, i) => spread(seen, 1, factor[i]!));
    }
    case 'transpose':
      return (attrs as OpAttrs['transpose']).perm.map((axis) => own[axis]!);
    case 'reshape':
      return reshaped(own, first.shape, output.shape);
    case 'slice':
      return own.map((seen, i) => seen && { ...seen, jump: seen.jump * (attrs as OpAttrs['slice']).strides[i]! });
    case 'reduceSum':
    case 'reduceMax': {
      const { axes, keepDims } = attrs as OpAttrs['reduceSum'];
      return keepDims ? own.map((seen, i) => (axes.includes(i) ? null : seen)) : own.filter((_, i) => !axes.includes(i));
    }
    case 'matmul':
      return nowhere(output);
    case 'gather':
    case 'scatterAdd':
      return own.map((seen, i) => (i === (attrs as OpAttrs['gather']).axis ? null : seen));
    default:
      // Elementwise, joins, pads: each axis sees what any of the operands that have it sees.
      return output.shape.map((_, axis) => merged(node.inputs.map((value) => {
        const at = axis - (output.shape.length - value.shape.length);
        return at < 0 || (value.shape[at] === 1 && output.shape[axis] !== 1) ? null : fieldsOf(value)[at]!;
      })));
  }
}
