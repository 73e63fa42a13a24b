/** A model on disk: model.json + weights.bin (as tf.layers and the browser read them) + card.json. */
import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { parseModelCard, type ModelCard } from '../runtime/card';
import { tf, type LayersModel } from '../runtime/tf';
import { inTheWayOfModel, writeAtomically } from './files';

export const MODEL_FILES = ['model.json', 'weights.bin', 'card.json'] as const;

export interface StoredModel {
  model: LayersModel;
  card: ModelCard;
}

/**
 * Writes the folder `dir` whole: it appears, or is replaced, in one rename. Only an empty folder or an older model is replaced.
 * Throws an Error when it holds anything else; the new model is then beside it, and the message says where.
 */
export async function saveFolder(dir: string, card: ModelCard, files: Readonly<Record<string, readonly (Uint8Array | string)[]>>): Promise<void> {
  const parsed = parseModelCard(card);
  const staging = `${dir}.${process.pid}.new`;
  await rm(staging, { recursive: true, force: true });
  await mkdir(staging, { recursive: true });
  for (const [name, chunks] of Object.entries(files)) await writeAtomically(path.join(staging, name), chunks);
  await writeAtomically(path.join(staging, 'card.json'), [`${JSON.stringify(parsed, null, 2)}\n`]);
  const inTheWay = await inTheWayOfModel(dir);
  if (inTheWay) throw new Error(`${inTheWay} It was left alone; the new model is in ${staging}.`);
  const old = `${dir}.${process.pid}.old`;
  await rename(dir, old).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
  await rename(staging, dir);
  await rm(old, { recursive: true, force: true });
}

/** Writes a tf.layers model with its card. See `saveFolder`. */
export async function saveModel(dir: string, { model, card }: StoredModel): Promise<void> {
  let artifacts: tf.io.ModelArtifacts | undefined;
  await model.save({
    save: async (given: tf.io.ModelArtifacts) => {
      artifacts = given;
      return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } };
    },
  });
  const { modelTopology, format, generatedBy, convertedBy, weightSpecs, weightData } = artifacts!;
  const buffers = Array.isArray(weightData) ? weightData : [weightData!];
  const json = { format, generatedBy, convertedBy, modelTopology, weightsManifest: [{ paths: ['weights.bin'], weights: weightSpecs }] };
  await saveFolder(dir, card, { 'weights.bin': buffers.map((buffer) => new Uint8Array(buffer)), 'model.json': [JSON.stringify(json)] });
}

/** Reads the card alone. Throws an Error that names the file. */
export async function loadCard(dir: string): Promise<ModelCard> {
  const file = path.join(dir, 'card.json');
  try {
    return parseModelCard(JSON.parse(await readFile(file, 'utf8')));
  } catch (error) {
    throw new Error(`${file}: ${(error as Error).message}`, { cause: error });
  }
}

/** Reads a tf.layers model with its card. Weights are bit for bit those that were saved. Throws for models stored otherwise. */
export async function loadModel(dir: string): Promise<StoredModel> {
  const card = await loadCard(dir);
  if (card.network) throw new Error(`the model in ${dir} is stored as ${card.network.runtime}: it predicts, but its layers cannot be trained`);
  const json = JSON.parse(await readFile(path.join(dir, 'model.json'), 'utf8')) as tf.io.ModelJSON;
  const weights = await readFile(path.join(dir, 'weights.bin'));
  const weightData = weights.buffer.slice(weights.byteOffset, weights.byteOffset + weights.byteLength) as ArrayBuffer;
  const model = await tf.loadLayersModel({
    load: async () => ({ modelTopology: json.modelTopology, format: json.format, weightSpecs: json.weightsManifest.flatMap((group) => group.weights), weightData }),
  });
  return { model, card };
}
