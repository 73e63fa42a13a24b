/** Figures of models, as people read them. They come as `split.figure`. */
import { headlineOf, taskNames, type TaskName } from '@/lib/core/labels';
import { formatCount, formatFigure, formatShare } from './format';

export const splitOrder = ['test', 'val', 'train'] as const;

export interface SplitMetrics {
  split: (typeof splitOrder)[number];
  images: number | undefined;
  values: Record<string, number>;
}

/** What a figure is called, how it is written, and what it means. */
export interface FigureText {
  title: string;
  format: (value: number | null | undefined) => string;
  help?: string;
}

const share = (title: string, help?: string): FigureText => ({ title, format: (v) => formatShare(v), ...(help && { help }) });
const ratio = (title: string, help?: string): FigureText => ({ title, format: (v) => formatFigure(v, 4), ...(help && { help }) });
const count = (title: string): FigureText => ({ title, format: (v) => (v == null ? '–' : formatCount(v)) });

const texts: Record<string, FigureText> = {
  mAP50: share('mAP50', 'counts a box as right from IoU 0.5'), mAP75: share('mAP75'), mAP: share('mAP', 'the mean over IoU 0.5 to 0.95'), recall: share('Recall'),
  ap50: share('AP50'), ap: share('AP'), groundTruth: count('Objects'),
  mIoU: share('Mean IoU', 'pixels in both over pixels in either, mean over classes'), iou: share('IoU'), dice: share('Dice', 'twice the pixels in both over the sum of both'),
  pixelAccuracy: share('Pixel accuracy'), accuracy: share('Accuracy'), precision: share('Precision'),
  nme: ratio('Mean error', 'mean distance of the points, over the distance between the eyes or the diagonal of the object'), pck: share('PCK', 'points nearer than a tenth of the object'), oks: share('OKS'),
  top1: share('Top-1'), top5: share('Top-5'), meanIoU: share('Mean IoU'), iou50: share('IoU at least 0.5'), classAccuracy: share('Right class'),
};

/** A figure that has no text of its own goes by its name. */
export const figureText = (name: string): FigureText => texts[name] ?? { title: name, format: (v) => formatFigure(v) };

export function metricsBySplit(metrics: Record<string, number>): SplitMetrics[] {
  return splitOrder.flatMap((split) => {
    const values = Object.fromEntries(Object.entries(metrics).flatMap(([name, value]) => (name.startsWith(`${split}.`) ? [[name.slice(split.length + 1), value]] : [])));
    const { images, ...figures } = values;
    return Object.keys(figures).length === 0 ? [] : [{ split, images, values: figures }];
  });
}

const taskOf = (task: string): TaskName => taskNames.find((name) => name === task) ?? 'detect';

/** The figure that models of a task are compared by, and its name. */
export const headlineFigure = (task: string): { name: string; text: FigureText } => {
  const name = headlineOf[taskOf(task)].metric;
  return { name, text: figureText(name) };
};

/** The most telling figure there is: on test, else on validation, else on the training images; null where nothing was measured. */
export function headline({ task, metrics }: { task: string; metrics: Record<string, number> }): { title: string; value: string; split: SplitMetrics['split'] } | null {
  const { name, text } = headlineFigure(task);
  const best = metricsBySplit(metrics).find(({ values }) => values[name] !== undefined);
  return best ? { title: text.title, value: text.format(best.values[name]), split: best.split } : null;
}

/** How people call what a model does. */
export const taskTexts: Record<TaskName, { title: string; what: string }> = {
  detect: { title: 'Detector', what: 'Boxes around every object' },
  segment: { title: 'Segmenter', what: 'Masks: the class of every pixel' },
  landmarks: { title: 'Landmarks', what: 'Places the named points' },
  localize: { title: 'One object', what: 'One box and class an image' },
  classify: { title: 'Classifier', what: 'The class of the image' },
};

const libraries: Record<string, string> = { ort: 'ONNX Runtime', tfjs: 'TensorFlow.js' };
const runsOn: Record<string, string> = { wasm: 'WebAssembly', cpu: 'plain JavaScript', webgl: 'WebGL', webgpu: 'WebGPU', cuda: 'CUDA', tensorrt: 'TensorRT', dml: 'DirectML', coreml: 'Core ML', node: 'its native library' };

/** What computes, as people know it. Engines are named by their library and what it runs on: `ort`, `ort:cuda`, `tfjs:wasm`. */
export function engineTitle(name: string): string {
  const [library, on] = name.split(':') as [string, string | undefined];
  const title = libraries[library];
  return title === undefined ? name : on === undefined ? title : `${title} on ${runsOn[on] ?? on}`;
}
