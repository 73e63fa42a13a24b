/** A TensorFlow.js graph model in inference mode, from pixels to the nodes that its card names. */
import { Graph, type Program } from '../graph';
import { lowerGraphModel, type GraphModel } from '../pretrained/graphModel';
import { type ModelDesign, type StoredNetwork } from '../runtime/card';
import { normalise } from './normalise';

/** Input `image`: uint8 `[batch, height, width, 3]`; outputs `output0` … in the order of the card. */
export function graphProgram(model: GraphModel, { inputSize, normalisation }: Pick<ModelDesign, 'inputSize' | 'normalisation'>, network: StoredNetwork & { runtime: 'graph' }, batch = 1): Program {
  const graph = new Graph();
  const image = graph.input('image', [batch, inputSize.height, inputSize.width, 3], 'uint8');
  const { outputs, weights } = lowerGraphModel(graph, model, { inputs: { [network.input]: normalise(graph, image, normalisation) }, outputs: network.outputs });
  return { outputs: Object.fromEntries(outputs.map((value, i) => [`output${i}`, value])), constants: weights };
}
