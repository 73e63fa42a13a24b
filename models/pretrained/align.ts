/**
 * The weights of one network for another that is built alike and named otherwise: convolutions are matched by their order
 * and the shapes of their kernels, and batch norm is carried over, folded in, or taken apart as the other one needs it.
 */
import { sameShape, type TensorData } from '../graph';
import { weightNames } from '../lower';
import { float32, type Tensors } from '../runtime/engine';
import { type LayersModel } from '../runtime/tf';
import { isControl, ordered, refOf, type GraphModel, type NodeDef } from './graphModel';
import { Reader } from './graphModel/attributes';

/** Batch norm behind a convolution; a scale or shift that is left out is one or zero. */
interface Norm<T> {
  gamma?: T;
  beta?: T;
  mean: T;
  variance: T;
  epsilon: number;
}

/** A convolution or dense layer with what follows it. `T`: a weight's name, or its numbers. */
interface Unit<T> {
  kind: 'conv' | 'depthwise' | 'dense';
  shape: readonly number[];
  kernel: T;
  bias?: T;
  norm?: Norm<T>;
}

const KINDS: Readonly<Record<string, Unit<string>['kind']>> = { Conv2D: 'conv', DepthwiseConv2D: 'depthwise', Dense: 'dense' };

/** The convolutions of a tf.layers model in order, by the names of their weights. */
function unitsOfLayers(model: LayersModel): Unit<string>[] {
  const norms = new Map<string, Norm<string>>();
  for (const layer of model.layers) {
    if (layer.getClassName() !== 'BatchNormalization') continue;
    const before = layer.inboundNodes[0]?.inputTensors[0]?.sourceLayer.name;
    if (before === undefined) continue;
    const has = (name: string) => weightNames(layer).some((weight) => weight.name === `${layer.name}/${name}`);
    norms.set(before, {
      ...(has('gamma') && { gamma: `${layer.name}/gamma` }), ...(has('beta') && { beta: `${layer.name}/beta` }),
      mean: `${layer.name}/moving_mean`, variance: `${layer.name}/moving_variance`, epsilon: Number(layer.getConfig().epsilon ?? 1e-3),
    });
  }
  return model.layers.flatMap((layer): Unit<string>[] => {
    const kind = KINDS[layer.getClassName()];
    const weights = weightNames(layer);
    const kernel = weights.find(({ name }) => name.endsWith('kernel'));
    if (!kind || !kernel) return [];
    const bias = weights.find(({ name }) => name.endsWith('/bias'));
    const norm = norms.get(layer.name);
    return [{ kind, shape: kernel.variable.shape as number[], kernel: kernel.name, ...(bias && { bias: bias.name }), ...(norm && { norm }) }];
  });
}

const filled = (unit: Unit<string>, weights: Tensors): Unit<TensorData> => {
  const { gamma, beta, mean, variance, epsilon } = unit.norm ?? { mean: '', variance: '', epsilon: 0 };
  return {
    kind: unit.kind, shape: unit.shape, kernel: weights[unit.kernel]!,
    ...(unit.bias && { bias: weights[unit.bias]! }),
    ...(unit.norm && { norm: { epsilon, mean: weights[mean]!, variance: weights[variance]!, ...(gamma && { gamma: weights[gamma]! }), ...(beta && { beta: weights[beta]! }) } }),
  };
};

/** The convolutions of a stored tf.layers model with their numbers. */
export const layerUnits = (model: LayersModel, weights: Tensors): Unit<TensorData>[] => unitsOfLayers(model).map((unit) => filled(unit, weights));

const GRAPH_KINDS: Readonly<Record<string, Unit<string>['kind']>> = {
  Conv2D: 'conv', _FusedConv2D: 'conv', DepthwiseConv2dNative: 'depthwise', FusedDepthwiseConv2dNative: 'depthwise', MatMul: 'dense', _FusedMatMul: 'dense',
};
const BIASES = new Set(['BiasAdd', 'Add', 'AddV2']);

/** The convolutions of a graph model in order, with the bias or batch norm that follows them. */
export function graphUnits(model: GraphModel): Unit<TensorData>[] {
  const readers = new Map<string, NodeDef[]>();
  for (const node of model.nodes.values()) for (const input of node.input) if (!isControl(input)) readers.set(refOf(input).node, [...(readers.get(refOf(input).node) ?? []), node]);
  const weightOf = (input: string | undefined): TensorData | undefined => (input === undefined ? undefined : model.weights.get(refOf(input).node));
  return ordered(model, model.outputs).flatMap((node): Unit<TensorData>[] => {
    const kind = GRAPH_KINDS[node.op];
    const kernel = weightOf(node.input[1]);
    if (!kind || !kernel) return [];
    const unit: Unit<TensorData> = { kind, shape: kernel.shape, kernel };
    if (new Reader(node.attr).strings('fused_ops')[0] === 'BiasAdd') unit.bias = weightOf(node.input[2]);
    const after = readers.get(node.name) ?? [];
    const next = after.length === 1 ? after[0]! : undefined;
    if (next && !unit.bias && BIASES.has(next.op)) {
      const bias = weightOf(next.input[1]) ?? weightOf(next.input[0]);
      if (bias && bias.shape.length === 1) unit.bias = bias;
    } else if (next?.op.startsWith('FusedBatchNorm')) {
      const [gamma, beta, mean, variance] = [1, 2, 3, 4].map((i) => weightOf(next.input[i]));
      if (gamma && beta && mean && variance) unit.norm = { gamma, beta, mean, variance, epsilon: new Reader(next.attr).number('epsilon', 1e-4) };
    }
    return [unit];
  });
}

/** Pairs of indices of the longest sequence that both have in common. */
export function commonSequence(own: number, given: number, same: (i: number, j: number) => boolean): [number, number][] {
  const longest = Array.from({ length: own + 1 }, () => new Uint32Array(given + 1));
  for (let i = own - 1; i >= 0; i--) for (let j = given - 1; j >= 0; j--) {
    longest[i]![j] = same(i, j) ? longest[i + 1]![j + 1]! + 1 : Math.max(longest[i + 1]![j]!, longest[i]![j + 1]!);
  }
  const pairs: [number, number][] = [];
  for (let i = 0, j = 0; i < own && j < given; ) {
    if (same(i, j) && longest[i]![j] === longest[i + 1]![j + 1]! + 1) pairs.push([i++, j++]);
    else if (longest[i + 1]![j]! >= longest[i]![j + 1]!) i++;
    else j++;
  }
  return pairs;
}

/** Writes one unit's numbers under the other's names. */
function carry(to: Unit<string>, from: Unit<TensorData>, result: Tensors): void {
  const channels = from.kind === 'depthwise' ? from.shape[2]! * from.shape[3]! : from.shape.at(-1)!;
  const list = (value: TensorData | undefined, fallback: number) => Float32Array.from({ length: channels }, (_, c) => value?.data[c] ?? fallback);
  const bias = list(from.bias, 0);
  const put = (name: string | undefined, data: Float32Array) => {
    if (name) result[name] = float32(data, [channels]);
  };
  if (from.norm) {
    const { epsilon } = from.norm;
    const [gamma, beta, mean, variance] = [list(from.norm.gamma, 1), list(from.norm.beta, 0), list(from.norm.mean, 0), list(from.norm.variance, 1)];
    if (to.norm) {
      result[to.kernel] = from.kernel;
      put(to.norm.gamma, gamma);
      put(to.norm.beta, beta);
      // The other epsilon goes into the variance; a bias that batch norm takes away again goes into the mean.
      put(to.norm.variance, variance.map((v) => Math.max(0, v + epsilon - to.norm!.epsilon)));
      put(to.norm.mean, to.bias ? mean : mean.map((m, c) => m - bias[c]!));
      put(to.bias, bias);
    } else {
      const scale = gamma.map((g, c) => g / Math.sqrt(variance[c]! + epsilon));
      result[to.kernel] = float32(Float32Array.from(from.kernel.data, (w, i) => w * scale[i % channels]!), from.kernel.shape);
      put(to.bias, beta.map((b, c) => b + (bias[c]! - mean[c]!) * scale[c]!));
    }
  } else {
    result[to.kernel] = from.kernel;
    put(to.bias, bias);
    if (to.norm) {
      put(to.norm.gamma, new Float32Array(channels).fill(1));
      put(to.norm.beta, to.bias ? new Float32Array(channels) : bias);
      put(to.norm.mean, new Float32Array(channels));
      put(to.norm.variance, new Float32Array(channels).fill(1 - to.norm.epsilon));
    }
  }
}

/** A match counts when the first convolution and this share of the others are found. */
const ENOUGH = 0.6;

/**
 * The numbers of `given` by the names of `model`'s weights, as far as the two are built alike; null where they are not. Layers
 * without a bias take none: a folded one can only go to a layer with bias or batch norm.
 */
export function alignWeights(model: LayersModel, given: readonly Unit<TensorData>[]): Tensors | null {
  const own = unitsOfLayers(model);
  const fits = (i: number, j: number) => own[i]!.kind === given[j]!.kind && sameShape(own[i]!.shape, given[j]!.shape) && (!(given[j]!.bias ?? given[j]!.norm) || Boolean(own[i]!.bias ?? own[i]!.norm));
  const pairs = commonSequence(own.length, given.length, fits);
  if (pairs[0]?.[0] !== 0 || pairs.length < ENOUGH * own.length) return null;
  const result: Tensors = {};
  for (const [i, j] of pairs) carry(own[i]!, given[j]!, result);
  return result;
}
