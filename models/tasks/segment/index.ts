/** Segmentation: the class of every pixel, by a U-Net (see heads/unet) on any backbone. Learns from masks. */
import { z } from 'zod';
import { noAugmentation } from '../../data/augment';
import { buildUnet, upsamplings } from '../../heads/unet';
import { segmentationLoss } from '../../losses/segmentation';
import { type Task, TrainingDataError } from '../types';
import { decodeMasks } from './decode';
import { segmentEvaluator } from './evaluator';
import { channelsOf, headSchema, layoutOf, type SegmentHead } from './head';
import { chooseClassWeights, chooseInputSize, chooseMinArea, chooseNeck, countable, coversAll, usable } from './plan';
import { sharesShape, writeShares } from './targets';

const optionsSchema = z.strictObject({
  /** Whether pixels without a class are a class of their own. Default: where the training masks leave pixels over. */
  background: z.boolean().optional(),
  /** Ids of classes whose objects are told apart. Default: those of which the training images show several masks. */
  instances: z.array(z.string()).optional(),
  /** Connected parts are taken apart where they are narrower than this share of the smaller part's radius; 0: never. Default: what finds most of the training objects. */
  neck: z.number().min(0).max(1).optional(),
  /** Area in network input pixels under which a connected part is no object. Default: from the smallest training objects. */
  minArea: z.number().nonnegative().optional(),
  /** Default: 1 for the plain U-Nets, else 2: half the resolution is learned several times as fast, and enlarged bilinearly. */
  outputStride: z.literal([1, 2, 4]).optional(),
  upsampling: z.enum(upsamplings).default('transpose'),
});

/** Over this last share of a run images are shown nearly as the network will meet them. */
const CALM_SHARE = 0.1;

export const segment: Task<SegmentHead, z.output<typeof optionsSchema>> = {
  name: 'segment',
  title: 'Segmenter',
  description: 'Gives every pixel its class, as masks. Learns from masks.',
  learnsFrom: ['mask'],
  proposes: ['mask'],
  labelMap: true,
  headSchema,
  optionsSchema,
  defaults: { decode: { minScore: 0, nmsIou: 1, limit: 5000 }, learningRate: 2e-3, batch: 4, backbone: 'mobilenet3-coco' },

  plan({ train, val, classes }, { inputSize: wanted, multiple, backbone, options: chosen }) {
    const ids = classes.map(({ id }) => id);
    const known = new Set(ids);
    const [usedTrain, usedVal] = [usable(train, known), usable(val, known)];
    if (usedTrain.masks === 0) throw new TrainingDataError('None of the training images has a mask. Label some objects first.');
    const notes: string[] = [];
    const skipped = usedTrain.skipped + usedVal.skipped;
    if (skipped > 0) notes.push(`${skipped} empty ${skipped === 1 ? 'mask' : 'masks'} skipped.`);

    const background = chosen.background ?? !coversAll(usedTrain.examples);
    if (!background && classes.length < 2) throw new TrainingDataError('There is only one class and no background: every pixel would be it. Add a class, or label images that have something else too.');
    notes.push(background ? 'What no mask covers is learned as background.' : 'The masks cover the images completely: there is no background class.');
    const instances = chosen.instances ?? countable(usedTrain.examples, ids);
    const unknown = instances.find((id) => !known.has(id));
    if (unknown !== undefined) throw new TrainingDataError(`The class ${unknown}, whose objects are to be told apart, is not among the classes to train.`);
    const neck = chosen.neck ?? chooseNeck(usedTrain.examples, instances);
    if (instances.length > 0) {
      const names = instances.map((id) => classes.find((c) => c.id === id)!.name).join(', ');
      notes.push(`Objects are told apart ${neck > 0 ? 'where they do not touch, or only by a neck' : 'where they do not touch'}: ${names}.`);
    }

    const plain = backbone.family === 'unet';
    const inputSize = wanted ?? chooseInputSize(usedTrain.examples, instances, multiple);
    notes.push(`Network input ${inputSize.width}×${inputSize.height}.`);
    const head: SegmentHead = {
      background,
      outputStride: chosen.outputStride ?? (plain ? 1 : 2),
      upsampling: chosen.upsampling,
      convolutions: plain ? 2 : 1,
      width: plain ? null : 16,
      instances: [...instances],
      neck,
      minArea: chosen.minArea ?? chooseMinArea(usedTrain.examples, instances, inputSize),
      classWeights: chooseClassWeights(usedTrain.examples, ids, background),
    };
    return { inputSize, head, train: usedTrain.examples, val: usedVal.examples, notes };
  },

  build: (design, backbone, seed) => buildUnet(backbone, layoutOf(design), seed),
  targets: (design, batch) => ({ shares: { shape: sharesShape(design, batch), dtype: 'float32' } }),
  writeTargets: (design, arrays, index, sample) => writeShares(design, arrays.shares as Float32Array, index, sample),

  loss(graph, design, outputs, targets, sums) {
    const weights = design.head.classWeights ?? undefined;
    if (weights && weights.length !== channelsOf(design)) throw new Error(`there are ${weights.length} class weights for ${channelsOf(design)} channels`);
    return segmentationLoss(graph, outputs[0]!, targets.shares!, { classWeights: weights }, sums);
  },

  augmentation(_design, progress) {
    const calm = progress > 1 - CALM_SHARE;
    return {
      ...noAugmentation, mirrorX: 0.5, scale: calm ? [0.9, 1.1] : [0.6, 1.6], translate: calm ? 0.03 : 0.2, rotate: calm ? 2 : 5,
      contrast: 0.25, brightness: 0.1, tint: 0.4,
    };
  },

  decode: decodeMasks,
  evaluator: segmentEvaluator,
};
