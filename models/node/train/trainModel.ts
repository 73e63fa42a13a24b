/** The whole recipe of training, for every task, used by the worker's job and by the command line alike. */
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { headlineOf } from '@/lib/core/labels';
import { rm } from 'node:fs/promises';
import { type AugmentOptions } from '../../data/augment';
import { Network } from '../../inference/network';
import { type ModelCard } from '../../runtime/card';
import { type CompileOptions, type Engine, type Tensors } from '../../runtime/engine';
import { type tf } from '../../runtime/tf';
import { unfreeze } from '../../backbones';
import { readWeights, writeWeights } from '../../runtime/weights';
import { augmentationAt } from '../../tasks/augmentation';
import { type TaskMetrics } from '../../tasks/types';
import { cutOf } from '../../training/cut';
import { scheduleOf } from '../../training/recipe';
import { Trainer } from '../../training/trainer';
import { type TrainCallbacks, type TrainData, type TrainOptions, type TrainPhase, type TrainResult } from '../../training/types';
import { breathe } from '../abort';
import { readCheckpoint, writeCheckpoint } from '../checkpoint';
import { openFeatureCache, storedBytes } from '../data/featureCache';
import { createLoader, type Loader } from '../data/loader';
import { BatchMaker } from '../data/maker';
import { saveModel } from '../modelFiles';
import { engineFor } from '../engines';
import { evaluateModel } from '../predict/evaluate';
import { MemberPredictor } from '../predict/loadPredictor';
import { Budget } from './budget';
import { createFeatureLoader, type VariantOptions } from './features';
import { LOADER_THREADS, prepare, specOf, type Prepared } from './prepare';
import { spanOf } from './stages';
import { Window } from './window';

const CHECKPOINT_SECONDS = 60;
const EVALUATIONS = 8;
/** Augmented variants of an image whose features are kept, and of those that are for the calm end of the run. */
const VARIANTS = 8;
const CALM_VARIANTS = 2;
/** While features are computed this is said so often. */
const PREPARING_SECONDS = 0.5;

/** What a checkpoint says besides its tensors. */
interface CheckpointMeta {
  fingerprint: string;
  spentSeconds: number;
  evaluations: number;
  /** Stage, the steps before it, and the steps in it. */
  stage: number;
  before: number;
  steps: number;
  microBatches: number;
  best: { metrics: TaskMetrics; step: number } | null;
}

/** See the type `TrainModel`. */
export async function trainModel(data: TrainData, options: TrainOptions, callbacks: TrainCallbacks = {}, signal?: AbortSignal): Promise<TrainResult> {
  if ((options.minutes === undefined) === (options.epochs === undefined)) throw new Error('give either minutes or epochs');
  signal?.throwIfAborted();
  const began = performance.now();
  const prepared = await prepare(data, options, callbacks, signal);
  try {
    signal?.throwIfAborted();
    return await new Run(data, options, callbacks, signal, prepared, await engineFor(), began).execute();
  } finally {
    prepared.model.dispose();
  }
}

/** One run from prepared data to stored model. */
class Run {
  private compile: CompileOptions;
  private readonly stepsPerEpoch: number;
  private readonly file: string;
  private readonly window = new Window();
  private budget!: Budget;
  private trainer!: Trainer;
  private stage = 0;
  /** Steps of the stages before this one. */
  private before = 0;
  /** What makes batches, and the loader of images, of all stages: they keep what they have decoded. */
  private maker: BatchMaker | null = null;
  private images: Loader | null = null;
  private best: { metrics: TaskMetrics; step: number; weights: Tensors } | null = null;
  private evaluations = 0;
  private evaluatedAt = performance.now();
  private resumed = false;

  constructor(
    private readonly data: TrainData,
    private readonly options: TrainOptions,
    private readonly callbacks: TrainCallbacks,
    private readonly signal: AbortSignal | undefined,
    private run: Prepared,
    private readonly engine: Engine,
    private readonly began: number,
  ) {
    this.compile = { threads: typeof options.threads === 'number' ? options.threads : 1 };
    this.stepsPerEpoch = run.train.length / run.batch;
    this.file = path.join(options.checkpointDir, 'training.ckpt');
  }

  private get steps(): number {
    return this.before + this.trainer.steps;
  }

  private get progress(): number {
    return this.budget.progress(this.steps);
  }

  async execute(): Promise<TrainResult> {
    try {
      return await this.trainStages();
    } finally {
      await this.maker?.dispose();
    }
  }

  private async trainStages(): Promise<TrainResult> {
    const found = await this.checkpointOfThisRun();
    // On a machine with less memory than that of the checkpoint, or with more: parts no larger than either has them.
    if (found && found.meta.microBatches > this.run.microBatches) this.run = { ...this.run, microBatches: found.meta.microBatches };
    const { minutes, epochs } = this.options;
    const spent = found?.meta.spentSeconds ?? 0;
    this.budget = new Budget({ minutes, epochs, stepsPerEpoch: this.stepsPerEpoch, spentSeconds: spent + (performance.now() - this.began) / 1000 });
    this.budget.guessEvaluation(0.05 * this.run.val.length, EVALUATIONS);
    const { stages } = this.run;
    for (this.stage = found?.meta.stage ?? 0; this.stage < stages.length; this.stage++) {
      const resumes = found?.meta.stage === this.stage ? found : null;
      const last = this.stage === stages.length - 1;
      unfreeze(this.run.model, this.run.backbone, stages[this.stage]!.blocks);
      // What cannot be computed ahead, or not kept, is computed at every step.
      const cut = stages[this.stage]!.keeps ? this.cutThatFits() : [];
      await breathe(this.signal);
      await this.threadsChanged();
      this.trainer = await Trainer.create(this.engine, specOf({ ...this.run, stage: stages[this.stage]! }, this.run.batch, this.options.seed ?? 1, cut), this.compile);
      try {
        if (resumes) this.goOn(resumes);
        await this.train(cut);
        if (last) return await this.finish();
        // Between stages nothing is lost either.
        await this.checkpoint();
        writeWeights(this.run.model, this.trainer.weights('average'));
        this.before = this.steps;
      } catch (error) {
        if (!this.signal?.aborted) throw error;
        // Wherever it was interrupted, weights are those of the last whole step.
        if (this.steps > 0) await this.checkpoint();
        throw this.signal.reason;
      } finally {
        await this.trainer.dispose();
      }
    }
    throw new Error('there is no stage to train');
  }

  private async train(cut: readonly tf.SymbolicTensor[]): Promise<void> {
    const { task, stages, recipe } = this.run;
    const { to } = spanOf(stages, this.stage);
    // One curve over the whole run: a stage lets more learn, and what learned before goes on as it was.
    const schedule = scheduleOf(recipe, task.defaults.learningRate);
    const last = this.stage === stages.length - 1;
    const goesOn = () => this.budget.allows(this.steps) && (last || this.trainer.steps === 0 || this.progress < to);
    // Cancelled while it was measured: the measurement is made up for.
    if (this.trainer.steps > 0 && this.evaluationIsDue()) await this.evaluate();
    // A checkpoint may be of a stage's very end.
    if (!goesOn()) return;
    const loader = cut.length > 0 ? await this.featureLoader(cut) : this.imageLoader();
    let saved = performance.now();
    try {
      while (goesOn()) {
        this.signal?.throwIfAborted();
        const before = performance.now();
        const feeds = await loader.next();
        const fed = performance.now();
        const rate = schedule(this.progress);
        const result = await this.trainer.train(feeds, rate);
        const after = performance.now();
        this.budget.noteStep((after - before) / 1000);
        if (!Number.isFinite(result.loss)) throw new Error(`the loss is ${result.loss} at step ${this.steps}; try a lower learning rate`);
        this.window.add(result, after - before, fed - before);
        if (this.window.isDue) this.report('training', rate);
        const saves = after - saved > CHECKPOINT_SECONDS * 1000;
        const evaluates = this.evaluationIsDue();
        if ((saves || evaluates) && (await this.threadsChanged())) await this.trainer.recompile(this.engine, this.compile);
        if (evaluates) await this.evaluate();
        if (saves) {
          await this.checkpoint();
          saved = performance.now();
        }
      }
    } finally {
      if (loader !== this.images) await loader.dispose();
    }
  }

  /** Asks anew how many threads there are for this run: others may want some, or have gone. */
  private async threadsChanged(): Promise<boolean> {
    const { threads = 1 } = this.options;
    const now = typeof threads === 'number' ? threads : await threads();
    if (now === this.compile.threads) return false;
    this.compile = { ...this.compile, threads: now };
    return true;
  }

  private get makes(): BatchMaker {
    const { train: examples, design, cacheBytes } = this.run;
    return (this.maker ??= new BatchMaker({ examples, design, cacheBytes, threads: LOADER_THREADS, signal: this.signal }));
  }

  private augmentationAt(progress: number): AugmentOptions {
    return augmentationAt(this.run.task, this.run.design, progress, this.options.augmentation);
  }

  /** Steps are counted over the whole run: a stage goes on in the pass over the images in which the one before it ended. */
  private imageLoader(): Loader {
    const { design, train: examples, batch } = this.run;
    return (this.images ??= createLoader({
      examples, design, batch, seed: this.options.seed ?? 1, from: this.steps, maker: this.makes, augmentation: (step) => this.augmentationAt(this.budget.progress(step)),
    }));
  }

  /** Where this stage's frozen part ends; empty where it gives more than there is room for. */
  private cutThatFits(): tf.SymbolicTensor[] {
    const cut = cutOf(this.run.model);
    if (cut.length === 0 || this.variants(cut).count > 0) return cut;
    if (this.featureBytes > 0) this.callbacks.onNote?.(`The features of ${this.run.train.length} images do not fit into ${Math.round(this.featureBytes / 2 ** 20)} MB: they are computed at every step.`);
    return [];
  }

  private get featureBytes(): number {
    return this.options.featureBytes ?? 4 * 2 ** 30;
  }

  /** As many variants of each image as fit into the cache, and how they vary. */
  private variants(cut: readonly tf.SymbolicTensor[]): VariantOptions {
    const { from, to } = spanOf(this.run.stages, this.stage);
    const [augmentation, calmAugmentation] = [this.augmentationAt(from), this.augmentationAt(to)];
    const calms = !isDeepStrictEqual(augmentation, calmAugmentation);
    const bytes = storedBytes(cut.map(({ shape }) => shape.slice(1).reduce<number>((product, n) => product * n!, 1)));
    const count = Math.min(VARIANTS + (calms ? CALM_VARIANTS : 0), Math.floor(this.featureBytes / bytes / this.run.train.length));
    return { count, augmentation, calm: calms ? Math.min(CALM_VARIANTS, Math.floor(count / 4)) : 0, calmAugmentation };
  }

  private async featureLoader(cut: readonly tf.SymbolicTensor[]): Promise<Loader> {
    const { design, train: examples, batch, microBatches, model } = this.run;
    const { seed = 1, featureDir = path.join(this.options.checkpointDir, 'features') } = this.options;
    const variants = this.variants(cut);
    // Steps before this one were of images; those to come begin anew behind these.
    this.images = null;
    let said = 0;
    return createFeatureLoader({
      engine: this.engine, compile: this.compile, model, cut, design, batch, part: batch / microBatches, seed, examples, maker: this.makes,
      variants, isCalm: (step) => isDeepStrictEqual(this.augmentationAt(this.budget.progress(step)), variants.calmAugmentation),
      cache: await openFeatureCache({ dir: featureDir, maxBytes: this.featureBytes }), dir: featureDir, from: this.steps, signal: this.signal,
      onSample: (done, of) => {
        const now = performance.now();
        if (done < of && now - said < PREPARING_SECONDS * 1000) return;
        said = now;
        this.callbacks.onPreparing?.(done, of);
      },
    });
  }

  private evaluationIsDue(): boolean {
    if (this.run.val.length === 0) return false;
    const due = Math.floor(this.progress * EVALUATIONS + 1e-9);
    return due > this.evaluations && due < EVALUATIONS && this.budget.affordsEvaluation((performance.now() - this.evaluatedAt) / 1000);
  }

  /** Evaluates the averaged weights and keeps them when they are the best so far. */
  private async evaluate(): Promise<void> {
    const { design, model, val, task } = this.run;
    this.report('evaluating', 0);
    const before = performance.now();
    writeWeights(model, this.trainer.weights('average'));
    await breathe(this.signal);
    const network = await Network.create(this.engine, task.inferenceModel?.(model) ?? model, design, this.compile);
    const predictor = new MemberPredictor(design, task, [{ design, network }]);
    const metrics = await evaluateModel(predictor, val, { signal: this.signal }).finally(() => predictor.dispose());
    this.evaluations = Math.max(this.evaluations + 1, Math.floor(this.progress * EVALUATIONS + 1e-9));
    this.evaluatedAt = performance.now();
    this.budget.noteEvaluation((this.evaluatedAt - before) / 1000, Math.max(0, EVALUATIONS - this.evaluations));
    const step = this.steps;
    const best = this.best === null || this.quality(metrics) >= this.quality(this.best.metrics);
    // All of them: another stage may have trained others.
    if (best) this.best = { metrics, step, weights: readWeights(model) };
    this.callbacks.onEvaluation?.({ ...metrics, step, epoch: step / this.stepsPerEpoch, best });
  }

  /** The task's headline figure, turned so that more is better. */
  private quality({ values }: TaskMetrics): number {
    const { metric, higherIsBetter } = headlineOf[this.run.task.name];
    const value = values[metric];
    return value == null ? -Infinity : higherIsBetter ? value : -value;
  }

  private async finish(): Promise<TrainResult> {
    const { model, val, design, train, batch } = this.run;
    if (val.length > 0) await this.evaluate();
    this.report('saving', 0);
    writeWeights(model, this.best?.weights ?? this.trainer.weights('average'));
    const metrics = this.best?.metrics ?? null;
    const { steps } = this;
    const epochs = steps / this.stepsPerEpoch;
    const card: ModelCard = {
      format: 'fieldmark-model', version: 2,
      ...design,
      datasetHash: this.data.datasetHash ?? null,
      metrics: metrics && { split: 'val', images: metrics.images, values: metrics.values, byClass: metrics.byClass },
      training: { seed: this.options.seed ?? 1, steps, epochs, seconds: this.budget.elapsed, images: train.length, batch, engine: this.engine.name },
      credits: [...(this.data.credits ?? []), ...this.run.credits],
      createdAt: new Date().toISOString(),
    };
    await saveModel(this.options.outDir, { model: this.run.task.inferenceModel?.(model) ?? model, card });
    await rm(this.file, { force: true });
    return { card, metrics, steps, epochs, seconds: this.budget.elapsed, resumed: this.resumed };
  }

  private report(phase: TrainPhase, learningRate: number): void {
    const { steps: step } = this;
    const means = this.window.take(this.run.batch);
    if (!means) return;
    this.callbacks.onProgress?.({
      phase, stage: this.run.stages[this.stage]!.title, step, steps: Math.max(step, this.budget.plannedSteps(step)), epoch: step / this.stepsPerEpoch,
      ...means, learningRate, etaSeconds: this.budget.etaSeconds(step),
    });
  }

  private async checkpoint(): Promise<void> {
    const { steps, state } = this.trainer.snapshot();
    const tensors: Tensors = { ...state };
    if (this.best) for (const [name, value] of Object.entries(this.best.weights)) tensors[`best:${name}`] = value;
    const meta: CheckpointMeta = {
      fingerprint: this.run.fingerprint, spentSeconds: this.budget.elapsed, evaluations: this.evaluations, steps, stage: this.stage, before: this.before, microBatches: this.run.microBatches,
      best: this.best && { metrics: this.best.metrics, step: this.best.step },
    };
    await writeCheckpoint(this.file, meta, tensors);
  }

  private async checkpointOfThisRun(): Promise<{ meta: CheckpointMeta; tensors: Tensors } | null> {
    let found: Awaited<ReturnType<typeof readCheckpoint>>;
    try {
      found = await readCheckpoint(this.file);
    } catch (error) {
      this.callbacks.onNote?.(`The checkpoint cannot be read (${(error as Error).message}); beginning anew.`);
      return null;
    }
    if (!found) return null;
    const meta = found.meta as CheckpointMeta;
    if (meta.fingerprint === this.run.fingerprint) return { meta, tensors: found.tensors };
    this.callbacks.onNote?.('The checkpoint belongs to another run (data or settings differ); beginning anew.');
    return null;
  }

  private goOn({ meta, tensors }: { meta: CheckpointMeta; tensors: Tensors }): void {
    this.trainer.restore({ steps: meta.steps, state: tensors });
    this.before = meta.before;
    this.evaluations = meta.evaluations;
    if (meta.best) {
      const weights = Object.fromEntries(Object.entries(tensors).flatMap(([name, value]) => (name.startsWith('best:') ? [[name.slice(5), value]] : [])));
      this.best = { ...meta.best, weights };
    }
    this.resumed = true;
    this.callbacks.onNote?.(`Going on from step ${this.steps}.`);
  }
}
