/** Built-in networks as stored models. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { mapClasses, type ClassMapping } from '../../import/mapClasses';
import { builtinOf } from '../../pretrained/builtin';
import { parseGraphModel, pathsOf } from '../../pretrained/graphModel';
import { type ModelCard } from '../../runtime/card';
import { saveFolder } from '../modelFiles';
import { humanModels } from './packages';

/**
 * Writes a built-in network as a model folder that predicts. With a mapping its labels have the project's classes.
 * Returns the card.
 */
export async function saveBuiltin(name: string, dir: string, mapping?: ClassMapping): Promise<ModelCard> {
  const { design, credits, file } = builtinOf(name);
  const folder = humanModels();
  const json = JSON.parse(await readFile(path.join(folder, `${file}.json`), 'utf8')) as { weightsManifest: { weights: object[] }[] };
  const weights = await Promise.all(pathsOf(parseGraphModel(json).weightsManifest).map((part) => readFile(path.join(folder, part))));
  const manifest = [{ paths: ['weights.bin'], weights: json.weightsManifest.flatMap((group) => group.weights) }];
  const card: ModelCard = {
    format: 'fieldmark-model', version: 2,
    ...(mapping ? mapClasses(design, mapping) : design),
    datasetHash: null, metrics: null, training: null, credits, createdAt: new Date().toISOString(),
  };
  await saveFolder(dir, card, { 'model.json': [JSON.stringify({ ...json, weightsManifest: manifest })], 'weights.bin': weights });
  return card;
}
