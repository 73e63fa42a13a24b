export { isControl, parseGraphModel, pathsOf, readGraphModel, refOf, type GraphModel, type NodeDef } from './artifacts';
export { graphModelProgram, lowerGraphModel, ordered, type LoweredGraphModel, type LowerGraphOptions } from './lower';
export { decodeWeights, manifestSchema, type WeightManifest, type WeightSpec } from './weights';
