/** The expanding half of a U-Net (Ronneberger et al. 2015) over the feature maps of any backbone. */
import { type Features } from '../../backbones';
import { convBlock } from '../../layers/blocks';
import { tf } from '../../runtime/tf';

/** How a map is doubled in size. */
export const upsamplings = ['transpose', 'nearest'] as const;
export type Upsampling = (typeof upsamplings)[number];

export interface DecoderOptions {
  /** Input pixels a cell of the result covers along each side: a power of two. */
  outputStride: number;
  /** `transpose`: learned 2×2 transposed convolution of stride 2. `nearest`: each cell repeated, then a 1×1 convolution. Default `transpose`. */
  upsampling?: Upsampling;
  /** 3×3 convolutions after each skip connection. Default 1. */
  convolutions?: number;
  /** Filters at stride s are as many as the encoder's there, but at most `width` · s; null: no limit. Default 16. */
  width?: number | null;
}

/**
 * From the coarsest of `maps` up to `outputStride`: enlarge, join the encoder's map of that stride where there is one (the
 * skip connection), convolve. Throws an Error when no map is coarser than the output.
 */
export function unetDecoder({ maps }: Features, { outputStride, upsampling = 'transpose', convolutions = 1, width = 16 }: DecoderOptions): tf.SymbolicTensor {
  const byStride = new Map(maps.map(({ stride, tensor }) => [stride, tensor]));
  const coarsest = Math.max(...byStride.keys());
  if (!(coarsest >= outputStride)) throw new Error(`the features end at stride ${coarsest}: an output at stride ${outputStride} needs a coarser one`);
  let x = byStride.get(coarsest)!;
  for (let stride = coarsest / 2; stride >= outputStride; stride /= 2) {
    const skip = byStride.get(stride);
    const filters = Math.min((width ?? Infinity) * stride, skip?.shape[3] ?? x.shape[3]!);
    x = enlarge(`decode${stride}_up`, x, filters, upsampling);
    if (skip) x = tf.layers.concatenate({ name: `decode${stride}_skip` }).apply([skip, x]) as tf.SymbolicTensor;
    for (let i = 1; i <= convolutions; i++) x = convBlock(`decode${stride}_${i}`, x, filters, 3);
  }
  return x;
}

function enlarge(name: string, x: tf.SymbolicTensor, filters: number, upsampling: Upsampling): tf.SymbolicTensor {
  if (upsampling === 'transpose') {
    return tf.layers.conv2dTranspose({ name, filters, kernelSize: 2, strides: 2, padding: 'same', kernelInitializer: 'zeros' }).apply(x) as tf.SymbolicTensor;
  }
  // Reducing before repeating costs a quarter of the same after it, and gives the same numbers.
  const reduced = tf.layers.conv2d({ name: `${name}_reduce`, filters, kernelSize: 1, kernelInitializer: 'zeros' }).apply(x) as tf.SymbolicTensor;
  return tf.layers.upSampling2d({ name, size: [2, 2] }).apply(reduced) as tf.SymbolicTensor;
}
