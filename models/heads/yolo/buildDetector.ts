/** Backbone, top-down neck and YOLO outputs as one tf.layers model. */
import { type Backbone } from '../../backbones';
import { convBlock } from '../../layers/blocks';
import { initialiseWeights, readWeights, writeWeights } from '../../runtime/weights';
import { tf, type LayersModel } from '../../runtime/tf';
import { type YoloLayout } from './types';

/** Share of predictors that hold an object at the start: keeps the first steps from being all background. */
const PRIOR = 0.01;

/**
 * A detector with one output `[batch, rows, columns, anchors · (5 + classes)]` for every scale of the layout, fine to
 * coarse. Coarse features are enlarged and joined to finer ones on the way (feature pyramid, Lin et al. 2017).
 * Input `[batch, height, width, 3]`, normalised. Weights are drawn from the seed.
 */
export function buildDetector(backbone: Backbone, layout: YoloLayout, seed: number): LayersModel {
  const image = tf.input({ shape: [layout.inputSize.height, layout.inputSize.width, 3], name: 'image' });
  const { maps } = backbone.build(image, { aligned: true });
  const outputs: tf.SymbolicTensor[] = [];
  let above: tf.SymbolicTensor | null = null;
  for (const { stride, tensor } of maps.toReversed()) {
    const channels = tensor.shape[3]!;
    let x = tensor;
    if (above) {
      const reduced = convBlock(`neck${stride}_reduce`, above, channels, 1);
      const enlarged = tf.layers.upSampling2d({ name: `neck${stride}_up`, size: [2, 2] }).apply(reduced) as tf.SymbolicTensor;
      x = tf.layers.concatenate({ name: `neck${stride}_join` }).apply([enlarged, tensor]) as tf.SymbolicTensor;
      x = convBlock(`neck${stride}_squeeze`, x, channels, 1);
      x = convBlock(`neck${stride}_mix`, x, channels, 3);
    }
    above = x;
    const scale = layout.scales.find((candidate) => candidate.stride === stride);
    if (scale) {
      const filters = scale.anchors.length * (5 + layout.classes);
      const last = tf.layers.conv2d({ name: outputName(stride), filters, kernelSize: 1, kernelInitializer: 'zeros' });
      outputs.unshift(last.apply(convBlock(`head${stride}`, x, channels, 3)) as tf.SymbolicTensor);
    }
    if (stride === layout.scales[0]!.stride) break;
  }
  if (outputs.length !== layout.scales.length) throw new Error(`the backbone ${backbone.name} has no features for every stride of ${layout.scales.map((scale) => scale.stride).join(', ')}`);
  const model = tf.model({ inputs: image, outputs, name: 'detector' });
  initialiseWeights(model, seed);
  setPrior(model, layout);
  return model;
}

const outputName = (stride: number): string => `output${stride}`;

function setPrior(model: LayersModel, layout: YoloLayout): void {
  const weights = readWeights(model);
  for (const { stride, anchors } of layout.scales) {
    const bias = weights[`${outputName(stride)}/bias`]!;
    for (let a = 0; a < anchors.length; a++) bias.data[a * (5 + layout.classes) + 4] = -Math.log((1 - PRIOR) / PRIOR);
    const kernel = weights[`${outputName(stride)}/kernel`]!;
    // Small first outputs: the boxes begin as the anchors themselves.
    for (let i = 0; i < kernel.data.length; i++) kernel.data[i]! *= 0.1;
  }
  writeWeights(model, weights);
}
