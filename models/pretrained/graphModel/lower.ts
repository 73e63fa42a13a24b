/**
 * A TensorFlow.js graph model as values of a graph: from there on it is a network like any other, which runs on every
 * engine, has gradients, and can be cut at any node.
 */
import { type Graph, type GraphNode, show, sizeOf, type Program, type TensorData, type Value } from '../../graph';
import { evaluateWithTf } from '../../graph/tf/oracle';
import { type GraphModel, isControl, type NodeDef, refOf } from './artifacts';
import { Reader } from './attributes';
import { opReaders } from './ops';
import { type OpContext } from './types';

/** Results of this many numbers, made of constants alone, are computed when the graph is built: shapes and axes. */
const FOLD = 64;

export interface LoweredGraphModel {
  /** The values asked for, in order. */
  outputs: Value[];
  /** Every node that was met, by name; `node:1` for further results. */
  values: ReadonlyMap<string, Value>;
  /** The weights that are used: inputs of the graph by these names, to be baked in or trained. */
  weights: Record<string, TensorData>;
}

export interface LowerGraphOptions {
  /** Values of the placeholders by name. */
  inputs: Readonly<Record<string, Value>>;
  /** Names of nodes (`node`, `node:1`); default the model's own outputs. What they do not depend on is left out. */
  outputs?: readonly string[];
  /** Told of each node of the model in order: its values, and which nodes of the graph it added (the inspector asks). */
  onNode?: (node: NodeDef, inputs: readonly Value[], output: Value, nodes: readonly GraphNode[]) => void;
}

/**
 * Adds the part of `model` that the outputs depend on. Weights become inputs of the graph with their own names.
 * Throws an Error that names the node and its operation where one cannot be read: cut the model before it.
 */
export function lowerGraphModel(graph: Graph, model: GraphModel, { inputs, outputs = model.outputs, onNode }: LowerGraphOptions): LoweredGraphModel {
  const values = new Map<string, Value>();
  const weights: Record<string, TensorData> = {};
  const kernels = kernelNames(model);

  const leaf = ({ name, op }: NodeDef): Value => {
    if (op === 'Placeholder') {
      const given = inputs[name];
      if (!given) throw new Error(`the model asks for an input ${name}; given were ${Object.keys(inputs).join(', ') || 'none'}`);
      return given;
    }
    const weight = model.weights.get(name);
    if (!weight) throw new Error(`node ${name}: its weight is not in the file`);
    if (weight.dtype !== 'float32' || sizeOf(weight.shape) === 1) return graph.constant(weight.data, weight.shape, weight.dtype);
    weights[name] = weight;
    return graph.input(name, weight.shape, 'float32', kernels.has(name) ? 'kernel' : 'plain');
  };

  const lower = (node: NodeDef): void => {
    const read = opReaders[node.op];
    if (!read) throw new Error(`node ${node.name}: the operation ${node.op} cannot be read; known are ${Object.keys(opReaders).sort().join(', ')}`);
    const own = node.input.filter((name) => !isControl(name)).map((name) => values.get(keyOf(name))!);
    let results: Value[];
    const before = graph.nodes.length;
    try {
      results = [read(contextOf(graph, node, own))].flat();
    } catch (error) {
      throw new Error(`node ${node.name} (${node.op} of ${own.map(({ shape }) => show(shape)).join(', ')}): ${(error as Error).message}`, { cause: error });
    }
    results.forEach((value, i) => values.set(i === 0 ? node.name : `${node.name}:${i}`, folded(graph, value)));
    onNode?.(node, own, results[0]!, graph.nodes.slice(before));
  };

  for (const node of ordered(model, outputs)) {
    if (node.op === 'Placeholder' || node.op === 'Const') values.set(node.name, leaf(node));
    else lower(node);
  }
  return { outputs: outputs.map((name) => values.get(keyOf(name))!), values, weights };
}

/** The program of a graph model with its weights baked in; the outputs have the names of their nodes. */
export function graphModelProgram(graph: Graph, model: GraphModel, options: LowerGraphOptions): Program {
  const { outputs, weights } = lowerGraphModel(graph, model, options);
  const names = options.outputs ?? model.outputs;
  return { outputs: Object.fromEntries(names.map((name, i) => [name, outputs[i]!])), constants: weights };
}

function keyOf(input: string): string {
  const { node, index } = refOf(input);
  return index === 0 ? node : `${node}:${index}`;
}

/** The nodes that the outputs depend on, each after its inputs. Without recursion: chains are as long as networks are deep. */
export function ordered(model: GraphModel, outputs: readonly string[]): NodeDef[] {
  const order: NodeDef[] = [];
  const state = new Map<string, 'open' | 'done'>();
  const stack = outputs.map((name) => refOf(name).node);
  while (stack.length > 0) {
    const name = stack.at(-1)!;
    const node = model.nodes.get(name);
    if (!node) throw new Error(`the model has no node ${name}`);
    if (state.get(name) === 'done') {
      stack.pop();
    } else if (state.get(name) === 'open') {
      state.set(name, 'done');
      order.push(node);
      stack.pop();
    } else {
      state.set(name, 'open');
      for (const input of node.input) {
        if (isControl(input)) continue;
        const before = refOf(input).node;
        if (state.get(before) === 'open') throw new Error(`node ${before} depends on itself; loops are not supported`);
        if (!state.has(before)) stack.push(before);
      }
    }
  }
  return order;
}

function contextOf(graph: Graph, node: NodeDef, inputs: readonly Value[]): OpContext {
  const input = (index: number): Value => {
    const value = inputs[index];
    if (!value) throw new Error(`it has ${inputs.length} inputs, ${index + 1} are needed`);
    return value;
  };
  return {
    graph, inputs, input,
    attrs: new Reader(node.attr),
    numbers(index) {
      const value = input(index);
      if (value.node.op !== 'constant') throw new Error(`input ${index} must be known when the model is loaded, and depends on the image`);
      return Array.from((value.node.attrs as { data: ArrayLike<number> }).data);
    },
  };
}

/** The constant that a small value made of constants is. */
function folded(graph: Graph, value: Value): Value {
  const { node } = value;
  if (node.op === 'constant' || node.op === 'input' || sizeOf(value.shape) > FOLD || node.inputs.some(({ node: before }) => before.op !== 'constant')) return value;
  const { data, shape, dtype } = evaluateWithTf({ outputs: { value } }, {}).outputs.value!;
  return graph.constant(data, shape, dtype);
}

/** Weights that are only ever kernels of convolutions: a back end keeps them in the order it likes. */
function kernelNames({ nodes }: GraphModel): Set<string> {
  const kernels = new Set<string>();
  const others = new Set<string>();
  for (const { op, input } of nodes.values()) {
    input.forEach((name, i) => {
      const isKernel = i === 1 && (op === 'Conv2D' || op === '_FusedConv2D' || op === 'Conv2DBackpropInput');
      (isKernel ? kernels : others).add(refOf(name).node);
    });
  }
  for (const name of others) kernels.delete(name);
  return kernels;
}
