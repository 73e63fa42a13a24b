/** The registry of TensorFlow operations that are read: one file a family, one entry an operation. */
import { type OpFamily } from '../types';
import { convolution } from './convolution';
import { elementwise } from './elementwise';
import { movement } from './movement';
import { pooling } from './pooling';

export const opReaders: OpFamily = { ...elementwise, ...convolution, ...pooling, ...movement };
