/** Runs training steps. The engine keeps weights and moments between them; they come back to the tf.layers model when asked for. */
import { sameShape, sizeOf, type TensorData } from '../graph';
import { type MaskInput } from '../lower';
import { float32, number32, type CompileOptions, type Engine, type Executable, type Tensors } from '../runtime/engine';
import { randomFor } from '../runtime/random';
import { readWeights, writeWeights } from '../runtime/weights';
import { averageOf, buildStep, microShape, type StepGraph, type TrainerSpec } from './step';

export type { LossResult, StepGraph, TrainerSpec } from './step';
export { buildStep } from './step';

/** Owns the compiled step and its state. */
export class Trainer {
  private done = 0;
  /** Of what is summed over the micro-batches before a step. */
  private totals: Executable | null = null;

  private constructor(
    private readonly spec: TrainerSpec,
    private readonly step: StepGraph,
    private executable: Executable,
  ) {}

  static async create(engine: Engine, spec: TrainerSpec, options?: CompileOptions): Promise<Trainer> {
    const step = buildStep(spec);
    const trainer = new Trainer(spec, step, await engine.compile(step.program, options));
    if (step.totals) trainer.totals = await engine.compile(step.totals.program, options);
    trainer.loadFromModel();
    return trainer;
  }

  /** Steps done since the start of the run, checkpoints included. */
  get steps(): number {
    return this.done;
  }

  /** One step over a whole batch. Returns the loss and the parts that the spec reports: means over its micro-batches. */
  async train(batch: Tensors, learningRate: number): Promise<Record<string, number>> {
    const t = this.done + 1;
    const { microBatches = 1, optimizer, averageDecay } = this.spec;
    const scalars: Tensors = { learningRate: number32(learningRate) };
    for (const [name, value] of Object.entries(optimizer.scalars(t))) scalars[name] = number32(value);
    if (averageDecay !== undefined) scalars.averageRate = number32(1 - Math.min(averageDecay, (1 + t) / (10 + t)));
    Object.assign(scalars, await this.sumUp(batch, t));
    const means: Record<string, number> = {};
    for (let part = 0; part < microBatches; part++) {
      const feeds: Tensors = { ...this.partOf(batch, part), ...scalars, ...this.masks(t, part) };
      if (microBatches > 1) feeds.apply = { dtype: 'bool', shape: [], data: Uint8Array.of(part === microBatches - 1 ? 1 : 0) };
      const { gradientNorm, ...results } = await this.executable.run(feeds);
      for (const [name, { data }] of Object.entries(results)) means[name] = (means[name] ?? 0) + data[0]! / microBatches;
      // That of the last run is the norm of the sum.
      if (gradientNorm) means.gradientNorm = gradientNorm.data[0]!;
    }
    this.done = t;
    return means;
  }

  /** What the loss divides by, over the whole batch, before its parts are taken one by one. */
  private async sumUp(batch: Tensors, t: number): Promise<Tensors> {
    if (!this.totals) return {};
    const weights: Tensors = Object.fromEntries(this.step.totals!.packs.map(({ name }) => [name, this.executable.readState(name)]));
    const totals: Tensors = {};
    for (let part = 0; part < this.spec.microBatches!; part++) {
      const own = await this.totals.run({ ...this.partOf(batch, part), ...weights, ...this.masks(t, part) });
      for (const [name, { data, shape }] of Object.entries(own)) {
        const total = totals[name]?.data ?? new Float32Array(data.length);
        data.forEach((value, i) => (total[i]! += value));
        totals[name] = float32(total as Float32Array, shape);
      }
    }
    return totals;
  }

  /** Copies the trained weights (or their moving average) into the model. */
  copyToModel(which: 'current' | 'average' = 'average'): void {
    writeWeights(this.spec.model, this.weights(which));
  }

  /** The trained weights by name. */
  weights(which: 'current' | 'average' = 'average'): Tensors {
    const average = which === 'average' && this.spec.averageDecay !== undefined;
    return Object.assign({}, ...this.step.packs.map((pack) => pack.read(this.executable.readState(average ? averageOf(pack.name) : pack.name).data))) as Tensors;
  }

  /** Everything that training depends on besides the data: weights, moments, averages. */
  snapshot(): { steps: number; state: Tensors } {
    return { steps: this.done, state: Object.fromEntries(this.lasting.map((name) => [name, this.executable.readState(name)])) };
  }

  /** Goes on from a snapshot of the same program. Throws when a state is missing or of another size. */
  restore({ steps, state }: { steps: number; state: Tensors }): void {
    for (const name of this.lasting) {
      const value = state[name];
      if (!value || !sameShape(value.shape, this.executable.readState(name).shape)) throw new Error(`the checkpoint has no ${name} of this size: it belongs to another model`);
      this.executable.writeState(name, value);
    }
    this.done = steps;
  }

  /** Compiles the step anew, with other options; training goes on where it was. When that fails, it goes on as before. */
  async recompile(engine: Engine, options?: CompileOptions): Promise<void> {
    const { step, executable, totals } = this;
    const snapshot = this.snapshot();
    const [next, nextTotals] = [await engine.compile(step.program, options), step.totals && (await engine.compile(step.totals.program, options))];
    Object.assign(this, { executable: next, totals: nextTotals ?? null });
    this.restore(snapshot);
    await totals?.dispose();
    await executable.dispose();
  }

  async dispose(): Promise<void> {
    await this.totals?.dispose();
    await this.executable.dispose();
  }

  /** State that outlasts a step. */
  private get lasting(): string[] {
    return Object.keys(this.step.program.state ?? {}).filter((name) => !this.step.sums.includes(name));
  }

  /** One micro-batch of a batch, without a copy. */
  private partOf(batch: Tensors, part: number): Tensors {
    const { microBatches = 1, inputs } = this.spec;
    if (microBatches === 1) return batch;
    return Object.fromEntries(Object.entries(inputs).map(([name, { shape }]): [string, TensorData] => {
      const value = batch[name];
      if (!value || !sameShape(value.shape, shape)) throw new Error(`input ${name} was not fed as [${shape.join(', ')}]`);
      const own = microShape(shape, microBatches);
      const size = sizeOf(own);
      return [name, { dtype: value.dtype, shape: own, data: value.data.subarray(part * size, (part + 1) * size) }];
    }));
  }

  private masks(step: number, part: number): Tensors {
    const { seed = 1 } = this.spec;
    return Object.fromEntries(this.step.masks.map((mask) => [mask.name, drawMask(mask, part === 0 ? [seed, 'mask', mask.name, step] : [seed, 'mask', mask.name, step, part])]));
  }

  private loadFromModel(): void {
    const weights = readWeights(this.spec.model);
    for (const pack of this.step.packs) {
      const vector = pack.write(weights);
      this.executable.writeState(pack.name, vector);
      if (this.spec.averageDecay !== undefined) this.executable.writeState(averageOf(pack.name), vector);
    }
  }
}

/** Ones with probability `keep`, a function of the key. */
function drawMask({ shape, keep }: MaskInput, key: readonly (string | number)[]): TensorData {
  const random = randomFor(...key);
  return float32(Float32Array.from({ length: sizeOf(shape) }, () => (random.next() < keep ? 1 : 0)), shape);
}
