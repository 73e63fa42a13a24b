/** Backbone and one vector (pc, bx, by, bh, bw, c1 … cn) as one tf.layers model. */
import { type Backbone } from '../../backbones';
import { biasedConv, dense, flatten } from '../../layers/blocks';
import { initialiseWeights } from '../../runtime/weights';
import { tf, type LayersModel } from '../../runtime/tf';
import { fieldsOf } from './target';

/** Channels that are kept of each place: enough to say where, few enough for a dense layer over all places. */
const CHANNELS = 64;
const UNITS = 128;

/**
 * Input `[batch, height, width, 3]`, normalised; output `[batch, 5 + classes]`, each number through a sigmoid. The coarsest
 * map is flattened and not averaged, so that the dense layers know where things are. Weights are drawn from the seed.
 */
export function buildLocalizer(backbone: Backbone, { inputSize: { width, height }, classes }: { inputSize: { width: number; height: number }; classes: number }, seed: number): LayersModel {
  const image = tf.input({ shape: [height, width, 3], name: 'image' });
  const last = backbone.build(image, { aligned: true }).maps.at(-1)!.tensor;
  const places = flatten('head_flatten', biasedConv('head_reduce', last, Math.min(CHANNELS, last.shape[3]!), 1));
  const logits = dense('head_output', dense('head_dense', places, UNITS, 'relu'), fieldsOf(classes));
  const output = tf.layers.activation({ name: 'head_sigmoid', activation: 'sigmoid' }).apply(logits) as tf.SymbolicTensor;
  const model = tf.model({ inputs: image, outputs: output, name: 'localizer' });
  initialiseWeights(model, seed);
  return model;
}
