/** Models of TensorFlow.js, of either form, as what this library works with. */
import { manifestSchema, pathsOf, readGraphModel, type GraphModel } from '../../pretrained/graphModel';
import { tf, type LayersModel } from '../../runtime/tf';
import { ModelSourceError, openModelSource, type ModelSource } from './source';

export type ReadModel = { kind: 'layers'; model: LayersModel } | { kind: 'graph'; model: GraphModel };

async function weightsOf({ json, read }: ModelSource, place: string): Promise<{ bytes: Uint8Array; specs: tf.io.WeightsManifestEntry[] }> {
  const manifest = manifestSchema.safeParse((json as { weightsManifest?: unknown } | null)?.weightsManifest);
  if (!manifest.success) throw new ModelSourceError(`${place} is not the model.json of a TensorFlow.js model: it names no weights.`);
  const parts: Uint8Array[] = [];
  for (const file of pathsOf(manifest.data)) parts.push(await read(file));
  return { bytes: Buffer.concat(parts), specs: manifest.data.flatMap((group) => group.weights) as tf.io.WeightsManifestEntry[] };
}

/**
 * Reads a model from a folder, a model.json or an http(s) address of one. A layers model must be disposed of.
 * Rejects with a `ModelSourceError` that says what is wrong with it.
 */
export async function readTfModel(place: string, signal?: AbortSignal): Promise<ReadModel> {
  const source = await openModelSource(place, signal);
  const { bytes, specs } = await weightsOf(source, place);
  const { modelTopology, format } = source.json as { modelTopology?: { node?: unknown }; format?: string };
  try {
    if (modelTopology?.node !== undefined) return { kind: 'graph', model: readGraphModel(source.json, bytes) };
    const weightData = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
    return { kind: 'layers', model: await tf.loadLayersModel({ load: async () => ({ modelTopology: modelTopology as object, format, weightSpecs: specs, weightData }) }) };
  } catch (error) {
    throw new ModelSourceError(`${place}: ${(error as Error).message}`, { cause: error });
  }
}

/** A graph model; a layers model is refused. */
export async function readGraph(place: string): Promise<GraphModel> {
  const read = await readTfModel(place);
  if (read.kind === 'graph') return read.model;
  read.model.dispose();
  throw new ModelSourceError(`${place} is a layers model; a graph model is needed here.`);
}
