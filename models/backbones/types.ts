import { type tf } from '../runtime/tf';

/** A feature map and how many input pixels one of its cells covers along each side. */
export interface FeatureMap {
  stride: number;
  tensor: tf.SymbolicTensor;
}

/** A network without a head: image in, feature maps of falling resolution out. */
export interface Backbone {
  /** Name in the card and in settings. */
  name: string;
  /** Feature maps at strides 8, 16 and 32 of an image `[batch, height, width, 3]`. */
  build(image: tf.SymbolicTensor): FeatureMap[];
}
