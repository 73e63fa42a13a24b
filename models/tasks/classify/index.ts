/** Classification: one class for the whole image, by any backbone with its paper's classifier. Learns from image classes. */
import { z } from 'zod';
import { noAugmentation } from '../../data/augment';
import { ops, type Value } from '../../graph';
import { buildClassifier, withoutSideBranches } from '../../heads/classifier';
import { softmaxCrossEntropy } from '../../losses/basic';
import { chooseImageSize } from '../imageSize';
import { type Task, TrainingDataError } from '../types';
import { decodeClasses } from './decode';
import { classEvaluator } from './evaluator';
import { headSchema, type ClassifyHead } from './head';
import { classLabels, notesOf, usable } from './plan';

const optionsSchema = z.strictObject({
  /** Share of the target that is spread over all classes. */
  labelSmoothing: z.number().min(0).max(0.9).default(0.1),
});

/** Weight of each side branch's loss (Szegedy et al. 2015, section 5). */
const SIDE_WEIGHT = 0.3;
/** Over this last share of a run images are shown nearly as the network will meet them. */
const CALM_SHARE = 0.1;

export const classify: Task<ClassifyHead, z.output<typeof optionsSchema>> = {
  name: 'classify',
  title: 'Classifier',
  description: 'Tells the class of the whole image. Learns from the classes of images.',
  learnsFrom: ['class'],
  proposes: ['class'],
  labelMap: false,
  headSchema,
  optionsSchema,
  defaults: { decode: { minScore: 0, nmsIou: 1, limit: 5 }, learningRate: 2e-3, batch: 16, backbone: 'mobilenet3-coco' },

  plan({ train, val, classes }, { inputSize: wanted, backbone, options: { labelSmoothing } }) {
    if (classes.length < 2) throw new TrainingDataError('A classifier needs at least two classes to tell apart. Add another class.');
    const known = new Set(classes.map(({ id }) => id));
    const [usedTrain, usedVal] = [usable(train, known), usable(val, known)];
    if (usedTrain.examples.length === 0) throw new TrainingDataError('None of the training images has a class. Give some images their class first.');
    const inputSize = wanted ?? chooseImageSize(usedTrain.examples, backbone);
    const notes = notesOf({ without: usedTrain.without + usedVal.without, several: usedTrain.several + usedVal.several }, usedTrain.examples, classes);
    notes.push(`Network input ${inputSize.width}×${inputSize.height}.`);
    return { inputSize, head: { labelSmoothing }, train: usedTrain.examples, val: usedVal.examples, notes };
  },

  build: ({ inputSize, classes }, backbone, seed) => buildClassifier(backbone, { inputSize, classes: classes.length }, seed),
  inferenceModel: withoutSideBranches,
  targets: ({ classes }, batch) => ({ class: { shape: [batch, classes.length], dtype: 'float32' } }),

  writeTargets({ classes, head: { labelSmoothing } }, arrays, index, sample) {
    const k = classes.findIndex(({ id }) => id === classLabels(sample)[0]?.classId);
    if (k < 0) throw new Error('the image has none of the classes');
    const row = arrays.class!.subarray(index * classes.length, (index + 1) * classes.length);
    row.fill(labelSmoothing / classes.length);
    row[k]! += 1 - labelSmoothing;
  },

  loss(_graph, _design, [logits, ...sides], targets) {
    const crossEntropy = (z: Value) => ops.reduceMean(softmaxCrossEntropy(z, targets.class!));
    const own = crossEntropy(logits!);
    const parts: Record<string, Value> = { class: own };
    if (sides.length === 0) return { loss: own, parts };
    parts.side = sides.map(crossEntropy).reduce((a, b) => ops.add(a, b));
    return { loss: ops.add(own, ops.mul(parts.side, SIDE_WEIGHT)), parts };
  },

  augmentation(_design, progress) {
    const calm = progress > 1 - CALM_SHARE;
    return {
      ...noAugmentation, mirrorX: 0.5, scale: calm ? [0.95, 1.1] : [0.85, 1.3], translate: calm ? 0.02 : 0.08, rotate: calm ? 2 : 8, aspect: calm ? 0 : 0.1,
      contrast: 0.25, brightness: 0.1, tint: 0.2,
    };
  },

  decode: decodeClasses,
  evaluator: classEvaluator,
};
