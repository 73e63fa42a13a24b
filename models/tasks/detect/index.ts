/** Detection: boxes by a YOLO head (see heads/yolo) on any backbone. Learns from boxes. */
import { z } from 'zod';
import { defaultAugmentation } from '../../data/augment';
import { assign, boxLosses, buildDetector, targetShape, writeTargets, type TargetBox } from '../../heads/yolo';
import { yoloLoss } from '../../losses/yolo';
import { type BoxLabel, type Example, type Task, TrainingDataError } from '../types';
import { decodeDetections } from './decode';
import { boxEvaluator } from './evaluator';
import { anchorSchema, headSchema, layoutOf, type DetectHead } from './head';
import { chooseAnchors, chooseInputSize, COARSEST_STRIDE, collisionNote, countCollisions, scalesOf, shapesInInput, type BoxedImage } from './plan';

const optionsSchema = z.strictObject({
  /** Anchor shapes in network input pixels. Default: K-means on the training boxes. */
  anchors: z.array(anchorSchema).min(1).optional(),
  /** Number of anchors for K-means, divided over the scales. */
  anchorCount: z.number().int().min(1).max(30).default(6),
  /** Loss of a box; see `boxLosses`. */
  box: z.enum(boxLosses).default('ciou'),
});

/** Over this last share of a run images are shown whole, as the network will meet them. */
const CALM_SHARE = 0.15;

/** Boxes clipped to their image; those without area are dropped and counted. */
function usable(examples: readonly Example[], known: ReadonlySet<string>): { examples: Example[]; boxes: number; skipped: number } {
  let boxes = 0;
  let skipped = 0;
  const kept = examples.map((example) => {
    const labels = example.labels.flatMap((label): BoxLabel[] => {
      if (label.kind !== 'box') return [];
      if (!known.has(label.classId)) throw new TrainingDataError(`Image ${example.id} has a box of class ${label.classId}, which is not among the classes to train.`);
      const { width, height } = example;
      const box = { ...label, x0: Math.max(0, label.x0), y0: Math.max(0, label.y0), x1: Math.min(width, label.x1), y1: Math.min(height, label.y1) };
      if (box.x1 > box.x0 && box.y1 > box.y0) return [box];
      skipped++;
      return [];
    });
    boxes += labels.filter((label) => !label.crowd).length;
    return { ...example, labels };
  });
  return { examples: kept, boxes, skipped };
}

const boxed = (examples: readonly Example[]): BoxedImage[] =>
  examples.map(({ width, height, labels }) => ({ width, height, boxes: labels.filter((label): label is BoxLabel => label.kind === 'box' && !label.crowd) }));

export const detect: Task<DetectHead, z.output<typeof optionsSchema>> = {
  name: 'detect',
  title: 'Detector',
  description: 'Finds every object and draws a box around it. Learns from boxes.',
  learnsFrom: ['box'],
  proposes: ['box'],
  labelMap: false,
  headSchema,
  optionsSchema,
  defaults: { decode: { minScore: 0.001, nmsIou: 0.5, limit: 100 }, learningRate: 2e-3, batch: 8, backbone: 'mobilenet3-coco' },

  plan({ train, val, classes }, { seed, inputSize: wanted, multiple, options: { anchors: given, anchorCount, box } }) {
    const known = new Set(classes.map(({ id }) => id));
    const [usedTrain, usedVal] = [usable(train, known), usable(val, known)];
    if (usedTrain.boxes === 0) throw new TrainingDataError('None of the training images has a box. Label some objects first.');
    const notes: string[] = [];
    const skipped = usedTrain.skipped + usedVal.skipped;
    if (skipped > 0) notes.push(`${skipped} ${skipped === 1 ? 'box' : 'boxes'} without area skipped.`);
    const images = boxed(usedTrain.examples);
    const inputSize = wanted ?? chooseInputSize(images, Math.max(multiple, COARSEST_STRIDE));
    const { anchors, meanBestIou } = chooseAnchors(shapesInInput(images, inputSize), anchorCount, seed, given);
    notes.push(`Network input ${inputSize.width}×${inputSize.height}; ${anchors.length} anchors, mean best IoU ${meanBestIou?.toFixed(3) ?? 'unknown'}.`);
    const scales = scalesOf(anchors);
    const { stride } = scales.at(-1)!;
    if (inputSize.width % stride !== 0 || inputSize.height % stride !== 0) throw new TrainingDataError(`The input size of this detector must be a multiple of ${stride}, not ${inputSize.width}×${inputSize.height}.`);
    const head: DetectHead = { scales, meanBestIou, ...(box !== 'ciou' && { box }) };
    const collisions = collisionNote(countCollisions(images, layoutOf({ inputSize, head, classes })), usedTrain.boxes);
    if (collisions !== null) notes.push(collisions);
    return { inputSize, head, train: usedTrain.examples, val: usedVal.examples, notes };
  },

  build: (design, backbone, seed) => buildDetector(backbone, layoutOf(design), seed),

  targets(design, batch) {
    const layout = layoutOf(design);
    return Object.fromEntries(layout.scales.map((_, s) => [`target${s}`, { shape: targetShape(layout, s, batch), dtype: 'float32' as const }]));
  },

  writeTargets(design, arrays, index, { labels }) {
    const layout = layoutOf(design);
    const indexOf = new Map(design.classes.map(({ id }, i) => [id, i]));
    const objects = labels.flatMap((label): TargetBox[] => {
      if (label.kind !== 'box' || label.crowd) return [];
      const { x0, y0, x1, y1 } = label;
      return [{ classIndex: indexOf.get(label.classId)!, x0, y0, x1, y1 }];
    });
    const { assignments } = assign(objects, layout, { neighbours: true });
    writeTargets(layout.scales.map((_, s) => arrays[`target${s}`] as Float32Array), index, assignments, objects, layout);
  },

  loss(graph, design, outputs, targets, sums) {
    const layout = layoutOf(design);
    return yoloLoss(graph, outputs, layout.scales.map((_, s) => targets[`target${s}`]!), layout, { box: design.head.box }, sums);
  },

  augmentation: (_design, progress) => (progress > 1 - CALM_SHARE ? { ...defaultAugmentation, mosaic: 0, scale: [0.9, 1.1], translate: 0.05 } : defaultAugmentation),
  decode: decodeDetections,
  evaluator: boxEvaluator,
};
