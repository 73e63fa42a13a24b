/**
 * One training step as one program: forward, backward, update, moving average. With micro-batches a program is run several
 * times for a step: gradients are summed inside, and the run that is told to `apply` updates the weights.
 */
import { Graph, gradients, ops, reachable, sizeOf, type DType, type GraphNode, type Program, type Value } from '../graph';
import { wholeBatch, type BatchSums } from '../losses/batch';
import { lowerModel, type LoweredModel, type LoweredWeight, type MaskInput } from '../lower';
import { type LayersModel, type tf } from '../runtime/tf';
import { readWeights } from '../runtime/weights';
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
  /** What is fed at each step, by name. The first axis is the batch. */
  inputs: Record<string, { shape: readonly number[]; dtype: DType }>;
  /**
   * Builds the loss from the fed values; `network` lowers the model in training mode and may be called once. The loss of a batch
   * in micro-batches is the mean of theirs: where it divides by a count inside the batch, it does so by `sums`.
   */
  loss(inputs: Record<string, Value>, network: (...inputs: Value[]) => Value[], sums: BatchSums): LossResult;
  optimizer: Optimizer;
  /** Parts into which each step's batch is cut to save memory; divides the batch. Default 1. */
  microBatches?: number;
  /** Factor on the learning rate of the weight of this name. Default 1 for all. */
  rateOf?(name: string): number;
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
  /** State that is zero between steps. */
  sums: string[];
  /** What is summed over the micro-batches before the step, and fed to each. Absent: nothing. */
  totals?: Totals;
}

/** A program without state: one micro-batch to its own share of the totals, under the names by which they are fed. */
export interface Totals {
  program: Program;
  /** Packs of weights that it is fed: none where the totals depend on the targets alone. */
  packs: Pack[];
}

export const averageOf = (name: string): string => `average:${name}`;
const slotOf = (slot: string, name: string): string => `${slot}:${name}`;
const sumOf = (name: string): string => `sum:${name}`;
/** The name of the pack of running statistics. */
const STATISTICS = 'statistics';
/** The name of packs of weights that decay, or its beginning. */
const DECAYED = 'decayed';
/** A weight of so many numbers is a pack of its own: copies into a common one and out of it cost more than its own few operations. */
const ALONE_FROM = 1 << 16;

/** Shape of an input for one micro-batch. Throws where they do not divide the batch. */
export function microShape(shape: readonly number[], microBatches = 1): number[] {
  const [batch = 1, ...rest] = shape;
  if (batch % microBatches !== 0) throw new Error(`a batch of ${batch} does not divide into ${microBatches} micro-batches`);
  return [batch / microBatches, ...rest];
}

/** Builds inputs and loss in a graph of their own; `weight` gives values for weights by name. */
function trace(spec: TrainerSpec, graph: Graph, weight?: (name: string) => Value | undefined): LossResult & { lowered: LoweredModel; totals: Map<Value, Value> } {
  const inputs = Object.fromEntries(Object.entries(spec.inputs).map(([name, { shape, dtype }]) => [name, graph.input(name, microShape(shape, spec.microBatches), dtype)]));
  let lowered: LoweredModel | undefined;
  const totals = new Map<Value, Value>();
  const sums = sumsOver(spec.microBatches ?? 1, graph, totals);
  const result = spec.loss(inputs, (...values) => {
    if (lowered) throw new Error('the network may be called once');
    lowered = lowerModel(graph, spec.model, values, { training: true, weight, from: spec.from });
    return lowered.outputs;
  }, sums);
  if (!lowered) throw new Error('the loss does not call the network');
  return { ...result, lowered, totals };
}

/** Sums over a batch in parts; `totals` collects what has to be summed, and where it is fed. */
function sumsOver(parts: number, graph: Graph, totals: Map<Value, Value>): BatchSums {
  if (parts === 1) return wholeBatch;
  const linear = (own: Value): Value => ops.mul(own, parts);
  return {
    linear,
    total(own) {
      let fed = totals.get(own);
      if (!fed) {
        fed = graph.input(`total${totals.size}`, own.shape);
        totals.set(own, fed);
      }
      // The value is the total; the gradient is such that the mean over the parts is the total's.
      const stand = linear(own);
      return ops.add(stand, ops.stopGradient(ops.sub(fed, stand)));
    },
  };
}

/** Weights that one update moves, and the factor on its learning rate. */
interface TrainedPack {
  pack: Pack;
  rate: number;
}

interface Traced extends LossResult {
  graph: Graph;
  lowered: LoweredModel;
  /** What this part adds to each total, and the input that is the total. */
  totals: Map<Value, Value>;
  trained: TrainedPack[];
  statistics: Pack;
  vectors: Map<Pack, Value>;
  /** Weights as cut out of the vectors, by name. */
  pieces: Map<string, Value>;
  constants: Program['constants'];
}

/** The loss on weights that lie in vectors. A first tracing shows which weights there are and how the graph wants them. */
function tracePacked(spec: TrainerSpec): Traced {
  const { weights, updates } = trace(spec, new Graph()).lowered;
  const packed = (name: string, include: (weight: LoweredWeight) => boolean) =>
    new Pack(name, weights.filter(include).map(({ name: own, value, layout }) => ({ name: own, shape: value.shape, layout })));
  const decayed = (weight: LoweredWeight) => weight.trainable && weight.decays;
  const alone = (weight: LoweredWeight) => sizeOf(weight.value.shape) >= ALONE_FROM;
  const rateOf = ({ name }: { name: string }) => spec.rateOf?.(name) ?? 1;
  const slow = (rate: number) => (rate === 1 ? '' : `×${rate}`);
  const trained: TrainedPack[] = [
    // The last layers' first, in the order in which their gradients come.
    ...weights.filter((weight) => decayed(weight) && alone(weight)).toReversed().map((own) => ({ pack: packed(`${DECAYED}:${own.name}`, ({ name }) => name === own.name), rate: rateOf(own) })),
    ...[...new Set(weights.map(rateOf))].flatMap((rate) => [
      { pack: packed(`${DECAYED}${slow(rate)}`, (weight) => decayed(weight) && !alone(weight) && rateOf(weight) === rate), rate },
      { pack: packed(`plain${slow(rate)}`, (weight) => weight.trainable && !weight.decays && rateOf(weight) === rate), rate },
    ]),
  ].filter(({ pack }) => pack.size > 0);
  const statistics = packed(STATISTICS, (weight) => !weight.trainable && updates.has(weight.name));

  const graph = new Graph();
  const vectors = new Map([...trained.map(({ pack }) => pack), statistics].filter(({ size }) => size > 0).map((pack) => [pack, graph.input(pack.name, [pack.size])]));
  const pieces = new Map([...vectors].flatMap(([pack, vector]) => [...pack.unpack(vector)]));
  const traced = trace(spec, graph, (name) => pieces.get(name));
  const all = readWeights(spec.model);
  const constants = Object.fromEntries(traced.lowered.weights.filter(({ name }) => !pieces.has(name)).map(({ name, value }) => [name, { ...all[name]!, shape: value.shape }]));
  return { ...traced, graph, trained, statistics, vectors, pieces, constants };
}

/** The step of `spec` as a program. */
export function buildStep(spec: TrainerSpec): StepGraph {
  const { loss, parts, lowered, totals, graph, trained, statistics, vectors, pieces, constants } = tracePacked(spec);
  const names = trained.flatMap(({ pack }) => pack.weights.map(({ name }) => name));
  const derived = gradients(loss, names.map((name) => pieces.get(name)!));
  const gradientOf = new Map(names.flatMap((name, i) => (derived[i] ? [[name, derived[i]] as const] : [])));
  let ready = trained.map(({ pack }) => pack.pack(graph, gradientOf));
  const outputs: Record<string, Value> = { loss, ...parts };
  const state: Record<string, Value> = {};
  const sums: string[] = [];

  const apply = (spec.microBatches ?? 1) > 1 ? graph.input('apply', [], 'bool') : null;
  /** The next value of a state: the new one in the run that applies, else the old one. */
  const when = (next: Value, old: Value): Value => (apply ? ops.where(apply, next, old) : next);
  if (apply) {
    ready = trained.map(({ pack: { name } }, i) => {
      const total = ops.add(graph.input(sumOf(name), ready[i]!.shape), ready[i]!);
      state[sumOf(name)] = ops.where(apply, 0, total);
      sums.push(sumOf(name));
      return ops.mul(total, 1 / spec.microBatches!);
    });
  }
  if (spec.clipNorm !== undefined && ready.length > 0) {
    const norm = ops.sqrt(ready.map((value) => ops.reduceSum(ops.square(value))).reduce((a, b) => ops.add(a, b)));
    outputs.gradientNorm = norm;
    const scale = ops.minimum(ops.div(graph.scalar(spec.clipNorm), ops.add(norm, 1e-6)), 1);
    ready = ready.map((value) => ops.mul(value, scale));
  }

  const scalars: Record<string, Value> = { learningRate: graph.input('learningRate', []) };
  for (const name of Object.keys(spec.optimizer.scalars(1))) scalars[name] = graph.input(name, []);
  const averageRate = spec.averageDecay === undefined ? null : graph.input('averageRate', []);
  const keep = (pack: Pack, next: Value) => {
    state[pack.name] = next;
    if (!averageRate) return;
    const average = graph.input(averageOf(pack.name), [pack.size]);
    state[averageOf(pack.name)] = when(ops.add(average, ops.mul(ops.sub(next, average), averageRate)), average);
  };
  trained.forEach(({ pack, rate }, i) => {
    const vector = vectors.get(pack)!;
    const slots = Object.fromEntries(spec.optimizer.slots.map((slot) => [slot, graph.input(slotOf(slot, pack.name), [pack.size])]));
    const updated = spec.optimizer.update({ parameter: vector, gradient: ready[i]!, slots, scalars: rate === 1 ? scalars : { ...scalars, learningRate: ops.mul(scalars.learningRate!, rate) }, decays: pack.name.startsWith(DECAYED) });
    keep(pack, when(updated.parameter, vector));
    for (const [slot, next] of Object.entries(updated.slots)) state[slotOf(slot, pack.name)] = when(next, slots[slot]!);
  });
  if (statistics.size > 0) keep(statistics, statistics.pack(graph, lowered.updates));
  const packs = [...vectors.keys()];
  return { program: { outputs, state, constants }, masks: lowered.masks, packs, sums, ...(totals.size > 0 && { totals: totalsOf(totals, packs, constants) }) };
}

function totalsOf(totals: Map<Value, Value>, packs: readonly Pack[], constants: Program['constants']): Totals {
  const named = (input: Value): string => (input.node as GraphNode<'input'>).attrs.name;
  const needed = new Set(reachable(totals.keys()).filter(({ op }) => op === 'input').map(({ outputs: [value] }) => named(value!)));
  const circular = [...totals.values()].map(named).find((name) => needed.has(name));
  if (circular !== undefined) throw new Error(`a total over the batch depends on another one, ${circular}`);
  return { program: { outputs: Object.fromEntries([...totals].map(([own, fed]) => [named(fed), own])), constants }, packs: packs.filter(({ name }) => needed.has(name)) };
}
