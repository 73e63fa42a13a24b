/** The whole recipe of training, for every task, used by the worker's job and by the command line alike. */
import path from 'node:path';
import { rm } from 'node:fs/promises';
import { Network } from '../../inference/network';
import { type ModelCard } from '../../runtime/card';
import { type CompileOptions, type Tensors } from '../../runtime/engine';
import { writeWeights } from '../../runtime/weights';
import { type TaskMetrics } from '../../tasks/types';
import { cosine, withWarmUp } from '../../training/schedules';
import { Trainer } from '../../training/trainer';
import { type TrainCallbacks, type TrainData, type TrainOptions, type TrainPhase, type TrainResult } from '../../training/types';
import { readCheckpoint, writeCheckpoint } from '../checkpoint';
import { createLoader } from '../data/loader';
import { saveModel } from '../modelFiles';
import { ortEngine } from '../ortEngine';
import { evaluateModel } from '../predict/evaluate';
import { MemberPredictor } from '../predict/loadPredictor';
import { Budget } from './budget';
import { prepare, type Prepared } from './prepare';
import { Window } from './window';

const CHECKPOINT_SECONDS = 60;
const EVALUATIONS = 8;

/** What a checkpoint says besides its tensors. */
interface CheckpointMeta {
  fingerprint: string;
  spentSeconds: number;
  evaluations: number;
  steps: number;
  best: { metrics: TaskMetrics; step: number } | null;
}

/** See the type `TrainModel`. */
export async function trainModel(data: TrainData, options: TrainOptions, callbacks: TrainCallbacks = {}, signal?: AbortSignal): Promise<TrainResult> {
  if ((options.minutes === undefined) === (options.epochs === undefined)) throw new Error('give either minutes or epochs');
  signal?.throwIfAborted();
  const began = performance.now();
  const prepared = await prepare(data, options, callbacks);
  signal?.throwIfAborted();
  try {
    return await new Run(data, options, callbacks, signal, prepared, began).execute();
  } finally {
    prepared.model.dispose();
  }
}

/** One run from compiled step to stored model. */
class Run {
  private readonly compile: CompileOptions;
  private readonly stepsPerEpoch: number;
  private readonly file: string;
  private readonly window = new Window();
  private budget!: Budget;
  private trainer!: Trainer;
  private best: { metrics: TaskMetrics; step: number; weights: Tensors } | null = null;
  private evaluations = 0;
  private evaluatedAt = performance.now();
  private resumed = false;

  constructor(
    private readonly data: TrainData,
    private readonly options: TrainOptions,
    private readonly callbacks: TrainCallbacks,
    private readonly signal: AbortSignal | undefined,
    private readonly run: Prepared,
    private readonly began: number,
  ) {
    this.compile = { threads: options.threads ?? 1 };
    this.stepsPerEpoch = run.train.length / run.batch;
    this.file = path.join(options.checkpointDir, 'training.ckpt');
  }

  async execute(): Promise<TrainResult> {
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
    const { task, design, train, batch } = this.run;
    const { learningRate = task.defaults.learningRate, seed = 1, cacheBytes = 512 * 2 ** 20 } = this.options;
    const schedule = withWarmUp(cosine(learningRate), 0.05);
    const loader = createLoader({
      examples: train, design, batch, seed, cacheBytes, from: this.trainer.steps,
      augmentation: (step) => task.augmentation(design, this.budget.progress(step)),
    });
    let saved = performance.now();
    try {
      while (this.budget.allows(this.trainer.steps)) {
        await this.checkAbort();
        const before = performance.now();
        const feeds = await loader.next();
        const fed = performance.now();
        const rate = schedule(this.budget.progress(this.trainer.steps));
        const result = await this.trainer.train(feeds, rate);
        const after = performance.now();
        this.budget.noteStep((after - before) / 1000);
        if (!Number.isFinite(result.loss)) throw new Error(`the loss is ${result.loss} at step ${this.trainer.steps}; try a lower learning rate`);
        this.window.add(result, after - before, fed - before);
        if (this.window.isDue) this.report('training', rate);
        if (this.evaluationIsDue()) await this.evaluate();
        if (after - saved > CHECKPOINT_SECONDS * 1000) {
          await this.checkpoint();
          saved = performance.now();
        }
      }
    } finally {
      await loader.dispose();
    }
  }

  private evaluationIsDue(): boolean {
    if (this.run.val.length === 0) return false;
    const due = Math.floor(this.budget.progress(this.trainer.steps) * EVALUATIONS + 1e-9);
    return due > this.evaluations && due < EVALUATIONS && this.budget.affordsEvaluation((performance.now() - this.evaluatedAt) / 1000);
  }

  /** Evaluates the averaged weights and keeps them when they are the best so far. */
  private async evaluate(): Promise<void> {
    const { design, model, val, task } = this.run;
    this.report('evaluating', 0);
    const before = performance.now();
    const weights = this.trainer.weights('average');
    writeWeights(model, weights);
    const network = await Network.create(ortEngine, model, design, this.compile);
    const predictor = new MemberPredictor(design, task, [{ design, network }]);
    const metrics = await evaluateModel(predictor, val, { signal: this.signal }).finally(() => predictor.dispose());
    this.evaluations = Math.max(this.evaluations + 1, Math.floor(this.budget.progress(this.trainer.steps) * EVALUATIONS + 1e-9));
    this.evaluatedAt = performance.now();
    this.budget.noteEvaluation((this.evaluatedAt - before) / 1000, Math.max(0, EVALUATIONS - this.evaluations));
    const step = this.trainer.steps;
    const best = this.best === null || this.quality(metrics) >= this.quality(this.best.metrics);
    if (best) this.best = { metrics, step, weights };
    this.callbacks.onEvaluation?.({ ...metrics, step, epoch: step / this.stepsPerEpoch, best });
  }

  /** The task's headline figure, turned so that more is better. */
  private quality({ values }: TaskMetrics): number {
    const { metric, higherIsBetter } = this.run.task.headline;
    const value = values[metric];
    return value == null ? -Infinity : higherIsBetter ? value : -value;
  }

  private async finish(): Promise<TrainResult> {
    const { model, val, design, train, batch } = this.run;
    if (val.length > 0) await this.evaluate();
    this.report('saving', 0);
    writeWeights(model, this.best?.weights ?? this.trainer.weights('average'));
    const metrics = this.best?.metrics ?? null;
    const steps = this.trainer.steps;
    const epochs = steps / this.stepsPerEpoch;
    const card: ModelCard = {
      format: 'fieldmark-model', version: 2,
      ...design,
      datasetHash: this.data.datasetHash ?? null,
      metrics: metrics && { split: 'val', ...metrics },
      training: { seed: this.options.seed ?? 1, steps, epochs, seconds: this.budget.elapsed, images: train.length, batch, engine: ortEngine.name },
      credits: [...(this.data.credits ?? [])],
      createdAt: new Date().toISOString(),
    };
    await saveModel(this.options.outDir, { model, card });
    await rm(this.file, { force: true });
    return { card, metrics, steps, epochs, seconds: this.budget.elapsed, resumed: this.resumed };
  }

  private report(phase: TrainPhase, learningRate: number): void {
    const step = this.trainer.steps;
    const means = this.window.take(this.run.batch);
    if (!means) return;
    this.callbacks.onProgress?.({
      phase, step, steps: Math.max(step, this.budget.plannedSteps(step)), epoch: step / this.stepsPerEpoch,
      ...means, learningRate, etaSeconds: this.budget.etaSeconds(step),
    });
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
    const meta: CheckpointMeta = {
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
    const meta = found.meta as CheckpointMeta;
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
