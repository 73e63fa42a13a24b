import { headlineOf, type TaskName } from '@/lib/core/labels';
import type { TrainEvaluation, TrainProgress } from '@/models/node';
import type { JobContext } from '../../runtime/defineJob';
import { counted } from './job';
import type { TrainingSet } from './trainingSet';

/** Share of the progress bar that training itself takes; measuring and saving take the rest. */
const TRAINING = 0.92;
/** Points of a curve over the whole run, about: long runs are thinned out as they go. */
const POINTS = 600;

/** What a training run tells the page: a line, a bar, facts and curves. */
export class TrainingReport {
  readonly notes: string[];
  readonly #headline: (typeof headlineOf)[TaskName];
  #best: { value: number; step: number } | null = null;
  #last: TrainEvaluation | null = null;
  #begun = Date.now();
  #lastPoint = 0;
  #firstStep = true;

  constructor(private readonly ctx: JobContext, private readonly set: TrainingSet, private readonly watchesTrain: boolean, task: TaskName) {
    this.#headline = headlineOf[task];
    this.notes = [...set.notes];
  }

  note(note: string): void {
    this.notes.push(note);
    this.ctx.log.info({ note }, 'Training');
  }

  progress(p: TrainProgress): void {
    const now = Date.now();
    // A run that goes on from a checkpoint draws what came after it again.
    if (this.#firstStep && p.step > 0) {
      this.#firstStep = false;
      if (this.ctx.attempt > 1) void this.ctx.db.jobPoint.deleteMany({ where: { jobId: this.ctx.jobId, step: { gte: p.step } } }).catch((err: unknown) => this.ctx.log.warn({ err }, 'Old points stay'));
    }
    if (p.phase === 'training' && now - this.#lastPoint >= Math.max(400, (now - this.#begun) / POINTS)) {
      this.#lastPoint = now;
      this.ctx.points([
        { name: 'loss', step: p.step, value: p.loss },
        ...Object.entries(p.lossParts).map(([name, value]) => ({ name: `loss.${name}`, step: p.step, value })),
        { name: 'lr', step: p.step, value: p.learningRate },
      ]);
    }
    const { train, val, test } = this.set;
    this.ctx.progress({
      ...(p.steps > 0 && { fraction: TRAINING * Math.min(1, p.step / p.steps) }),
      message: `Step ${p.step} of about ${p.steps}, loss ${p.loss.toFixed(3)}${this.#best ? `, best ${this.#headline.title} ${this.#best.value.toFixed(3)}` : ''}, ${duration(p.etaSeconds)} left`,
      data: {
        phase: p.phase, step: p.step, steps: p.steps, epoch: p.epoch, loss: p.loss, lossParts: p.lossParts, learningRate: p.learningRate, imagesPerSecond: p.imagesPerSecond, dataWait: p.dataWait, etaSeconds: p.etaSeconds,
        images: { train: train.length, val: val.length, test: test.length }, curveOf: this.watchesTrain ? 'train' : 'val', headline: this.#headline, best: this.#best, stage: p.stage,
        evaluation: this.#last && { ...this.#last.values, step: this.#last.step }, notes: this.notes.slice(-20),
      },
    });
  }

  /** Before the first steps on kept features. */
  preparing(done: number, of: number): void {
    this.ctx.progress({ message: `Computing features once for the whole run: ${done} of ${of} variants of ${counted(this.set.train.length, 'image')}` });
  }

  evaluation(e: TrainEvaluation): void {
    this.#last = e;
    const value = e.values[this.#headline.metric];
    if (e.best && value != null) this.#best = { value, step: e.step };
    const split = this.watchesTrain ? 'train' : 'val';
    this.ctx.points(Object.entries(e.values).flatMap(([name, value]) => (value === null ? [] : [{ name: `${split}.${name}`, step: e.step, value }])));
  }

  evaluating(split: string, done: number, of: number): void {
    this.ctx.progress({ fraction: TRAINING + 0.06 * (done / of), message: `Measuring on the ${split} split: ${done} of ${of} images` });
  }

  saving(): void {
    this.ctx.progress({ fraction: 0.99, message: 'Saving the model' });
  }
}

/** `45 s`, `3 min`, `1 h 20 min`. */
export function duration(seconds: number): string {
  if (!Number.isFinite(seconds) || seconds < 0) return 'some time';
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
