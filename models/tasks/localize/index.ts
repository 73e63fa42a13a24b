/** Classification with localization: one object an image at most, its class and its box. Learns from boxes. */
import { z } from 'zod';
import { noAugmentation } from '../../data/augment';
import { buildLocalizer, fieldsOf, writeTarget } from '../../heads/localizer';
import { localizationLoss } from '../../losses/localization';
import { chooseImageSize } from '../imageSize';
import { type Task, TrainingDataError } from '../types';
import { decodeObject } from './decode';
import { objectEvaluator } from './evaluator';
import { headSchema, type LocalizeHead } from './head';
import { boxLabels, usable } from './plan';

/** Over this last share of a run images are shown nearly as the network will meet them. */
const CALM_SHARE = 0.15;

export const localize: Task<LocalizeHead, object> = {
  name: 'localize',
  title: 'Localizer',
  description: 'For images of one object: tells its class and draws one box around it. Learns from images with one box or none.',
  learnsFrom: ['box'],
  proposes: ['box'],
  labelMap: false,
  headSchema,
  optionsSchema: z.strictObject({}),
  defaults: { decode: { minScore: 0.001, nmsIou: 1, limit: 1 }, learningRate: 2e-3, batch: 16, backbone: 'mobilenet3-coco' },

  plan({ train, val, classes }, { inputSize: wanted, backbone }) {
    const known = new Set(classes.map(({ id }) => id));
    const [usedTrain, usedVal] = [usable(train, known), usable(val, known)];
    const several = usedTrain.several + usedVal.several;
    if (usedTrain.objects === 0) {
      throw new TrainingDataError(several > 0 ? 'All training images show several objects; this model learns from images of one. Train a detector instead.' : 'None of the training images has a box. Label some objects first.');
    }
    const notes: string[] = [];
    if (several > 0) notes.push(`${several} ${several === 1 ? 'image' : 'images'} with several objects left out: this model finds one. A detector finds them all.`);
    const inputSize = wanted ?? chooseImageSize(usedTrain.examples, backbone);
    notes.push(`Network input ${inputSize.width}×${inputSize.height}.`);
    return { inputSize, head: {}, train: usedTrain.examples, val: usedVal.examples, notes };
  },

  build: ({ inputSize, classes }, backbone, seed) => buildLocalizer(backbone, { inputSize, classes: classes.length }, seed),
  targets: ({ classes }, batch) => ({ object: { shape: [batch, fieldsOf(classes.length)], dtype: 'float32' } }),

  writeTargets({ classes }, arrays, index, sample) {
    const fields = fieldsOf(classes.length);
    const [box] = boxLabels(sample);
    writeTarget(
      (arrays.object as Float32Array).subarray(index * fields, (index + 1) * fields),
      box ? { ...box, classIndex: classes.findIndex(({ id }) => id === box.classId) } : null,
      sample,
    );
  },

  loss: (_graph, _design, [predicted], targets) => localizationLoss(predicted!, targets.object!),

  augmentation(_design, progress) {
    const calm = progress > 1 - CALM_SHARE;
    return {
      ...noAugmentation, mirrorX: 0.5, scale: calm ? [0.9, 1.1] : [0.75, 1.3], translate: calm ? 0.03 : 0.12, contrast: 0.25, brightness: 0.1, tint: 0.3,
    };
  },

  decode: decodeObject,
  evaluator: objectEvaluator,
};
