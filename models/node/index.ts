/**
 * The Node entry of the models library, for the worker's job children and the command line.
 * Importing it loads ONNX Runtime and tfjs; the web process never does.
 */
export type { TrainDetector, TrainDetectorCallbacks, TrainDetectorInput, TrainDetectorOptions, TrainDetectorResult } from '../training/types';
export type { Detection, Detector, ImageSource, LoadDetectorOptions, PredictOptions } from '../inference/types';
export type { ModelCard } from '../runtime/card';
