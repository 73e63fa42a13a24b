/** What a program costs: multiplications and memory, from shapes alone. */
import { reachable } from './graph';
import { type Program } from './program';
import { sizeOf, spaceOf } from './shapes';
import { type GraphNode, type Value } from './types';

const BYTES = { float32: 4, int32: 4, bool: 1, uint8: 1 } as const;
export const bytesOf = (value: Value): number => sizeOf(value.shape) * BYTES[value.dtype];

/** Multiplications of one node: filter parameters × filter positions × filters, for the whole batch; products only, not sums. */
export function multiplications(node: GraphNode): number {
  const [a, b] = node.inputs;
  switch (node.op) {
    case 'conv':
      return sizeOf(node.outputs[0]!.shape) * sizeOf(b!.shape.slice(0, -1));
    case 'convInput':
      return sizeOf(a!.shape) * sizeOf(b!.shape.slice(0, -1));
    case 'convFilter':
      return sizeOf(b!.shape) * sizeOf(node.outputs[0]!.shape.slice(0, -1));
    case 'matmul': {
      const { transposeA } = (node as GraphNode<'matmul'>).attrs;
      return sizeOf(node.outputs[0]!.shape) * a!.shape.at(transposeA ? -2 : -1)!;
    }
    default:
      return 0;
  }
}

export interface Cost {
  multiplications: number;
  /** Numbers kept between runs or baked in. */
  parameters: number;
  /** Most bytes of values alive at once when nodes run in order, state (twice: old and new) and inputs included. */
  peakBytes: number;
}

/** Cost of one run of the program. */
export function costOf(program: Program): Cost {
  const state = program.state ?? {};
  const kept = new Set([...Object.keys(state), ...Object.keys(program.constants ?? {})]);
  const results = [...Object.values(program.outputs), ...Object.values(state)];
  const nodes = reachable(results);
  // Reshapes and stopGradient share memory with their input: what they keep alive is their source.
  const sources = new Map<Value, Value>();
  const sourceOf = (value: Value): Value => sources.get(value) ?? value;
  for (const { op, inputs, outputs } of nodes) if (op === 'reshape' || op === 'stopGradient') sources.set(outputs[0]!, sourceOf(inputs[0]!));
  const lastUse = new Map<Value, number>();
  nodes.forEach((node, i) => [...node.outputs, ...node.inputs].forEach((value) => lastUse.set(sourceOf(value), i)));
  for (const value of results) lastUse.set(sourceOf(value), Infinity);

  let alive = 0;
  let peak = 0;
  let products = 0;
  let parameters = 0;
  nodes.forEach((node, i) => {
    products += multiplications(node);
    if (node.op === 'input' && kept.has((node as GraphNode<'input'>).attrs.name)) parameters += sizeOf(node.outputs[0]!.shape);
    const touched = new Set([...node.outputs, ...node.inputs].map(sourceOf));
    for (const value of node.outputs) if (sourceOf(value) === value) alive += bytesOf(value);
    const scratch = node.op === 'conv' || node.op === 'convInput' || node.op === 'convFilter' ? columnBytes(node) : 0;
    peak = Math.max(peak, alive + scratch);
    for (const value of touched) if (lastUse.get(value) === i) alive -= bytesOf(value);
  });
  return { multiplications: products, parameters, peakBytes: peak };
}

/** Bytes of the column matrix of a convolution, for one image. */
function columnBytes(node: GraphNode): number {
  const kernel = node.op === 'convFilter' ? node.outputs[0]!.shape : node.inputs[1]!.shape;
  const map = node.op === 'conv' ? node.outputs[0]!.shape : node.op === 'convInput' ? node.inputs[0]!.shape : node.inputs[1]!.shape;
  return 4 * sizeOf(spaceOf(map)) * sizeOf(kernel.slice(0, -1));
}
