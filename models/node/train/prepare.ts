/** From data and wishes to a training step that fits into memory. */
import { backbones, blockOf, unfreeze, type Backbone } from '../../backbones';
import { type Graph } from '../../graph';
import { normalise } from '../../inference/normalise';
import { type ModelDesign } from '../../runtime/card';
import { type LayersModel, type tf } from '../../runtime/tf';
import { taskOf } from '../../tasks';
import { checkAugmentation } from '../../tasks/augmentation';
import { taskOptions } from '../../tasks/options';
import { type Example, type Task, TrainingDataError } from '../../tasks/types';
import { fitToMemory } from '../../training/memory';
import { optimizerOf, recipeNote, type RecipeOptions } from '../../training/recipe';
import { type TrainerSpec } from '../../training/trainer';
import { type Examples, type TrainCallbacks, type TrainData, type TrainOptions } from '../../training/types';
import { breathe } from '../abort';
import { aheadOf } from '../data/loader';
import { CACHE_BYTES, keptBytes } from '../data/maker';
import { sha256 } from '../files';
import { featureName } from './features';
import { trainingMemory } from './memory';
import { chooseDepth, stagesOf, type Stage } from './stages';
import { loadStart, startNormalisation } from './start';

const NORMALISATION: ModelDesign['normalisation'] = { resize: 'letterbox', fill: 114, mean: [127.5, 127.5, 127.5], deviation: [64, 64, 64] };

/** Threads that prepare images beside the one that trains. */
export const LOADER_THREADS = 1;
/** Share of a training's memory that decoded images may take. */
const CACHE_SHARE = 1 / 8;

/** A run that is ready to begin. */
export interface Prepared {
  task: Task;
  design: ModelDesign;
  train: Example[];
  val: Example[];
  batch: number;
  /** Parts in which a step takes its batch, to fit into memory. */
  microBatches: number;
  /** Bytes that decoded, reduced images may take. */
  cacheBytes: number;
  model: LayersModel;
  backbone: Backbone;
  /** Whom the weights that training begins with are owed to. */
  credits: string[];
  stages: Stage[];
  /** Optimizer, schedule and rate, as far as they are not the usual ones. */
  recipe: RecipeOptions;
  /** Names the run: data and settings. A checkpoint of another run is not gone on from. */
  fingerprint: string;
}

async function collect(examples: Examples, signal: AbortSignal | undefined): Promise<Example[]> {
  const list: Example[] = [];
  for await (const example of examples as AsyncIterable<Example>) {
    signal?.throwIfAborted();
    const { id, width, height } = example;
    if (!(width > 0 && height > 0)) throw new TrainingDataError(`Image ${id} has no size (${width}×${height}). Import it again.`);
    list.push(example);
  }
  return list;
}

export async function prepare(data: TrainData, options: TrainOptions, { onNote }: TrainCallbacks, signal?: AbortSignal): Promise<Prepared> {
  const task = taskOf(options.task);
  const seed = options.seed ?? 1;
  const name = options.backbone ?? task.defaults.backbone;
  const backbone = backbones[name];
  if (!backbone) throw new TrainingDataError(`The backbone ${name} is unknown; known are ${Object.keys(backbones).join(', ')}.`);
  if (data.classes.length === 0) throw new TrainingDataError(`There is no class to train. Add a class of kind ${task.learnsFrom.join(' or ')} to the project.`);
  checkAugmentation(task, data.classes, options.augmentation);
  const settings = taskOptions(task, options.taskOptions);
  const [train, val] = [await collect(data.train, signal), await collect(data.val, signal)];
  if (train.length === 0) throw new TrainingDataError('There are no training images. Mark labelled images as done first.');

  const { inputSize } = options;
  const { multiple } = backbone;
  if (inputSize && (inputSize.width % multiple !== 0 || inputSize.height % multiple !== 0)) {
    throw new TrainingDataError(`The input size must be a multiple of ${multiple}, not ${inputSize.width}×${inputSize.height}.`);
  }
  const planned = task.plan({ train, val, classes: data.classes }, { seed, inputSize, multiple, backbone, options: settings });
  for (const note of planned.notes) onNote?.(note);
  for (const changed of variation(options)) onNote?.(`Augmentation as asked: ${changed.map(([name, value]) => `${name} ${Array.isArray(value) ? value.join(' to ') : value}`).join(', ')}; the rest as usual.`);
  const design: ModelDesign = {
    task: task.name,
    classes: data.classes.map(({ id, name: label, points, swaps }) => ({ id, name: label, ...(points && { points: [...points] }), ...(swaps && { swaps: swaps.map(([a, b]) => [a, b]) }) })),
    architecture: { backbone: name, head: task.name === 'detect' ? 'yolo' : task.name },
    inputSize: planned.inputSize,
    normalisation: { ...NORMALISATION, ...(await startNormalisation(backbone, options.start, onNote, signal)) },
    head: planned.head as Record<string, unknown>,
  };

  await breathe(signal);
  const model = task.build(design, backbone, seed);
  try {
    const { learningRate, optimizer, schedule } = options;
    return await fit({ task, design, model, backbone, recipe: { learningRate, optimizer, schedule }, train: planned.train, val: planned.val }, options, onNote, signal);
  } catch (error) {
    model.dispose();
    throw error;
  }
}

/** Weights, stages and batch of a network that is built. */
async function fit(
  built: Pick<Prepared, 'task' | 'design' | 'model' | 'backbone' | 'recipe' | 'train' | 'val'>, options: TrainOptions, onNote: TrainCallbacks['onNote'], signal: AbortSignal | undefined,
): Promise<Prepared> {
  const { task, design, model, backbone, train, val } = built;
  const { seed = 1, memoryBytes: memory = trainingMemory() } = options;
  const batch = options.batch ?? Math.min(task.defaults.batch, Math.max(2, train.length));
  const trained = await loadStart(model, backbone, options.start, onNote, signal);
  const chosen = chooseDepth(train.filter(({ labels }) => labels.length > 0).length, trained);
  const depth = trained ? options.depth ?? chosen.depth : 'full';
  if (options.depth !== undefined && options.depth !== depth) onNote?.(`There are no trained weights to begin with: everything is trained, not only what "${options.depth}" names.`);
  onNote?.(depth === chosen.depth ? chosen.why : `Trained as asked: ${depth}.`);
  const stages = stagesOf(depth, trained, backbone.blocks.length);
  // The last stage trains the most, and needs the most.
  unfreeze(model, backbone, stages.at(-1)!.blocks);
  const cacheBytes = options.cacheBytes ?? Math.min(CACHE_BYTES, Math.floor(memory * CACHE_SHARE));
  const images = keptBytes({ examples: train, design, cacheBytes }) + waitingBytes(task, design, batch);
  const { microBatches, bytes } = await fitToMemory(specOf({ ...built, stage: stages.at(-1)!, microBatches: 1 }, batch, seed), memory, { besides: images, between: () => breathe(signal) });
  const megabytes = (n: number) => `${Math.round(n / 2 ** 20)} MB`;
  // What is expected is on the safe side, so that a training that may well fit is not refused.
  if (bytes > memory) onNote?.(`Even one image at a time is expected to need up to ${megabytes(bytes)}, more than the ${megabytes(memory)} allowed (FIELDMARK_TRAINING_MEMORY_MB, --memory). It is tried nevertheless, as most trainings need less than expected; a smaller input or backbone is sure to fit.`);
  else if (microBatches > 1) onNote?.(`A step takes its ${batch} images in ${microBatches} parts, to stay within ${megabytes(memory)}.`);
  const asked = recipeNote(built.recipe);
  if (asked !== null) onNote?.(asked);
  const fingerprint = sha256(JSON.stringify([6, seed, design, batch, stages, options.start, options.minutes, options.epochs, options.learningRate, imagesOf(train), imagesOf(val), ...variation(options), ...(asked === null ? [] : [asked])]));
  return { ...built, credits: trained && options.start === undefined && backbone.trained ? [backbone.trained.credit] : [], batch, microBatches, cacheBytes, stages, fingerprint };
}

/** Bytes of the batches that wait for their step, targets included. */
function waitingBytes(task: Task, design: ModelDesign, batch: number): number {
  const { width, height } = design.inputSize;
  const targets = Object.values(task.targets(design, batch)).reduce((sum, { shape }) => sum + 4 * shape.reduce((a, b) => a * b, 1), 0);
  return aheadOf(design, batch, LOADER_THREADS) * (batch * width * height * 3 + targets);
}

/** Augmentation as far as it is not the task's own. */
const variation = ({ augmentation = {} }: TrainOptions) => (Object.keys(augmentation).length === 0 ? [] : [Object.entries(augmentation).sort()]);

/** What of the data a run depends on. Masks and points by their numbers. */
const imagesOf = (list: readonly Example[]) => list.map(({ id, width, height, labels }) => [
  id, width, height,
  labels.map((label) => ('mask' in label ? { ...label, mask: { ...label.mask, runs: sha256(new Uint8Array(label.mask.runs.buffer, label.mask.runs.byteOffset, label.mask.runs.byteLength)) } } : label)),
]);

/**
 * The training step: normalise, network, loss; optimizer, clipped gradients, averaged weights. With a `cut` the step begins at
 * the features of those tensors.
 */
export function specOf({ task, design, model, backbone, recipe, stage: { backboneRate }, microBatches }: Pick<Prepared, 'task' | 'design' | 'model' | 'backbone' | 'recipe' | 'microBatches'> & { stage: Stage }, batch: number, seed: number, cut: readonly tf.SymbolicTensor[] = []): TrainerSpec {
  const { width, height } = design.inputSize;
  const targets = task.targets(design, batch);
  const features = cut.map((tensor, i) => [featureName(i), { shape: [batch, ...tensor.shape.slice(1).map((n) => n!)], dtype: 'float32' as const }] as const);
  return {
    model,
    seed,
    microBatches,
    ...(cut.length > 0 && { from: cut }),
    inputs: { ...(cut.length > 0 ? Object.fromEntries(features) : { image: { shape: [batch, height, width, 3], dtype: 'uint8' as const } }), ...targets },
    loss(values, network, sums) {
      const graph = Object.values(values)[0]!.graph as Graph;
      const inputs = cut.length > 0 ? features.map(([name]) => values[name]!) : [normalise(graph, values.image!, design.normalisation)];
      return task.loss(graph, design, network(...inputs), values, sums);
    },
    optimizer: optimizerOf(recipe),
    ...(backboneRate !== 1 && { rateOf: (name: string) => (blockOf(backbone, name.split('/')[0]!) === null ? 1 : backboneRate) }),
    clipNorm: 10,
    averageDecay: 0.998,
  };
}
