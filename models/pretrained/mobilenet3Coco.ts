/** The weights of the backbone `mobilenet3-coco` out of the graph model of CenterNet. */
import { type Tensors } from '../runtime/engine';
import { type GraphModel } from './graphModel';

const ROOT = 'tower_0/MobilenetV3';

/** Names of kernel and bias in the graph model, by layer of the backbone. */
function names(blocks: number): Record<string, { kernel: string; bias: string }> {
  const conv = (prefix: string) => ({ kernel: `${prefix}/Conv2D_weights`, bias: `${prefix}/Conv2D_bn_offset` });
  const result: Record<string, { kernel: string; bias: string }> = { stem_conv: conv(`${ROOT}/Conv`), last_conv: conv('tower_0/extern1') };
  for (let i = 0; i < blocks; i++) {
    const block = `expanded_conv${i === 0 ? '' : `_${i}`}`;
    // Squeeze and excite has no batch norm, and its weights are shared between towers: no tower in their names.
    const squeeze = `MobilenetV3/${block}/squeeze_excite`;
    result[`block${i}_expand_conv`] = conv(`${ROOT}/${block}/expand`);
    result[`block${i}_project_conv`] = conv(`${ROOT}/${block}/project`);
    result[`block${i}_depthwise_conv`] = { kernel: `${ROOT}/${block}/depthwise/depthwise_weights`, bias: `${ROOT}/${block}/depthwise/depthwise_bn_offset` };
    result[`block${i}_squeeze_reduce_conv`] = { kernel: `${squeeze}/Conv/weights`, bias: `${squeeze}/Conv/biases` };
    result[`block${i}_squeeze_expand_conv`] = { kernel: `${squeeze}/Conv_1/weights`, bias: `${squeeze}/Conv_1/biases` };
  }
  return result;
}

/** Weights by `layer/weight`, with batch norm folded in. Layers that the network does not have are left out. */
export function mobilenet3CocoWeights({ weights }: GraphModel): Tensors {
  const result: Tensors = {};
  for (const [layer, { kernel, bias }] of Object.entries(names(15))) {
    if (!weights.has(kernel)) continue;
    const kind = layer.endsWith('_depthwise_conv') ? 'depthwise_kernel' : 'kernel';
    result[`${layer}/${kind}`] = weights.get(kernel)!;
    result[`${layer}/bias`] = weights.get(bias)!;
  }
  return result;
}
