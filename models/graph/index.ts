/** The intermediate graph: builder, primitives, gradients, and the program an engine compiles. */
export { Graph, reachable } from './graph';
export { gradients } from './gradients';
export * as ops from './ops';
export * from './shapes';
export type * from './types';
export type { Program } from './program';
