/** Weights to begin a training with: those that come with a backbone, a stored model's, or those of a file or address. */
import path from 'node:path';
import { type Backbone } from '../../backbones';
import { sameShape } from '../../graph';
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

/**
 * Weights of a graph model by the layers they would have: `block/conv/kernel` and the like become `block/conv` + `kernel`.
 * Only names that agree by themselves are of use; the rest is reported as unused.
 */
const graphWeights = (weights: ReadonlyMap<string, Tensors[string]>): Tensors =>
  Object.fromEntries([...weights].flatMap(([name, value]) => (value.dtype === 'float32' ? [[name.replace(/\/ReadVariableOp$/, ''), value]] : [])));

async function weightsAt(source: string, signal?: AbortSignal): Promise<Tensors> {
  const read = await readTfModel(source, signal);
  if (read.kind === 'graph') return graphWeights(read.model.weights);
  try {
    return readWeights(read.model);
  } finally {
    read.model.dispose();
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
 * Copies weights into `model` where layer, name and shape agree. `source` is a backbone (the weights that come with it), or
 * the folder, model.json or http(s) address of a TensorFlow.js model, such as a stored model of the project.
 * Rejects with a `ModelSourceError`, which the person can read, when the source cannot be read or nothing in it fits.
 */
export async function loadInitialWeights(model: LayersModel, source: string | Pick<Backbone, 'name'>, signal?: AbortSignal): Promise<InitialWeights> {
  const given = typeof source === 'string' ? await weightsAt(source, signal) : await trainedWeights(source);
  const result = copyWeights(model, given);
  if (result.copied.length === 0) {
    const layers = [...new Set(result.unused.map((name) => name.slice(0, name.lastIndexOf('/'))))].slice(0, 5).join(', ');
    throw new ModelSourceError(`No weight of ${typeof source === 'string' ? source : source.name} fits this network: no layer has the same name and shape (it has ${layers} …). Choose the backbone it was made with.`);
  }
  return result;
}
