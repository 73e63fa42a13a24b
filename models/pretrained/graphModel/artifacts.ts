/** A TensorFlow.js graph model as it is stored: nodes and weights. */
import { z } from 'zod';
import { type TensorData } from '../../graph';
import { attributesSchema } from './attributes';
import { decodeWeights, manifestSchema, type WeightManifest } from './weights';

const MAX_NODES = 50_000;

const nodeSchema = z.object({
  name: z.string().min(1),
  op: z.string().min(1),
  input: z.array(z.string()).default([]),
  attr: attributesSchema.default({}),
});
export type NodeDef = z.infer<typeof nodeSchema>;

const portSchema = z.looseObject({ name: z.string() });
const signatureSchema = z.looseObject({ inputs: z.record(z.string(), portSchema).optional(), outputs: z.record(z.string(), portSchema).optional() });

export const graphModelSchema = z.looseObject({
  format: z.string().optional(),
  generatedBy: z.string().nullish(),
  modelTopology: z.looseObject({ node: z.array(nodeSchema).min(1).max(MAX_NODES), library: z.unknown().optional() }),
  weightsManifest: manifestSchema,
  signature: signatureSchema.nullish(),
});

export interface GraphModel {
  nodes: ReadonlyMap<string, NodeDef>;
  weights: ReadonlyMap<string, TensorData>;
  /** Names of the placeholders. */
  inputs: string[];
  /** Names of the nodes that the model says are its results, or that nothing reads. */
  outputs: string[];
}

/** `tensor:1` is the second output of the node `tensor`; `^node` is an order without a value. */
export function refOf(input: string): { node: string; index: number } {
  const colon = input.lastIndexOf(':');
  const index = colon < 0 ? NaN : Number(input.slice(colon + 1));
  return Number.isInteger(index) ? { node: input.slice(0, colon), index } : { node: input, index: 0 };
}

export const isControl = (input: string): boolean => input.startsWith('^');

/** What the file says it is; throws an Error that names the first field that is wrong. */
export function parseGraphModel(json: unknown): z.infer<typeof graphModelSchema> {
  const result = graphModelSchema.safeParse(json);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw new Error(`this is no TensorFlow.js graph model: ${issue?.path.join('.') || 'file'}: ${issue?.message}`);
}

/** A model out of its parsed JSON and the bytes of its weight files, in the manifest's order. */
export function readGraphModel(json: unknown, bytes: Uint8Array): GraphModel {
  const { modelTopology, weightsManifest, signature } = parseGraphModel(json);
  const nodes = new Map(modelTopology.node.map((node) => [node.name, node]));
  if (nodes.size !== modelTopology.node.length) throw new Error('two nodes of the graph model have one name');
  const read = new Set(modelTopology.node.flatMap(({ input }) => input.map((name) => refOf(name.replace(/^\^/, '')).node)));
  const declared = Object.values(signature?.outputs ?? {}).map(({ name }) => refOf(name).node).filter((name) => nodes.has(name));
  return {
    nodes,
    weights: decodeWeights(weightsManifest.flatMap((group) => group.weights), bytes),
    inputs: modelTopology.node.filter(({ op }) => op === 'Placeholder').map(({ name }) => name),
    outputs: declared.length > 0 ? declared : modelTopology.node.filter(({ name, op }) => !read.has(name) && op !== 'Const' && op !== 'NoOp').map(({ name }) => name),
  };
}

export const pathsOf = (manifest: WeightManifest): string[] => manifest.flatMap(({ paths }) => paths);
