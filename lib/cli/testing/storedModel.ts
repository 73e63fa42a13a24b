/** Untrained models on disk, for tests of what is done with models. */
import path from 'node:path';
import { backbones } from '@/models/backbones';
import { saveModel } from '@/models/node';
import { taskOf } from '@/models/tasks';
import { designOf } from '@/models/testing/classDesign';

/** Smallest heads; the detector and the segmenter know the classes `classes`. */
const heads = {
  classify: { labelSmoothing: 0 },
  detect: { scales: [{ stride: 16, anchors: [{ w: 16, h: 16 }] }], meanBestIou: null },
  segment: { background: false, outputStride: 2, upsampling: 'transpose', convolutions: 1, width: 8, instances: [], neck: 0, minArea: 0, classWeights: null },
};

/** Writes a model of 64 × 64 pixels with weights drawn by `seed`. */
export async function storeModel(dir: string, task: keyof typeof heads, { seed = 1, classes = ['square', 'disc'] } = {}): Promise<string> {
  const design = designOf<Record<string, unknown>>(task, heads[task], { classes: classes.map((name) => ({ id: name, name })) });
  if (task === 'detect') design.architecture.head = 'yolo';
  const model = taskOf(task).build(design, backbones['compact']!, seed);
  try {
    await saveModel(dir, { model, card: { format: 'fieldmark-model', version: 2, ...design, datasetHash: null, metrics: null, training: null, credits: [], createdAt: '2026-01-01T00:00:00.000Z' } });
  } finally {
    model.dispose();
  }
  return path.basename(dir);
}
