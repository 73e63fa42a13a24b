/**
 * Layer classes of our own, for what tf.layers lacks. Importing them registers them, so that stored models load; each has
 * a `call` for tfjs here and a lowering in models/lower. Stochastic depth needs none: it is Dropout with a noise shape.
 */
export { ConnectedConv2D, connectionMatrix, type ConnectedConv2DConfig } from './connectedConv2d';
export { GlobalAveragePooling3D, globalAveragePooling3d } from './globalAveragePooling3d';
export { GroupedConv2D, groupedConv2d, type GroupedConv2DArgs } from './groupedConv2d';
export { HardGate, HardSwish } from './hardSwish';
export { LocalResponseNormalization, type LocalResponseNormalizationConfig } from './localResponseNormalization';
export { StatisticsPooling2D, statisticsPooling2d, VARIANCE_EPSILON } from './statisticsPooling2d';
export { Subsampling2D } from './subsampling2d';
