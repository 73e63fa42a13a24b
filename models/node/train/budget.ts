/** How far a run has come and when it must end: by a number of steps, or by the clock. */

export interface BudgetOptions {
  minutes?: number;
  epochs?: number;
  stepsPerEpoch: number;
  /** Seconds spent before this process went on from a checkpoint. */
  spentSeconds: number;
  now?: () => number;
}

/** No run goes on for more than this many passes, or steps where passes are short. */
const MAX_EPOCHS = 400;
const MIN_CAP_STEPS = 2000;
/** Training between two evaluations takes at least so many times what an evaluation takes. */
const EVALUATION_SPACING = 9;
/** A guess of what an evaluation takes keeps back no more than this share of the time: few images may be watched by many. */
const GUESSED_SHARE = 0.1;
/** Share of the budget that is kept back for surprises. */
const MARGIN = 0.02;

export class Budget {
  private readonly now: () => number;
  private readonly began: number;
  private readonly limitSeconds: number;
  private readonly maxSteps: number;
  private stepSeconds: number[] = [];
  private reserveSeconds = 2;
  private evaluationSeconds = 0;
  private evaluationsLeft = 0;

  constructor(private readonly options: BudgetOptions) {
    this.now = options.now ?? (() => performance.now() / 1000);
    this.began = this.now();
    this.limitSeconds = options.minutes === undefined ? Infinity : options.minutes * 60 * (1 - MARGIN);
    this.maxSteps = options.epochs === undefined
      ? Math.max(MAX_EPOCHS * options.stepsPerEpoch, MIN_CAP_STEPS)
      : Math.max(1, Math.round(options.epochs * options.stepsPerEpoch));
  }

  /** Seconds of the run so far, earlier processes included. */
  get elapsed(): number {
    return this.options.spentSeconds + this.now() - this.began;
  }

  noteStep(seconds: number): void {
    this.stepSeconds.push(seconds);
    if (this.stepSeconds.length > 50) this.stepSeconds.shift();
  }

  /** What an evaluation may take, before there was one. */
  guessEvaluation(seconds: number, left: number): void {
    this.noteEvaluation(Math.min(seconds, GUESSED_SHARE * this.limitSeconds), left);
  }

  /** What an evaluation took, and how many more are to come; the last one and saving are kept back. */
  noteEvaluation(seconds: number, left: number): void {
    this.evaluationSeconds = seconds;
    this.evaluationsLeft = left;
    this.reserveSeconds = seconds * 1.5 + 2;
  }

  /** Steps the whole run is expected to take. */
  plannedSteps(done: number): number {
    if (this.limitSeconds === Infinity) return this.maxSteps;
    if (this.stepSeconds.length === 0) return this.maxSteps;
    const free = Math.max(0, this.limitSeconds - this.elapsed - this.reserveSeconds);
    // They are spaced so that they take no more.
    const left = free - Math.min(this.evaluationSeconds * Math.max(0, this.evaluationsLeft - 1), free / (EVALUATION_SPACING + 1));
    return Math.min(this.maxSteps, done + Math.max(0, Math.floor(left / this.meanStep)));
  }

  /** Share of the run that is done, 0 to 1: of the steps, or under a time budget the greater of steps and time. */
  progress(done: number): number {
    const bySteps = done / this.maxSteps;
    if (this.limitSeconds === Infinity) return Math.min(1, bySteps);
    return Math.min(1, Math.max(bySteps, this.elapsed / Math.max(1, this.limitSeconds - this.reserveSeconds)));
  }

  /** Whether another step may begin. The first one always may: a model that has learnt nothing is of no use to anyone. */
  allows(done: number): boolean {
    if (done >= this.maxSteps) return false;
    if (done === 0) return true;
    return this.elapsed + this.meanStep < this.limitSeconds - this.reserveSeconds;
  }

  etaSeconds(done: number): number {
    const steps = Math.max(0, this.plannedSteps(done) - done);
    return steps * this.meanStep + this.evaluationSeconds * this.evaluationsLeft;
  }

  /**
   * Whether an evaluation in between is worth its time. Under a time budget all of them together take about a tenth: on a
   * busy machine, or with many images, there are fewer.
   */
  affordsEvaluation(secondsSinceLast: number): boolean {
    return this.limitSeconds === Infinity || secondsSinceLast >= EVALUATION_SPACING * this.evaluationSeconds;
  }

  private get meanStep(): number {
    return this.stepSeconds.length === 0 ? 0 : this.stepSeconds.reduce((a, b) => a + b, 0) / this.stepSeconds.length;
  }
}
