/** tf.layers models and TensorFlow.js graph models, layer by layer. */
import { Graph, sizeOf, type Program, type Value } from '../graph';
import { lowerModel } from '../lower';
import { lowerGraphModel, type GraphModel } from '../pretrained/graphModel';
import { readWeights } from '../runtime/weights';
import { type LayersModel } from '../runtime/tf';
import { type Size } from '../data/letterbox';
import { type StoredNetwork } from '../runtime/card';
import { programReport, type LayerPart } from './program';
import { type NetworkReport } from './schema';

/** A report with what is needed to measure: the program, and which layer each node of the graph belongs to. */
export interface Inspected {
  report: NetworkReport;
  program: Program;
  image: Value;
  layerOf: ReadonlyMap<number, string>;
}

function inspected(runtime: 'layers' | 'graph', name: string, image: Value, parts: readonly LayerPart[], program: Program): Inspected {
  const graph = image.graph as Graph;
  const layerOf = new Map(parts.flatMap((part) => part.nodes.map((node) => [node.id, part.name] as const)));
  return { report: programReport(runtime, name, image, graph.nodes, parts, program), program, image, layerOf };
}

const numbersIn = (variables: readonly { shape: readonly (number | null)[] }[]): number => variables.reduce((sum, { shape }) => sum + sizeOf(shape.map((n) => n!)), 0);

/** A tf.layers model on one input of this shape (without batch; default the model's own). */
export function inspectLayers(model: LayersModel, shape?: readonly number[]): Inspected {
  const own = model.inputs[0]!;
  const wanted = shape ?? own.shape.slice(1).map((n) => n ?? 0);
  if (wanted.some((n) => n < 1)) throw new Error(`the model leaves the size of its input open ([${own.shape.slice(1).map((n) => n ?? '?').join(', ')}]); give one`);
  const graph = new Graph();
  const image = graph.input('image', [1, ...wanted]);
  const parts: LayerPart[] = [];
  const seen = new Set<string>();
  const lowered = lowerModel(graph, model, [image], {
    training: false,
    onLayer(layer, inputs, output, nodes) {
      // A layer that is used twice has its weights once.
      const first = !seen.has(layer.name);
      const name = first ? layer.name : `${layer.name} (${[...seen].filter((other) => other === layer.name || other.startsWith(`${layer.name} (`)).length + 1})`;
      seen.add(name);
      const trainable = layer.trainable ? numbersIn(layer.trainableWeights as { shape: (number | null)[] }[]) : 0;
      parts.push({ name, className: layer.getClassName(), inputs, output, nodes, parameters: first ? numbersIn(layer.weights as { shape: (number | null)[] }[]) : 0, trainable: first ? trainable : 0 });
    },
  });
  const weights = readWeights(model);
  const program: Program = {
    outputs: Object.fromEntries(lowered.outputs.map((value, i) => [`output${i}`, value])),
    constants: Object.fromEntries(lowered.weights.map(({ name, value }) => [name, { ...weights[name]!, shape: value.shape }])),
  };
  return inspected('layers', model.inputNames[0] ?? 'image', image, parts, program);
}

/** A graph model up to the nodes that its card names. Nodes that only pass on a value are left out. */
export function inspectGraph(model: GraphModel, { input, outputs }: Pick<StoredNetwork & { runtime: 'graph' }, 'input' | 'outputs'>, { width, height }: Size): Inspected {
  const graph = new Graph();
  const image = graph.input('image', [1, height, width, 3]);
  const parts: LayerPart[] = [];
  const counted = new Set<Value>();
  const lowered = lowerGraphModel(graph, model, {
    inputs: { [input]: image }, outputs,
    onNode(node, inputs, output, nodes) {
      const weights = inputs.filter((value) => value !== image && value.node.op === 'input' && !counted.has(value));
      for (const value of weights) counted.add(value);
      const parameters = weights.reduce((sum, value) => sum + sizeOf(value.shape), 0);
      if (nodes.length > 0) parts.push({ name: node.name, className: node.op, inputs, output, nodes, parameters, trainable: 0 });
    },
  });
  const program: Program = { outputs: Object.fromEntries(lowered.outputs.map((value, i) => [`output${i}`, value])), constants: lowered.weights };
  return inspected('graph', input, image, parts, program);
}
