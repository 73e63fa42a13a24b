/**
 * One training step as one program: forward, backward, update, moving average. The engine keeps weights and moments
 * between steps; they come back to the tf.layers model only when asked for.
 */
import { Graph, gradients, ops, type DType, type Program, type Value } from '../graph';
import { lowerModel, type MaskInput } from '../lower';
import { number32, type CompileOptions, type Engine, type Executable, type Tensors } from '../runtime/engine';
import { randomFor } from '../runtime/random';
import { type LayersModel } from '../runtime/tf';
import { readWeights, writeWeights } from '../runtime/weights';
import { type Optimizer } from './optimizers';

export interface LossResult {
  /** One number. */
  loss: Value;
  /** Further numbers to report at each step. */
  parts: Record<string, Value>;
}

export interface TrainerSpec {
  model: LayersModel;
  /** What is fed at each step, by name. */
  inputs: Record<string, { shape: readonly number[]; dtype: DType }>;
  /** Builds the loss from the fed values; `network` lowers the model in training mode and may be called once. */
  loss(inputs: Record<string, Value>, network: (...inputs: Value[]) => Value[]): LossResult;
  optimizer: Optimizer;
  /** Gradients are scaled down to this global L2 norm where they exceed it. */
  clipNorm?: number;
  /** Decay of the weights' moving average; absent: none is kept. It starts lower and rises in the first steps. */
  averageDecay?: number;
  /** Keys dropout masks, with step and layer. Default 1. */
  seed?: number;
}

export interface StepGraph {
  program: Program;
  masks: MaskInput[];
  /** Names of the weights that are kept as state (trained, or updated by batch statistics). */
  weights: string[];
}

const averageOf = (name: string): string => `average:${name}`;
const slotOf = (slot: string, name: string): string => `${slot}:${name}`;

/** The step of `spec` as a program. */
export function buildStep(spec: TrainerSpec): StepGraph {
  const graph = new Graph();
  const inputs = Object.fromEntries(Object.entries(spec.inputs).map(([name, { shape, dtype }]) => [name, graph.input(name, shape, dtype)]));
  let lowered: ReturnType<typeof lowerModel> | undefined;
  const { loss, parts } = spec.loss(inputs, (...values) => {
    if (lowered) throw new Error('the network may be called once');
    lowered = lowerModel(graph, spec.model, values, { training: true });
    return lowered.outputs;
  });
  if (!lowered) throw new Error('the loss does not call the network');

  const trained = lowered.weights.filter((weight) => weight.trainable);
  const raw = gradients(loss, trained.map((weight) => weight.value));
  const found = raw.filter((value): value is Value => value !== null);
  let scale: Value | null = null;
  if (spec.clipNorm !== undefined && found.length > 0) {
    const norm = ops.sqrt(found.map((value) => ops.reduceSum(ops.square(value))).reduce((a, b) => ops.add(a, b)));
    parts.gradientNorm = norm;
    scale = ops.minimum(ops.div(graph.scalar(spec.clipNorm), ops.add(norm, 1e-6)), 1);
  }

  const state: Record<string, Value> = {};
  const scalars: Record<string, Value> = { learningRate: graph.input('learningRate', []) };
  for (const name of Object.keys(spec.optimizer.scalars(1))) scalars[name] = graph.input(name, []);
  const averageRate = spec.averageDecay === undefined ? null : graph.input('averageRate', []);
  const keep = (name: string, value: Value, next: Value) => {
    state[name] = next;
    if (!averageRate) return;
    const { layout } = value.node.attrs as { layout: 'plain' | 'kernel' };
    const average = graph.input(averageOf(name), value.shape, 'float32', layout);
    state[averageOf(name)] = ops.add(average, ops.mul(ops.sub(next, average), averageRate));
  };
  trained.forEach((weight, i) => {
    const gradient = raw[i];
    if (!gradient) return;
    const { layout } = weight.value.node.attrs as { layout: 'plain' | 'kernel' };
    const slots = Object.fromEntries(spec.optimizer.slots.map((slot) => [slot, graph.input(slotOf(slot, weight.name), weight.value.shape, 'float32', layout)]));
    const updated = spec.optimizer.update({
      parameter: weight.value, gradient: scale ? ops.mul(gradient, scale) : gradient, slots, scalars, decays: weight.decays,
    });
    keep(weight.name, weight.value, updated.parameter);
    for (const [slot, next] of Object.entries(updated.slots)) state[slotOf(slot, weight.name)] = next;
  });
  for (const [name, next] of lowered.updates) keep(name, lowered.weights.find((weight) => weight.name === name)!.value, next);

  const names = Object.keys(state);
  const weights = lowered.weights.map((weight) => weight.name).filter((name) => names.includes(name));
  const all = readWeights(spec.model);
  const constants = Object.fromEntries(lowered.weights.filter((weight) => !weights.includes(weight.name)).map((weight) => [weight.name, { ...all[weight.name]!, shape: weight.value.shape }]));
  return { program: { outputs: { loss, ...parts }, state, constants }, masks: lowered.masks, weights };
}

/** Owns the compiled step and its state. */
export class Trainer {
  private done = 0;

  private constructor(
    private readonly spec: TrainerSpec,
    private readonly step: StepGraph,
    private readonly executable: Executable,
  ) {}

  static async create(engine: Engine, spec: TrainerSpec, options?: CompileOptions): Promise<Trainer> {
    const step = buildStep(spec);
    const trainer = new Trainer(spec, step, await engine.compile(step.program, options));
    trainer.loadFromModel();
    return trainer;
  }

  /** Steps done since the start of the run, checkpoints included. */
  get steps(): number {
    return this.done;
  }

  /** One step. Returns the loss and the parts that the spec reports. */
  async train(batch: Tensors, learningRate: number): Promise<Record<string, number>> {
    const t = this.done + 1;
    const feeds: Tensors = { ...batch, learningRate: number32(learningRate) };
    for (const [name, value] of Object.entries(this.spec.optimizer.scalars(t))) feeds[name] = number32(value);
    if (this.spec.averageDecay !== undefined) feeds.averageRate = number32(1 - Math.min(this.spec.averageDecay, (1 + t) / (10 + t)));
    for (const mask of this.step.masks) feeds[mask.name] = drawMask(mask, this.spec.seed ?? 1, t);
    const results = await this.executable.run(feeds);
    this.done = t;
    return Object.fromEntries(Object.entries(results).map(([name, { data }]) => [name, data[0]!]));
  }

  /** Copies the trained weights (or their moving average) into the model. */
  copyToModel(which: 'current' | 'average' = 'average'): void {
    writeWeights(this.spec.model, this.weights(which));
  }

  /** The trained weights by name. */
  weights(which: 'current' | 'average' = 'average'): Tensors {
    const average = which === 'average' && this.spec.averageDecay !== undefined;
    return Object.fromEntries(this.step.weights.map((name) => [name, this.executable.readState(average ? averageOf(name) : name)]));
  }

  /** Everything that training depends on besides the data: weights, moments, averages. */
  snapshot(): { steps: number; state: Tensors } {
    return { steps: this.done, state: Object.fromEntries(Object.keys(this.step.program.state ?? {}).map((name) => [name, this.executable.readState(name)])) };
  }

  /** Goes on from a snapshot of the same program. Throws when a state is missing. */
  restore({ steps, state }: { steps: number; state: Tensors }): void {
    for (const name of Object.keys(this.step.program.state ?? {})) {
      const value = state[name];
      if (!value) throw new Error(`the checkpoint has no ${name}: it belongs to another model`);
      this.executable.writeState(name, value);
    }
    this.done = steps;
  }

  async dispose(): Promise<void> {
    await this.executable.dispose();
  }

  private loadFromModel(): void {
    const weights = readWeights(this.spec.model);
    for (const name of this.step.weights) {
      const value = { ...weights[name]!, shape: this.executable.readState(name).shape };
      this.executable.writeState(name, value);
      if (this.spec.averageDecay !== undefined) this.executable.writeState(averageOf(name), value);
    }
  }
}

function drawMask({ name, shape, keep }: MaskInput, seed: number, step: number): { dtype: 'float32'; shape: readonly number[]; data: Float32Array } {
  const random = randomFor(seed, 'mask', name, step);
  const data = new Float32Array(shape.reduce((a, b) => a * b, 1));
  for (let i = 0; i < data.length; i++) data[i] = random.next() < keep ? 1 : 0;
  return { dtype: 'float32', shape, data };
}
