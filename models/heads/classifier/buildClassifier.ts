/** Backbone and its paper's classifier as one tf.layers model. */
import { type Backbone } from '../../backbones';
import { initialiseWeights, readWeights, writeWeights } from '../../runtime/weights';
import { tf, type LayersModel } from '../../runtime/tf';

export interface ClassifierLayout {
  /** Network input in pixels. */
  inputSize: { width: number; height: number };
  classes: number;
}

/**
 * A classifier: input `[batch, height, width, 3]`, normalised; output logits `[batch, classes]`. Where the backbone has side
 * branches, their logits are further outputs: see `withoutSideBranches`. Weights are drawn from the seed.
 */
export function buildClassifier(backbone: Backbone, { inputSize: { width, height }, classes }: ClassifierLayout, seed: number): LayersModel {
  if (Math.min(width, height) < backbone.minimalSize) throw new Error(`${backbone.title} takes images of at least ${backbone.minimalSize} pixels a side, not ${width}×${height}`);
  const image = tf.input({ shape: [height, width, 3], name: 'image' });
  const features = backbone.build(image);
  const outputs = [backbone.top(features, classes), ...(backbone.sideBranches?.(features, classes) ?? [])];
  const model = tf.model({ inputs: image, outputs, name: 'classifier' });
  initialiseWeights(model, seed);
  // Small first logits: training begins at equal probabilities, not at confident nonsense.
  const kernels = new Set(model.outputLayers.map(({ name }) => `${name}/kernel`));
  const drawn = readWeights(model, (name) => kernels.has(name));
  writeWeights(model, Object.fromEntries(Object.entries(drawn).map(([name, kernel]) => [name, { ...kernel, data: kernel.data.map((w) => w * 0.1) }])));
  return model;
}

/**
 * The part of a classifier that answers: its first output alone, with the same layers, hence the same weights, seen and
 * changed through both models. A model without side branches is returned as it is.
 */
export function withoutSideBranches(model: LayersModel): LayersModel {
  return model.outputs.length === 1 ? model : tf.model({ inputs: model.inputs, outputs: model.outputs[0]!, name: model.name });
}
