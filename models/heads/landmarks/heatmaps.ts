/** One heatmap a point, read by soft-argmax: a backbone and the expanding half of a U-Net. */
import { type Backbone } from '../../backbones';
import { dense } from '../../layers/blocks';
import { tf, type LayersModel } from '../../runtime/tf';
import { initialiseWeights, readWeights, writeWeights } from '../../runtime/weights';
import { unetDecoder } from '../unet';
import { pointsOf, type LandmarkLayout } from './layout';

export interface HeatmapLayout extends LandmarkLayout {
  /** Input pixels a cell of the heatmaps covers along each side. */
  outputStride: number;
  /** Most filters of the expanding half at stride s, divided by s. */
  width: number;
}

const MAPS = 'heatmaps';

/**
 * Input `[batch, height, width, 3]`, normalised; outputs: heatmap logits `[batch, height / stride, width / stride, points]`, whose softmax
 * over the cells is where each point is, and a logit of each class's presence `[batch, classes]`. Weights are drawn from the seed.
 */
export function buildHeatmaps(backbone: Backbone, layout: HeatmapLayout, seed: number): LayersModel {
  const image = tf.input({ shape: [layout.inputSize.height, layout.inputSize.width, 3], name: 'image' });
  const features = backbone.build(image, { aligned: true });
  const x = unetDecoder(features, { outputStride: layout.outputStride, width: layout.width });
  const maps = tf.layers.conv2d({ name: MAPS, filters: pointsOf(layout), kernelSize: 1, kernelInitializer: 'zeros' }).apply(x) as tf.SymbolicTensor;
  const pooled = tf.layers.globalAveragePooling2d({ name: 'presence_pool' }).apply(features.maps.at(-1)!.tensor) as tf.SymbolicTensor;
  const model = tf.model({ inputs: image, outputs: [maps, dense('presence', pooled, layout.classes.length)], name: 'landmarks' });
  initialiseWeights(model, seed);
  // Small first logits: every point begins in the middle of flat maps.
  const kernel = readWeights(model)[`${MAPS}/kernel`]!;
  writeWeights(model, { [`${MAPS}/kernel`]: { ...kernel, data: kernel.data.map((w) => w * 0.1) } });
  return model;
}

/** Presence (0 to 1) and points (input pixels, by soft-argmax) of each class, from one image's outputs. */
export function readHeatmaps([maps, presence]: readonly Float32Array[], layout: HeatmapLayout): { presence: number; points: { x: number; y: number }[] }[] {
  const { inputSize: { width, height }, outputStride: stride } = layout;
  const [rows, columns, depth] = [height / stride, width / stride, pointsOf(layout)];
  const places = Array.from({ length: depth }, (_, p) => {
    let max = -Infinity;
    for (let i = p; i < maps!.length; i += depth) max = Math.max(max, maps![i]!);
    let [sum, x, y] = [0, 0, 0];
    for (let row = 0; row < rows; row++) for (let column = 0; column < columns; column++) {
      const share = Math.exp(maps![(row * columns + column) * depth + p]! - max);
      sum += share;
      x += share * (column + 0.5);
      y += share * (row + 0.5);
    }
    return { x: (x / sum) * stride, y: (y / sum) * stride };
  });
  let at = 0;
  return layout.classes.map(({ points }, k) => {
    at += points;
    return { presence: 1 / (1 + Math.exp(-presence![k]!)), points: places.slice(at - points, at) };
  });
}
