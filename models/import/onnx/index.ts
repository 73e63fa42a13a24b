export { checkOnnx, MAX_ONNX_BYTES, ModelRefused } from './check';
export { readOnnx, type OnnxModel, type OnnxNode, type OnnxPort, type OnnxTensor } from './read';
export { WireError } from './wire';
