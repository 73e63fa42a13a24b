/**
 * One training step as one program: forward, backward, update, moving average. The engine keeps weights and moments
 * between steps; they come back to the tf.layers model only when asked for.
 */
import { Graph, gradients, ops, sameShape, type DType, type Program, type Value } from '../graph';
import { lowerModel, type LoweredModel, type LoweredWeight, type MaskInput } from '../lower';
import { number32, type CompileOptions, type Engine, type Executable, type Tensors } from '../runtime/engine';
import { randomFor } from '../runtime/random';
import { type LayersModel, type tf } from '../runtime/tf';
import { readWeights, writeWeights } from '../runtime/weights';
import { type Optimizer } from './optimizers';
import { Pack } from './pack';

export interface LossResult {
  /** One number. */
  loss: Value;
  /** Further numbers to report at each step. */
  parts: Record<string, Value>;
}

export interface TrainerSpec {
  model: LayersModel;
  /** Where `network` begins: tensors of the model that it is given the values of. Default: the model's inputs. */
  from?: readonly tf.SymbolicTensor[];
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
  /** The state that is weights: those trained by gradients, and those that batch statistics move. */
  packs: Pack[];
}

const averageOf = (name: string): string => `average:${name}`;
const slotOf = (slot: string, name: string): string => `${slot}:${name}`;

/** Builds inputs and loss in a graph of their own; `weight` gives values for weights by name. */
function trace(spec: TrainerSpec, graph: Graph, weight?: (name: string) => Value | undefined): LossResult & { lowered: LoweredModel } {
  const inputs = Object.fromEntries(Object.entries(spec.inputs).map(([name, { shape, dtype }]) => [name, graph.input(name, shape, dtype)]));
  let lowered: LoweredModel | undefined;
  const result = spec.loss(inputs, (...values) => {
    if (lowered) throw new Error('the network may be called once');
    lowered = lowerModel(graph, spec.model, values, { training: true, weight, from: spec.from });
    return lowered.outputs;
  });
  if (!lowered) throw new Error('the loss does not call the network');
  return { ...result, lowered };
}

/** The step of `spec` as a program. */
export function buildStep(spec: TrainerSpec): StepGraph {
  // A first tracing shows which weights there are and how the graph wants them; the second has them cut out of vectors.
  const { weights, updates } = trace(spec, new Graph()).lowered;
  const packed = (name: string, include: (weight: LoweredWeight) => boolean) =>
    new Pack(name, weights.filter(include).map(({ name: own, value, layout }) => ({ name: own, shape: value.shape, layout })));
  const trained = [packed('decayed', (weight) => weight.trainable && weight.decays), packed('plain', (weight) => weight.trainable && !weight.decays)].filter(({ size }) => size > 0);
  const statistics = packed('statistics', (weight) => !weight.trainable && updates.has(weight.name));

  const graph = new Graph();
  const vectors = new Map([...trained, statistics].filter(({ size }) => size > 0).map((pack) => [pack, graph.input(pack.name, [pack.size])]));
  const pieces = new Map([...vectors].flatMap(([pack, vector]) => [...pack.unpack(vector)]));
  const { loss, parts, lowered } = trace(spec, graph, (name) => pieces.get(name));

  const names = trained.flatMap((pack) => pack.weights.map((weight) => weight.name));
  const derived = gradients(loss, names.map((name) => pieces.get(name)!));
  const gradientOf = new Map(names.flatMap((name, i) => (derived[i] ? [[name, derived[i]] as const] : [])));
  let clipped = trained.map((pack) => pack.pack(graph, gradientOf));
  const outputs: Record<string, Value> = { loss, ...parts };
  if (spec.clipNorm !== undefined && clipped.length > 0) {
    const norm = ops.sqrt(clipped.map((value) => ops.reduceSum(ops.square(value))).reduce((a, b) => ops.add(a, b)));
    outputs.gradientNorm = norm;
    const scale = ops.minimum(ops.div(graph.scalar(spec.clipNorm), ops.add(norm, 1e-6)), 1);
    clipped = clipped.map((value) => ops.mul(value, scale));
  }

  const state: Record<string, Value> = {};
  const scalars: Record<string, Value> = { learningRate: graph.input('learningRate', []) };
  for (const name of Object.keys(spec.optimizer.scalars(1))) scalars[name] = graph.input(name, []);
  const averageRate = spec.averageDecay === undefined ? null : graph.input('averageRate', []);
  const keep = (pack: Pack, next: Value) => {
    state[pack.name] = next;
    if (!averageRate) return;
    const average = graph.input(averageOf(pack.name), [pack.size]);
    state[averageOf(pack.name)] = ops.add(average, ops.mul(ops.sub(next, average), averageRate));
  };
  trained.forEach((pack, i) => {
    const slots = Object.fromEntries(spec.optimizer.slots.map((slot) => [slot, graph.input(slotOf(slot, pack.name), [pack.size])]));
    const updated = spec.optimizer.update({ parameter: vectors.get(pack)!, gradient: clipped[i]!, slots, scalars, decays: pack.name === 'decayed' });
    keep(pack, updated.parameter);
    for (const [slot, next] of Object.entries(updated.slots)) state[slotOf(slot, pack.name)] = next;
  });
  if (statistics.size > 0) keep(statistics, statistics.pack(graph, lowered.updates));

  const all = readWeights(spec.model);
  const constants = Object.fromEntries(lowered.weights.filter(({ name }) => !pieces.has(name)).map(({ name, value }) => [name, { ...all[name]!, shape: value.shape }]));
  return { program: { outputs, state, constants }, masks: lowered.masks, packs: [...vectors.keys()] };
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
    return Object.assign({}, ...this.step.packs.map((pack) => pack.read(this.executable.readState(average ? averageOf(pack.name) : pack.name).data))) as Tensors;
  }

  /** Everything that training depends on besides the data: weights, moments, averages. */
  snapshot(): { steps: number; state: Tensors } {
    return { steps: this.done, state: Object.fromEntries(Object.keys(this.step.program.state ?? {}).map((name) => [name, this.executable.readState(name)])) };
  }

  /** Goes on from a snapshot of the same program. Throws when a state is missing or of another size. */
  restore({ steps, state }: { steps: number; state: Tensors }): void {
    for (const name of Object.keys(this.step.program.state ?? {})) {
      const value = state[name];
      if (!value || !sameShape(value.shape, this.executable.readState(name).shape)) throw new Error(`the checkpoint has no ${name} of this size: it belongs to another model`);
      this.executable.writeState(name, value);
    }
    this.done = steps;
  }

  async dispose(): Promise<void> {
    await this.executable.dispose();
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

function drawMask({ name, shape, keep }: MaskInput, seed: number, step: number): { dtype: 'float32'; shape: readonly number[]; data: Float32Array } {
  const random = randomFor(seed, 'mask', name, step);
  const data = new Float32Array(shape.reduce((a, b) => a * b, 1));
  for (let i = 0; i < data.length; i++) data[i] = random.next() < keep ? 1 : 0;
  return { dtype: 'float32', shape, data };
}
