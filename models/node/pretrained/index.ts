export { copyWeights, loadInitialWeights, trainedWeights, type InitialWeights } from './initialWeights';
export { humanModels } from './packages';
export { readGraph, readTfModel, type ReadModel } from './read';
export { isAddress, ModelSourceError, openModelSource, type ModelSource } from './source';
export { saveBuiltin } from './builtin';
