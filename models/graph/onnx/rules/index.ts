/** The registry of ONNX rules, one for every primitive. */
import { type EmitRule } from '../emitter';
import { type OpName } from '../../types';
import { convolution } from './convolution';
import { elementwise } from './elementwise';
import { movement } from './movement';
import { normalise } from './normalise';
import { pooling } from './pooling';

export const rules: { [K in OpName]: EmitRule<K> } = { ...elementwise, ...movement, ...convolution, ...normalise, ...pooling };
