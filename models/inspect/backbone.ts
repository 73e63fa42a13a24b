/** The network that a training would build, before there are labels or weights: layers, shapes, parameters, work. */
import { maskFromBitmap } from '@/lib/core/masks';
import { backbones } from '../backbones';
import { type Size } from '../data/letterbox';
import { type ModelDesign, type TaskName } from '../runtime/card';
import { taskOf } from '../tasks';
import { taskOptions } from '../tasks/options';
import { TrainingDataError, type Example, type Label, type LabelKind, type TaskClass } from '../tasks/types';
import { inspectLayers } from './layers';
import { type NetworkReport } from './schema';

export interface BackboneChoice {
  task: TaskName;
  backbone: string;
  /** Network input in pixels. */
  inputSize: Size;
  /** What would be learned: their number, and for landmarks their points, decide how large the head is. */
  classes: readonly TaskClass[];
}

/** Images that a task plans by when there are none: one object each, small to large, wide to high. */
const WIDTH = 640;
const HEIGHT = 480;
const SHARES = [0.06, 0.1, 0.15, 0.22, 0.32, 0.45, 0.6, 0.8] as const;
const ASPECTS = [0.6, 1, 1.6] as const;

function labelOf(kind: LabelKind, { id, points = [] }: TaskClass, width: number, height: number): Label {
  switch (kind) {
    case 'box':
      return { kind, classId: id, x0: 10, y0: 10, x1: 10 + width, y1: 10 + height };
    case 'mask': {
      const bitmap = new Uint8Array(WIDTH * HEIGHT);
      for (let y = 10; y < 10 + height; y++) bitmap.fill(1, y * WIDTH + 10, y * WIDTH + 10 + width);
      return { kind, classId: id, mask: maskFromBitmap(bitmap, WIDTH, HEIGHT) };
    }
    case 'landmarks':
      return { kind, classId: id, points: points.map((_, i) => ({ x: 10 + (width * i) / points.length, y: 10 + (height * i) / points.length, v: 2 as const })) };
    default:
      return { kind: 'class', classId: id };
  }
}

function examplesOf(kind: LabelKind, classes: readonly TaskClass[]): Example[] {
  const load = async (): Promise<never> => {
    throw new Error('a planned image has no pixels');
  };
  return classes.flatMap((one) => SHARES.flatMap((share) => ASPECTS.map((aspect): Example => {
    const [width, height] = [Math.round(Math.min(600, share * HEIGHT * Math.sqrt(aspect))), Math.round(Math.min(440, (share * HEIGHT) / Math.sqrt(aspect)))];
    return { id: `${one.id} ${share} ${aspect}`, image: { load }, width: WIDTH, height: HEIGHT, labels: [labelOf(kind, one, width, height)] };
  })));
}

/**
 * The report of a task's network on a backbone, from shapes alone: nothing is measured.
 * Throws a `TrainingDataError` that says what does not go together: an unknown backbone, an input that is too small or whose
 * sides are no multiples of its stride, classes that the task cannot learn.
 */
export function inspectBackbone({ task: taskName, backbone: name, inputSize, classes }: BackboneChoice): NetworkReport {
  const task = taskOf(taskName);
  const backbone = backbones[name];
  if (!backbone) throw new TrainingDataError(`The backbone ${name} is unknown; known are ${Object.keys(backbones).join(', ')}.`);
  const { multiple, minimalSize, title } = backbone;
  const { width, height } = inputSize;
  if (width % multiple !== 0 || height % multiple !== 0) throw new TrainingDataError(`The input size must be a multiple of ${multiple}, not ${width}×${height}.`);
  if (Math.min(width, height) < minimalSize) throw new TrainingDataError(`${title} needs an input of at least ${minimalSize} pixels, not ${width}×${height}.`);
  const train = examplesOf(task.learnsFrom[0]!, classes);
  const planned = task.plan({ train, val: [], classes }, { seed: 1, inputSize, multiple, backbone, options: taskOptions(task) });
  const design: ModelDesign = {
    task: taskName, classes: classes.map((one) => ({ id: one.id, name: one.name, ...(one.points && { points: [...one.points] }) })),
    architecture: { backbone: name, head: taskName }, inputSize: planned.inputSize, head: planned.head as Record<string, unknown>,
    normalisation: { resize: 'letterbox', fill: 114, mean: [127.5, 127.5, 127.5], deviation: [64, 64, 64] },
  };
  const model = task.build(design, backbone, 1);
  try {
    return inspectLayers(task.inferenceModel?.(model) ?? model, [design.inputSize.height, design.inputSize.width, 3]).report;
  } finally {
    model.dispose();
  }
}
