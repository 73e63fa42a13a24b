/** The registry: one lowering for every layer class. A new layer is one entry. */
import { type LayerLowering } from '../types';
import { conv2d, conv2dTranspose, depthwiseConv2d, separableConv2d } from './convolution';
import { batchNormalization, dropout } from './normalisation';
import * as simple from './simple';

export const layerLowerings: Record<string, LayerLowering> = {
  Activation: simple.activation,
  Add: simple.add,
  AveragePooling2D: simple.averagePooling2d,
  BatchNormalization: batchNormalization,
  Concatenate: simple.concatenate,
  Conv2D: conv2d,
  Conv2DTranspose: conv2dTranspose,
  Dense: simple.dense,
  DepthwiseConv2D: depthwiseConv2d,
  Dropout: dropout,
  Flatten: simple.flatten,
  GlobalAveragePooling2D: simple.globalAveragePooling2d,
  GlobalMaxPooling2D: simple.globalMaxPooling2d,
  LeakyReLU: simple.leakyReLU,
  MaxPooling2D: simple.maxPooling2d,
  Multiply: simple.multiply,
  ReLU: simple.reLU,
  Reshape: simple.reshape,
  SeparableConv2D: separableConv2d,
  Softmax: simple.softmaxLayer,
  UpSampling2D: simple.upSampling2d,
  ZeroPadding2D: simple.zeroPadding2d,
};
