/** Weights to begin a training with: those that come with a backbone, a stored model's, or those of a file or address. */
import path from 'node:path';
import { type Backbone } from '../../backbones';
import { sameShape } from '../../graph';
import { alignWeights, graphUnits, layerUnits } from '../../pretrained/align';
import { mobilenet3CocoWeights } from '../../pretrained/mobilenet3Coco';
import { type Tensors } from '../../runtime/engine';
import { type LayersModel } from '../../runtime/tf';
import { readWeights, writeWeights } from '../../runtime/weights';
import { humanModels } from './packages';
import { readGraph, readTfModel } from './read';
import { ModelSourceError } from './source';

/** What was taken over, by `layer/weight`. */
export interface InitialWeights {
  copied: string[];
  /** Weights of the model that the source does not have, or has in another shape. They stay as they were drawn. */
  missing: string[];
  /** Weights of the source that the model has no place for. */
  unused: string[];
}

/** Reads the weights that come with a backbone; one entry a backbone. */
const shipped: Readonly<Record<string, () => Promise<Tensors>>> = {
  'mobilenet3-coco': async () => mobilenet3CocoWeights(await readGraph(path.join(humanModels(), 'centernet.json'))),
};

/** The trained weights of a backbone with `trained`, by `layer/weight`. Throws for one without. */
export async function trainedWeights(backbone: Pick<Backbone, 'name'>): Promise<Tensors> {
  const read = shipped[backbone.name];
  if (!read) throw new Error(`no trained weights come with the backbone ${backbone.name}; known are ${Object.keys(shipped).join(', ')}`);
  return read();
}

/** Weights of a model elsewhere: by their names where those agree, else by order and shape (see `alignWeights`). */
async function weightsAt(model: LayersModel, source: string, signal?: AbortSignal): Promise<Tensors> {
  const read = await readTfModel(source, signal);
  try {
    const named = read.kind === 'graph' ? Object.fromEntries(read.model.weights) : readWeights(read.model);
    const aligned = alignWeights(model, read.kind === 'graph' ? graphUnits(read.model) : layerUnits(read.model, named));
    const own = readWeights(model);
    const fitting = (given: Tensors | null) => (given ? Object.keys(own).filter((name) => given[name] && sameShape(given[name].shape, own[name]!.shape)).length : 0);
    return aligned && fitting(aligned) > fitting(named) ? aligned : named;
  } finally {
    if (read.kind === 'layers') read.model.dispose();
  }
}

/** Writes into `model` what of `given` has the name and shape of one of its weights. */
export function copyWeights(model: LayersModel, given: Tensors): InitialWeights {
  const own = readWeights(model);
  const copied = Object.keys(own).filter((name) => given[name] && sameShape(given[name].shape, own[name]!.shape));
  writeWeights(model, Object.fromEntries(copied.map((name) => [name, given[name]!])));
  const taken = new Set(copied);
  return { copied, missing: Object.keys(own).filter((name) => !taken.has(name)), unused: Object.keys(given).filter((name) => !taken.has(name)) };
}

/**
 * Copies weights into `model`. `source` is a backbone (the weights that come with it), or the folder, model.json or http(s)
 * address of a TensorFlow.js layers or graph model: a stored model of the project, or anybody's. Weights go where layer, name
 * and shape agree; a network that is built alike and named otherwise is matched by order and shapes.
 * Rejects with a `ModelSourceError`, which the person can read, when the source cannot be read or nothing in it fits.
 */
export async function loadInitialWeights(model: LayersModel, source: string | Pick<Backbone, 'name'>, signal?: AbortSignal): Promise<InitialWeights> {
  const given = typeof source === 'string' ? await weightsAt(model, source, signal) : await trainedWeights(source);
  const result = copyWeights(model, given);
  if (result.copied.length === 0) {
    const layers = [...new Set(result.unused.map((name) => name.slice(0, name.lastIndexOf('/'))))].slice(0, 5).join(', ');
    throw new ModelSourceError(`No weight of ${typeof source === 'string' ? source : source.name} fits this network: no layer has the same name and shape (it has ${layers} …). Choose the backbone it was made with.`);
  }
  return result;
}
