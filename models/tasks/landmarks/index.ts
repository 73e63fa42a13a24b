/** Landmarks: where the named points of an object are, on any backbone (see heads/landmarks). Learns from landmarks; one object of a class an image. */
import { z } from 'zod';
import { noAugmentation } from '../../data/augment';
import { buildHeatmaps, buildRegression, landmarkTarget, landmarkWeights, outputsOf, type InputPoints } from '../../heads/landmarks';
import { type LandmarksLabel, type Task, TrainingDataError } from '../types';
import { decodeLandmarks } from './decode';
import { landmarkEvaluator } from './evaluator';
import { headKinds, headSchema, layoutOf, type LandmarkHead } from './head';
import { landmarkLoss } from './loss';
import { chooseInputSize, pointCounts, usable } from './plan';

const optionsSchema = z.strictObject({
  /** `heatmaps` is the more exact, `regression` the faster. */
  head: z.enum(headKinds).default('heatmaps'),
});

/** Over this last share of a run images are shown nearly as the network will meet them. */
const CALM_SHARE = 0.1;

export const landmarks: Task<LandmarkHead, z.output<typeof optionsSchema>> = {
  name: 'landmarks',
  title: 'Landmark model',
  description: 'Finds the named points of one object an image. Learns from landmarks.',
  learnsFrom: ['landmarks'],
  proposes: ['landmarks'],
  labelMap: false,
  headSchema,
  optionsSchema,
  defaults: { decode: { minScore: 0.001, nmsIou: 1, limit: 100 }, learningRate: 2e-3, batch: 16, backbone: 'mobilenet3-coco' },

  plan({ train, val, classes }, { inputSize: wanted, multiple, options: { head: kind } }) {
    const points = pointCounts(classes, train);
    const [usedTrain, usedVal] = [usable(train, classes, points), usable(val, classes, points)];
    const several = usedTrain.several + usedVal.several;
    if (usedTrain.objects === 0) {
      throw new TrainingDataError(several > 0
        ? 'Every training image has several objects of one class. A landmark model finds one of each class: cut the images so that each shows one.'
        : 'None of the training images has landmarks. Label some first.');
    }
    const notes: string[] = [];
    if (several > 0) notes.push(`${several} ${several === 1 ? 'image' : 'images'} with several objects of one class left out: the model finds one of each.`);
    const inputSize = wanted ?? chooseInputSize(usedTrain.examples, multiple);
    notes.push(`Network input ${inputSize.width}×${inputSize.height}, ${kind === 'heatmaps' ? 'one heatmap a point' : 'presence and coordinates as one vector'}.`);
    if (!classes.every(isSymmetric)) notes.push('Images are not mirrored: the points have no left and right partners to change places.');
    return { inputSize, head: { kind, points, outputStride: 4, width: 16 }, train: usedTrain.examples, val: usedVal.examples, notes };
  },

  build(design, backbone, seed) {
    const layout = layoutOf(design);
    return design.head.kind === 'regression' ? buildRegression(backbone, layout, seed) : buildHeatmaps(backbone, layout, seed);
  },

  targets(design, batch) {
    const shape = [batch, outputsOf(layoutOf(design))];
    return { points: { shape, dtype: 'float32' }, weight: { shape, dtype: 'float32' } };
  },

  writeTargets(design, arrays, index, { labels }) {
    const layout = layoutOf(design);
    const length = outputsOf(layout);
    const classes = design.classes.map(({ id }): InputPoints => {
      const label = labels.find((candidate): candidate is LandmarksLabel => candidate.kind === 'landmarks' && candidate.classId === id);
      return label ? label.points.map(({ x, y, v }) => ({ x, y, placed: v > 0 })) : null;
    });
    (arrays.points as Float32Array).set(landmarkTarget(classes, layout), index * length);
    (arrays.weight as Float32Array).set(landmarkWeights(classes, layout), index * length);
  },

  loss: landmarkLoss,

  augmentation(design, progress) {
    const calm = progress > 1 - CALM_SHARE;
    return {
      ...noAugmentation, mirrorX: design.classes.every(isSymmetric) ? 0.5 : 0, scale: calm ? [0.95, 1.05] : [0.8, 1.25], translate: calm ? 0.02 : 0.08,
      rotate: calm ? 5 : 20, contrast: 0.3, brightness: 0.15, tint: 0.4, noise: calm ? 0 : 0.02,
    };
  },

  decode: decodeLandmarks,
  evaluator: landmarkEvaluator,
};

/** Only points that have partners left and right may be mirrored: mouths of others would turn around. */
const isSymmetric = ({ swaps }: { swaps?: readonly unknown[] }): boolean => (swaps?.length ?? 0) > 0;
