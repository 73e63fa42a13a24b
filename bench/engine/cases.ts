/** The training steps that are timed. */
import { ops, type Graph, type Value } from '@/models/graph';
import { bceWithLogits } from '@/models/losses/basic';
import { type LayersModel } from '@/models/runtime/tf';
import { sgd } from '@/models/training/optimizers';
import { type TrainerSpec } from '@/models/training/trainer';
import { mobileNetV2, tinyYolo, unet16 } from './networks';

const squares = (outputs: Value[]): Value => outputs.map((z) => ops.reduceMean(ops.square(z))).reduce((a, b) => ops.add(a, b));
/** Binary cross-entropy with zeros. */
const bce = ([z]: Value[]): Value => ops.reduceMean(bceWithLogits(z!, (z!.graph as Graph).constant(new Float32Array(1), z!.shape.map(() => 1))));

export interface TrainingCase {
  name: string;
  /** Name of the network in torch/networks.py. */
  network: string;
  model: () => LayersModel;
  size: number;
  batch: number;
  loss: 'bce' | 'squares';
}

export const CASES: readonly TrainingCase[] = [
  { name: 'U-Net16 (nearest) 128², batch 4', network: 'unet16-nearest', model: () => unet16(128), size: 128, batch: 4, loss: 'bce' },
  { name: 'U-Net16 (transposed) 128², batch 4', network: 'unet16-transposed', model: () => unet16(128, 'transposed'), size: 128, batch: 4, loss: 'bce' },
  { name: 'tiny YOLO 224², batch 4', network: 'tiny-yolo', model: () => tinyYolo(224), size: 224, batch: 4, loss: 'squares' },
  { name: 'MobileNet v2 224², batch 8', network: 'mobilenet-v2', model: () => mobileNetV2(224), size: 224, batch: 8, loss: 'squares' },
];
const LOSSES = { bce, squares };

/** SGD with momentum on the case's network. */
export function specOf({ model, size, batch, loss }: TrainingCase): TrainerSpec {
  return {
    model: model(), optimizer: sgd(), inputs: { x: { shape: [batch, size, size, 3], dtype: 'float32' } },
    loss: ({ x }, network) => ({ loss: LOSSES[loss](network(x!)), parts: {} }),
  };
}
