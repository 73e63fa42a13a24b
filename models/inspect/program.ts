/** The report of a network that is a program of the graph: cost and receptive field of every layer, from shapes alone. */
import { type GraphNode, type Program, sizeOf, type Value } from '../graph';
import { bytesOf, costOf, multiplications } from '../graph/cost';
import { fieldOf, imageField, type Field } from './receptive';
import { type LayerReport, type NetworkReport } from './schema';

/** A layer as the lowering met it. */
export interface LayerPart {
  name: string;
  className: string;
  inputs: readonly Value[];
  output: Value;
  /** The nodes of the graph that it added. */
  nodes: readonly GraphNode[];
  parameters: number;
  trainable: number;
}

/** Fields of every value, in order. The image is the input that is fed. */
function fieldsOf(nodes: readonly GraphNode[], image: Value): ReadonlyMap<Value, Field> {
  const known = new Map<Value, Field>([[image, imageField(image.shape)]]);
  const read = (value: Value): Field => known.get(value) ?? value.shape.map(() => null);
  for (const node of nodes) {
    if (node.outputs.some((value) => known.has(value))) continue;
    const field = fieldOf(node, read);
    for (const value of node.outputs) known.set(value, field);
  }
  return known;
}

/** The two axes of an image that a field speaks of, or null. */
function placeOf(field: Field | undefined): Pick<LayerReport, 'receptiveField' | 'stride'> {
  const seen = field?.filter((axis) => axis !== null) ?? [];
  const [height, width] = [seen.at(-2) ?? seen[0], seen.at(-1)];
  if (!height || !width) return { receptiveField: null, stride: null };
  return { receptiveField: { height: height.size, width: width.size }, stride: { height: height.jump, width: width.jump } };
}

/** `image` is the input of the layers (batch 1), `nodes` all nodes of the graph. */
export function programReport(
  runtime: 'layers' | 'graph', inputName: string, image: Value, nodes: readonly GraphNode[], parts: readonly LayerPart[], program: Program,
): NetworkReport {
  const fields = fieldsOf(nodes, image);
  const maker = new Map<Value, string>([[image, inputName]]);
  const layers = parts.map(({ name, className, inputs, output, nodes: own, parameters, trainable }): LayerReport => {
    // Layers that do nothing in inference give their input back; it keeps its maker's name for the ones that follow.
    const read = [...new Set(inputs.flatMap((value) => maker.get(value) ?? []))];
    maker.set(output, name);
    return {
      name, className, inputs: read, outputShape: output.shape.slice(1), parameters, trainable,
      multiplications: own.reduce((sum, node) => sum + multiplications(node), 0),
      bytes: bytesOf(output), ...placeOf(fields.get(output)), milliseconds: null,
    };
  });
  const sum = (of: (layer: LayerReport) => number) => layers.reduce((total, layer) => total + of(layer), 0);
  return {
    format: 'fieldmark-network', version: 1, runtime,
    inputs: [{ name: inputName, shape: image.shape.slice(1) }],
    layers,
    totals: {
      parameters: sum((layer) => layer.parameters), trainable: sum((layer) => layer.trainable), multiplications: sum((layer) => layer.multiplications),
      weightBytes: Object.values(program.constants ?? {}).reduce((total, { shape }) => total + 4 * sizeOf(shape), 0),
      peakBytes: costOf(program).peakBytes,
    },
    timing: null,
  };
}
