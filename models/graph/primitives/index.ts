/** The registry: every primitive with its shape rule and its gradient rule. A new primitive is one entry. */
import { type OpName, type Primitive } from '../types';
import { elementwise } from './elementwise';
import { movement } from './movement';
import { normalise } from './normalise';
import { windows } from './windows';

export const primitives: { [K in OpName]: Primitive<K> } = { ...elementwise, ...movement, ...normalise, ...windows };
