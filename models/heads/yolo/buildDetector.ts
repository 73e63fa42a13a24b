/** Backbone, top-down neck and YOLO outputs as one tf.layers model. */
import { type Backbone, type FeatureMap } from '../../backbones';
import { convBlock } from '../../layers/blocks';
import { initialiseWeights, readWeights, writeWeights } from '../../runtime/weights';
import { tf, type LayersModel } from '../../runtime/tf';
import { type YoloLayout } from './types';

/** Share of predictors that hold an object at the start: keeps the first steps from being all background. */
const PRIOR = 0.01;

/** Most channels of a map in the neck: 3×3 convolutions over the 2048 of a large backbone would outweigh all of it. */
const WIDEST = 256;

/**
 * The maps from stride `finest` to `coarsest`: the backbone's, narrowed where they are wide, and further halvings of its last
 * one where it ends earlier.
 */
function pyramid(backbone: Backbone, image: tf.SymbolicTensor, finest: number, coarsest: number): FeatureMap[] {
  const own = backbone.build(image, { aligned: true }).maps.filter(({ stride }) => stride >= finest || stride === backbone.multiple);
  const maps = own.map(({ stride, tensor }) => ({ stride, tensor: tensor.shape[3]! > WIDEST ? convBlock(`neck${stride}_narrow`, tensor, WIDEST, 1) : tensor }));
  for (let last = maps.at(-1)!; last.stride < coarsest; maps.push(last)) {
    const stride = 2 * last.stride;
    last = { stride, tensor: convBlock(`neck${stride}_extra`, last.tensor, Math.min(WIDEST, 2 * last.tensor.shape[3]!), 3, { strides: 2 }) };
  }
  return maps;
}

/**
 * A detector with one output `[batch, rows, columns, anchors · (5 + classes)]` for every scale of the layout, fine to
 * coarse. Coarse features are enlarged and joined to finer ones on the way (feature pyramid, Lin et al. 2017).
 * Input `[batch, height, width, 3]`, normalised. Weights are drawn from the seed.
 */
export function buildDetector(backbone: Backbone, layout: YoloLayout, seed: number): LayersModel {
  const image = tf.input({ shape: [layout.inputSize.height, layout.inputSize.width, 3], name: 'image' });
  const [finest, coarsest] = [layout.scales[0]!.stride, layout.scales.at(-1)!.stride];
  const { width, height } = layout.inputSize;
  const multiple = Math.max(coarsest, backbone.multiple);
  if (width % multiple !== 0 || height % multiple !== 0) throw new Error(`the input of a detector on ${backbone.title} must be a multiple of ${multiple}, not ${width}×${height}`);
  const maps = pyramid(backbone, image, finest, coarsest);
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
    if (stride === finest) break;
  }
  if (outputs.length !== layout.scales.length) throw new Error(`the backbone ${backbone.name} has no features for every stride of ${layout.scales.map((scale) => scale.stride).join(', ')}`);
  const model = tf.model({ inputs: image, outputs, name: 'detector' });
  initialiseWeights(model, seed);
  setPrior(model, layout);
  return model;
}

const outputName = (stride: number): string => `output${stride}`;

function setPrior(model: LayersModel, layout: YoloLayout): void {
  const weights = readWeights(model, (name) => name.startsWith('output'));
  for (const { stride, anchors } of layout.scales) {
    const bias = weights[`${outputName(stride)}/bias`]!;
    for (let a = 0; a < anchors.length; a++) bias.data[a * (5 + layout.classes) + 4] = -Math.log((1 - PRIOR) / PRIOR);
    const kernel = weights[`${outputName(stride)}/kernel`]!;
    // Small first outputs: the boxes begin as the anchors themselves.
    for (let i = 0; i < kernel.data.length; i++) kernel.data[i]! *= 0.1;
  }
  writeWeights(model, weights);
}
