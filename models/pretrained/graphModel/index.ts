export { parseGraphModel, pathsOf, readGraphModel, type GraphModel } from './artifacts';
export { graphModelProgram, lowerGraphModel, type LoweredGraphModel, type LowerGraphOptions } from './lower';
export { decodeWeights, manifestSchema, type WeightManifest, type WeightSpec } from './weights';
