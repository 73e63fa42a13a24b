/** Presence and coordinates as one vector: a backbone, two dense layers. */
import { type Backbone } from '../../backbones';
import { convBlock, dense, flatten } from '../../layers/blocks';
import { tf, type LayersModel } from '../../runtime/tf';
import { initialiseWeights, readWeights, writeWeights } from '../../runtime/weights';
import { offsetsOf, outputsOf, type LandmarkLayout } from './layout';

/** Channels of the last map before it is flattened, and units between. */
const CHANNELS = 64;
const UNITS = 256;

/**
 * Input `[batch, height, width, 3]`, normalised; output `[batch, Σ (1 + 2 · points)]` raw: for each class a logit of its presence,
 * then x and y of each point, of which 0 is the middle of the input and ±0.5 its edges. The last map is flattened, not pooled: where
 * things are is what is asked for. Weights are drawn from the seed.
 */
export function buildRegression(backbone: Backbone, layout: LandmarkLayout, seed: number): LayersModel {
  const image = tf.input({ shape: [layout.inputSize.height, layout.inputSize.width, 3], name: 'image' });
  const { tensor } = backbone.build(image, { aligned: true }).maps.at(-1)!;
  const squeezed = convBlock('points_squeeze', tensor, CHANNELS, 1);
  const hidden = dense('points_hidden', flatten('points_flatten', squeezed), UNITS, 'relu');
  const output = dense(OUTPUT, hidden, outputsOf(layout));
  const model = tf.model({ inputs: image, outputs: output, name: 'landmarks' });
  initialiseWeights(model, seed);
  // Small first outputs: every point begins near the middle.
  const kernel = readWeights(model)[`${OUTPUT}/kernel`]!;
  writeWeights(model, { [`${OUTPUT}/kernel`]: { ...kernel, data: kernel.data.map((w) => w * 0.1) } });
  return model;
}

const OUTPUT = 'points';

/** Presence (0 to 1) and points (input pixels) of each class, from one image's raw output. */
export function readRegression(output: Float32Array, layout: LandmarkLayout): { presence: number; points: { x: number; y: number }[] }[] {
  const { inputSize: { width, height }, classes } = layout;
  const offsets = offsetsOf(layout);
  return classes.map(({ points }, k) => ({
    presence: 1 / (1 + Math.exp(-output[offsets[k]!]!)),
    points: Array.from({ length: points }, (_, i) => ({ x: (output[offsets[k]! + 1 + 2 * i]! + 0.5) * width, y: (output[offsets[k]! + 2 + 2 * i]! + 0.5) * height })),
  }));
}
