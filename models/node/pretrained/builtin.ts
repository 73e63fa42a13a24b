/** Built-in networks as stored models. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { mapClasses, type ClassMapping } from '../../import/mapClasses';
import { builtinOf } from '../../pretrained/builtin';
import { parseGraphModel, pathsOf } from '../../pretrained/graphModel';
import { type ModelCard } from '../../runtime/card';
import { saveFolder } from '../modelFiles';
import { humanModels } from './packages';

interface GraphJson {
  format?: string;
  modelTopology: { node: { name: string; input?: string[] }[]; versions?: object };
  weightsManifest: { paths: string[]; weights: { name: string }[] }[];
}

/** Several graph models as one, each with a prefix before its names, and their weights one after another. */
async function joined(files: readonly { file: string; prefix: string }[]): Promise<{ json: object; weights: Uint8Array[] }> {
  const folder = humanModels();
  const weights: Uint8Array[] = [];
  const nodes: object[] = [];
  const specs: object[] = [];
  let first: GraphJson | undefined;
  for (const { file, prefix } of files) {
    const json = JSON.parse(await readFile(path.join(folder, `${file}.json`), 'utf8')) as GraphJson;
    first ??= json;
    const named = (input: string) => (input.startsWith('^') ? `^${prefix}${input.slice(1)}` : `${prefix}${input}`);
    nodes.push(...json.modelTopology.node.map((node) => ({ ...node, name: prefix + node.name, ...(node.input && { input: node.input.map(named) }) })));
    specs.push(...json.weightsManifest.flatMap((group) => group.weights.map((spec) => ({ ...spec, name: prefix + spec.name }))));
    for (const part of pathsOf(parseGraphModel(json).weightsManifest)) weights.push(await readFile(path.join(folder, part)));
  }
  const { format, modelTopology: { versions } } = first!;
  return { json: { format, modelTopology: { node: nodes, versions }, weightsManifest: [{ paths: ['weights.bin'], weights: specs }] }, weights };
}

/**
 * Writes a built-in network as a model folder that predicts. With a mapping its labels have the project's classes.
 * Returns the card.
 */
export async function saveBuiltin(name: string, dir: string, mapping?: ClassMapping): Promise<ModelCard> {
  const { design, credits, files } = builtinOf(name);
  const { json, weights } = await joined(files);
  const card: ModelCard = {
    format: 'fieldmark-model', version: 2,
    ...(mapping ? mapClasses(design, mapping) : design),
    datasetHash: null, metrics: null, training: null, credits, createdAt: new Date().toISOString(),
  };
  await saveFolder(dir, card, { 'model.json': [JSON.stringify(json)], 'weights.bin': weights });
  return card;
}
