/** The whole recipe of detector training, used by the worker's job and by the command line alike. */
import path from 'node:path';
import { rm } from 'node:fs/promises';
import { backbones } from '../../backbones';
import { defaultAugmentation, type AugmentOptions } from '../../data/augment';
import { buildDetector, targetShape, type YoloLayout } from '../../heads/yolo';
import { normalise } from '../../inference/normalise';
import { YoloPredictor } from '../../inference/yoloPredictor';
import { yoloLoss } from '../../losses/yolo';
import { type Graph } from '../../graph';
import { costOf } from '../../graph/cost';
import { type ModelCard } from '../../runtime/card';
import { type CompileOptions, type Tensors } from '../../runtime/engine';
import { type LayersModel } from '../../runtime/tf';
import { writeWeights } from '../../runtime/weights';
import { adamW } from '../../training/optimizers';
import { cosine, withWarmUp } from '../../training/schedules';
import { buildStep, Trainer, type TrainerSpec } from '../../training/trainer';
import {
  type DetectorMetrics, type LossParts, type TrainDetectorCallbacks, type TrainDetectorInput, type TrainDetectorOptions, type TrainDetectorResult, type TrainPhase,
} from '../../training/types';
import { readCheckpoint, writeCheckpoint } from '../checkpoint';
import { BatchMaker, Prefetcher, type TrainingImage } from '../data/batches';
import { ImageCache } from '../data/imageCache';
import { sha256 } from '../files';
import { saveModel } from '../modelFiles';
import { ortEngine } from '../ortEngine';
import { Budget } from './budget';
import { evaluateDetector } from './evaluate';
import { checkExamples, TrainingDataError } from './examples';
import { chooseAnchors, chooseInputSize, layoutOf, shapesInInput } from './plan';

const NORMALISATION: ModelCard['normalisation'] = { resize: 'letterbox', fill: 114, mean: [127.5, 127.5, 127.5], deviation: [64, 64, 64] };
const BACKBONE = 'compact';
/** Resident memory of a training process, measured: the libraries, and ONNX Runtime's arena over the values alive at once. */
const RUNTIME_BYTES = 300 * 2 ** 20;
const MEMORY_FACTOR = 3;
const CHECKPOINT_SECONDS = 60;
const REPORT_SECONDS = 0.5;
const EVALUATIONS = 8;
/** Over this last share of a run images are shown whole, as the network will meet them. */
const CALM_SHARE = 0.15;

/** What a checkpoint says besides its tensors. */
interface CheckpointMeta {
  fingerprint: string;
  spentSeconds: number;
  evaluations: number;
  best: { metrics: DetectorMetrics; step: number } | null;
}

interface Prepared {
  layout: YoloLayout;
  train: TrainingImage[];
  val: TrainingImage[];
  batch: number;
  model: LayersModel;
  spec: TrainerSpec;
  meanBestIou: number | null;
  fingerprint: string;
}

export async function trainDetector(
  input: TrainDetectorInput, options: TrainDetectorOptions, callbacks: TrainDetectorCallbacks = {}, signal?: AbortSignal,
): Promise<TrainDetectorResult> {
  if ((options.minutes === undefined) === (options.epochs === undefined)) throw new Error('give either minutes or epochs');
  signal?.throwIfAborted();
  const began = performance.now();
  const run = await prepare(input, options, callbacks);
  signal?.throwIfAborted();
  return new DetectorRun(input, options, callbacks, signal, run, began).execute();
}

async function prepare(input: TrainDetectorInput, options: TrainDetectorOptions, callbacks: TrainDetectorCallbacks): Promise<Prepared> {
  const seed = options.seed ?? 1;
  if (input.classes.length === 0) throw new TrainingDataError('There is no class to train. Add a class of kind box to the project.');
  const train = await checkExamples(input.train, input.classes);
  const val = await checkExamples(input.val, input.classes);
  if (train.images.length === 0) throw new TrainingDataError('There are no training images. Mark labelled images as done first.');
  if (train.boxes === 0) throw new TrainingDataError('None of the training images has a box. Label some objects first.');
  const skipped = train.skipped + val.skipped;
  if (skipped > 0) callbacks.onNote?.(`${skipped} ${skipped === 1 ? 'box' : 'boxes'} without area skipped.`);

  const inputSize = options.inputSize ?? chooseInputSize(train.images);
  if (inputSize.width % 32 !== 0 || inputSize.height % 32 !== 0) throw new Error(`the input size must be a multiple of 32, not ${inputSize.width}×${inputSize.height}`);
  const { anchors, meanBestIou } = chooseAnchors(shapesInInput(train.images, inputSize), options.anchorCount ?? 6, seed, options.anchors);
  const layout = layoutOf(inputSize, anchors, input.classes.length);
  callbacks.onNote?.(`Network input ${inputSize.width}×${inputSize.height}; ${anchors.length} anchors, mean best IoU ${meanBestIou?.toFixed(3) ?? 'unknown'}.`);

  const backbone = backbones[BACKBONE]!;
  const model = buildDetector(backbone, layout, seed);
  const memory = options.memoryBytes ?? 4 * 2 ** 30;
  let batch = options.batch ?? Math.min(8, Math.max(2, train.images.length));
  let spec = specOf(model, layout, batch, seed);
  for (;;) {
    const needed = RUNTIME_BYTES + MEMORY_FACTOR * costOf(buildStep(spec).program).peakBytes;
    if (needed <= memory || batch === 1) break;
    callbacks.onNote?.(`A batch of ${batch} would need ${Math.round(needed / 2 ** 20)} MB; trying ${batch >> 1}.`);
    batch >>= 1;
    spec = specOf(model, layout, batch, seed);
  }
  const images = (list: readonly TrainingImage[]) => list.map(({ id, width, height, boxes }) => [id, width, height, boxes.map((box) => [box.classIndex, box.x0, box.y0, box.x1, box.y1])]);
  const fingerprint = sha256(JSON.stringify([
    1, seed, layout, batch, options.minutes, options.epochs, options.learningRate, input.classes, images(train.images), images(val.images),
  ]));
  return { layout, train: train.images, val: val.images, batch, model, spec, meanBestIou, fingerprint };
}

/** The training step: normalise, network, loss; AdamW, clipped gradients, averaged weights. */
export function specOf(model: LayersModel, layout: YoloLayout, batch: number, seed: number): TrainerSpec {
  const { width, height } = layout.inputSize;
  const targets = Object.fromEntries(layout.scales.map((_, s) => [`target${s}`, { shape: targetShape(layout, s, batch), dtype: 'float32' as const }]));
  return {
    model,
    seed,
    inputs: { image: { shape: [batch, height, width, 3], dtype: 'uint8' }, ...targets },
    loss(values, network) {
      const graph = values.image!.graph as Graph;
      const outputs = network(normalise(graph, values.image!, NORMALISATION));
      return yoloLoss(graph, outputs, layout.scales.map((_, s) => values[`target${s}`]!), layout);
    },
    optimizer: adamW({ weightDecay: 0.02 }),
    clipNorm: 10,
    averageDecay: 0.998,
  };
}

/** One run from compiled step to stored model. */
class DetectorRun {
  private readonly compile: CompileOptions;
  private readonly cache: ImageCache;
  private readonly stepsPerEpoch: number;
  private readonly file: string;
  private budget!: Budget;
  private trainer!: Trainer;
  private best: { metrics: DetectorMetrics; step: number; weights: Tensors } | null = null;
  private evaluations = 0;
  private evaluatedAt = performance.now();
  private resumed = false;
  private readonly window = { loss: 0, parts: { box: 0, objectness: 0, class: 0 } as LossParts, steps: 0, seconds: 0, waited: 0, at: performance.now() };

  constructor(
    private readonly input: TrainDetectorInput,
    private readonly options: TrainDetectorOptions,
    private readonly callbacks: TrainDetectorCallbacks,
    private readonly signal: AbortSignal | undefined,
    private readonly run: Prepared,
    private readonly began: number,
  ) {
    this.compile = { threads: options.threads ?? 1 };
    this.cache = new ImageCache(options.cacheBytes ?? 512 * 2 ** 20);
    this.stepsPerEpoch = run.train.length / run.batch;
    this.file = path.join(options.checkpointDir, 'detector.ckpt');
  }

  async execute(): Promise<TrainDetectorResult> {
    this.trainer = await Trainer.create(ortEngine, this.run.spec, this.compile);
    try {
      const spent = await this.resume();
      const { minutes, epochs } = this.options;
      this.budget = new Budget({ minutes, epochs, stepsPerEpoch: this.stepsPerEpoch, spentSeconds: spent + (performance.now() - this.began) / 1000 });
      this.budget.noteEvaluation(0.05 * this.run.val.length, EVALUATIONS);
      await this.train();
      return await this.finish();
    } finally {
      await this.trainer.dispose();
    }
  }

  private async train(): Promise<void> {
    const { learningRate = 2e-3, seed = 1 } = this.options;
    const schedule = withWarmUp(cosine(learningRate), 0.05);
    const maker = new BatchMaker({
      examples: this.run.train, layout: this.run.layout, batch: this.run.batch, seed, fill: NORMALISATION.fill, cache: this.cache,
      augmentation: (step) => augmentationAt(this.budget.progress(step)),
    });
    const batches = new Prefetcher((step) => maker.make(step), this.trainer.steps, () => Infinity);
    let saved = performance.now();
    while (this.budget.allows(this.trainer.steps)) {
      await this.checkAbort();
      const before = performance.now();
      const { feeds } = await batches.next();
      const fed = performance.now();
      const result = await this.trainer.train(feeds, schedule(this.budget.progress(this.trainer.steps)));
      const after = performance.now();
      this.budget.noteStep((after - before) / 1000);
      if (!Number.isFinite(result.loss)) throw new Error(`the loss is ${result.loss} at step ${this.trainer.steps}; try a lower learning rate`);
      this.note(result, after - before, fed - before, schedule);
      if (this.evaluationIsDue()) await this.evaluate();
      if (after - saved > CHECKPOINT_SECONDS * 1000) {
        await this.checkpoint();
        saved = performance.now();
      }
    }
  }

  private evaluationIsDue(): boolean {
    if (this.run.val.length === 0) return false;
    const due = Math.floor(this.budget.progress(this.trainer.steps) * EVALUATIONS + 1e-9);
    return due > this.evaluations && due < EVALUATIONS && this.budget.affordsEvaluation((performance.now() - this.evaluatedAt) / 1000);
  }

  /** Evaluates the averaged weights and keeps them when they are the best so far. */
  private async evaluate(): Promise<void> {
    const { layout, model, val } = this.run;
    this.report('evaluating', 0);
    const before = performance.now();
    const weights = this.trainer.weights('average');
    writeWeights(model, weights);
    const predictor = await YoloPredictor.create(ortEngine, model, layout, NORMALISATION, this.compile);
    let metrics: DetectorMetrics;
    try {
      metrics = await evaluateDetector(predictor, val, this.input.classes, { inputSize: layout.inputSize, normalisation: NORMALISATION }, this.cache, this.signal);
    } finally {
      await predictor.dispose();
    }
    this.evaluations = Math.max(this.evaluations + 1, Math.floor(this.budget.progress(this.trainer.steps) * EVALUATIONS + 1e-9));
    this.evaluatedAt = performance.now();
    this.budget.noteEvaluation((this.evaluatedAt - before) / 1000, Math.max(0, EVALUATIONS - this.evaluations));
    const quality = ({ mAP, mAP50 }: DetectorMetrics) => mAP + mAP50;
    const step = this.trainer.steps;
    const best = this.best === null || quality(metrics) >= quality(this.best.metrics);
    if (best) this.best = { metrics, step, weights };
    this.callbacks.onEvaluation?.({ ...metrics, step, epoch: step / this.stepsPerEpoch, best });
  }

  private async finish(): Promise<TrainDetectorResult> {
    const { model, val, layout, train, batch, meanBestIou } = this.run;
    if (val.length > 0) await this.evaluate();
    this.report('saving', 0);
    writeWeights(model, this.best?.weights ?? this.trainer.weights('average'));
    const metrics = this.best?.metrics ?? null;
    const steps = this.trainer.steps;
    const epochs = steps / this.stepsPerEpoch;
    const card: ModelCard = {
      format: 'fieldmark-model', version: 1, task: 'detect',
      classes: this.input.classes.map(({ id, name }) => ({ id, name })),
      architecture: { backbone: BACKBONE, head: 'yolo' },
      inputSize: layout.inputSize,
      normalisation: NORMALISATION,
      yolo: { scales: layout.scales.map(({ stride, anchors }) => ({ stride, anchors: anchors.map(({ w, h }) => ({ w, h })) })) },
      datasetHash: this.input.datasetHash ?? null,
      metrics: metrics && { split: 'val', ...metrics },
      training: { seed: this.options.seed ?? 1, steps, epochs, seconds: this.budget.elapsed, images: train.length, batch, engine: ortEngine.name },
      meanBestIou,
      credits: [...(this.input.credits ?? [])],
      createdAt: new Date().toISOString(),
    };
    await saveModel(this.options.outDir, { model, card });
    await rm(this.file, { force: true });
    return { card, metrics, steps, epochs, seconds: this.budget.elapsed, resumed: this.resumed };
  }

  /** Adds a step to the window of the next report, and reports when it is time. */
  private note(result: Record<string, number>, milliseconds: number, waited: number, schedule: (progress: number) => number): void {
    const { window } = this;
    window.loss += result.loss!;
    for (const part of ['box', 'objectness', 'class'] as const) window.parts[part] += result[part]!;
    window.steps++;
    window.seconds += milliseconds / 1000;
    window.waited += waited / 1000;
    if (performance.now() - window.at >= REPORT_SECONDS * 1000) this.report('training', schedule(this.budget.progress(this.trainer.steps)));
  }

  private report(phase: TrainPhase, learningRate: number): void {
    const { window } = this;
    const mean = (sum: number) => (window.steps > 0 ? sum / window.steps : 0);
    const step = this.trainer.steps;
    if (window.steps > 0) {
      this.callbacks.onProgress?.({
        phase, step, steps: Math.max(step, this.budget.plannedSteps(step)), epoch: step / this.stepsPerEpoch,
        loss: mean(window.loss), lossParts: { box: mean(window.parts.box), objectness: mean(window.parts.objectness), class: mean(window.parts.class) },
        learningRate, imagesPerSecond: (window.steps * this.run.batch) / window.seconds, dataWait: window.waited / window.seconds,
        etaSeconds: this.budget.etaSeconds(step),
      });
    }
    Object.assign(window, { loss: 0, parts: { box: 0, objectness: 0, class: 0 }, steps: 0, seconds: 0, waited: 0, at: performance.now() });
  }

  private async checkAbort(): Promise<void> {
    if (!this.signal?.aborted) return;
    await this.checkpoint();
    this.signal.throwIfAborted();
  }

  private async checkpoint(): Promise<void> {
    const { steps, state } = this.trainer.snapshot();
    const tensors: Tensors = { ...state };
    if (this.best) for (const [name, value] of Object.entries(this.best.weights)) tensors[`best:${name}`] = value;
    const meta: CheckpointMeta & { steps: number } = {
      fingerprint: this.run.fingerprint, spentSeconds: this.budget.elapsed, evaluations: this.evaluations, steps,
      best: this.best && { metrics: this.best.metrics, step: this.best.step },
    };
    await writeCheckpoint(this.file, meta, tensors);
  }

  /** Goes on from the checkpoint when it is of this run. Returns the seconds spent before it. */
  private async resume(): Promise<number> {
    let found: Awaited<ReturnType<typeof readCheckpoint>>;
    try {
      found = await readCheckpoint(this.file);
    } catch (error) {
      this.callbacks.onNote?.(`The checkpoint cannot be read (${(error as Error).message}); beginning anew.`);
      return 0;
    }
    if (!found) return 0;
    const meta = found.meta as CheckpointMeta & { steps: number };
    if (meta.fingerprint !== this.run.fingerprint) {
      this.callbacks.onNote?.('The checkpoint belongs to another run (data or settings differ); beginning anew.');
      return 0;
    }
    this.trainer.restore({ steps: meta.steps, state: found.tensors });
    this.evaluations = meta.evaluations;
    if (meta.best) {
      const weights = Object.fromEntries(Object.entries(found.tensors).flatMap(([name, value]) => (name.startsWith('best:') ? [[name.slice(5), value]] : [])));
      this.best = { ...meta.best, weights };
    }
    this.resumed = true;
    this.callbacks.onNote?.(`Going on from step ${meta.steps}.`);
    return meta.spentSeconds;
  }
}

function augmentationAt(progress: number): AugmentOptions {
  return progress > 1 - CALM_SHARE ? { ...defaultAugmentation, mosaic: 0, scale: [0.9, 1.1], translate: 0.05 } : defaultAugmentation;
}
