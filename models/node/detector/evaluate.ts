/** COCO average precision of a predictor on labelled images. */
import { DetectionAccumulator } from '@/lib/core/metrics';
import { letterbox, toImage, type Size } from '../../data/letterbox';
import { paste } from '../../data/pixels';
import { type Detection, type ImageSource, type PredictOptions } from '../../inference/types';
import { type YoloPredictor } from '../../inference/yoloPredictor';
import { type ModelCard } from '../../runtime/card';
import { type DetectorClass, type DetectorMetrics } from '../../training/types';
import { type TrainingImage } from '../data/batches';
import { decodeToFit } from '../data/decode';
import { type ImageCache } from '../data/imageCache';

export const predictDefaults = { scoreThreshold: 0.001, iouThreshold: 0.5, maxDetections: 100 } satisfies Partial<PredictOptions>;

/** An image letterboxed into network input, with its full-resolution size. */
export async function loadInput(source: ImageSource, input: Size, fill: number): Promise<{ pixels: Uint8Array; full: Size }> {
  const { image, full } = await decodeToFit(source, (size) => letterbox(size, input));
  const at = letterbox(full, input);
  const pixels = new Uint8Array(input.width * input.height * 3).fill(fill);
  paste({ data: pixels, ...input }, image, at.x, at.y);
  return { pixels, full };
}

/** Detections in full-resolution pixels, clipped to the image. */
export async function detectIn(
  predictor: YoloPredictor, pixels: Uint8Array, full: Size, input: Size, classIds: readonly string[], options: typeof predictDefaults,
): Promise<Detection[]> {
  const at = letterbox(full, input);
  const boxes = await predictor.predict(pixels, options);
  return boxes.flatMap((box) => {
    const { x0, y0, x1, y1 } = toImage(box, full, at);
    const clipped = { x0: Math.max(0, x0), y0: Math.max(0, y0), x1: Math.min(full.width, x1), y1: Math.min(full.height, y1) };
    return clipped.x1 > clipped.x0 && clipped.y1 > clipped.y0 ? [{ classId: classIds[box.classIndex]!, ...clipped, score: box.score }] : [];
  });
}

/** Average precision on `images`; decoded inputs are kept in `cache` under their index. */
export async function evaluateDetector(
  predictor: YoloPredictor, images: readonly TrainingImage[], classes: readonly DetectorClass[], card: Pick<ModelCard, 'inputSize' | 'normalisation'>,
  cache: ImageCache, signal?: AbortSignal,
): Promise<DetectorMetrics> {
  const ids = classes.map(({ id }) => id);
  const accumulator = new DetectionAccumulator<string>({ classes: ids });
  const input = card.inputSize;
  const load = (i: number) => cache.get(`val:${i}`, async () => {
    const { pixels } = await loadInput(images[i]!.image, input, card.normalisation.fill);
    return { data: pixels, ...input };
  });
  let next = images.length > 0 ? load(0) : null;
  for (const [i, image] of images.entries()) {
    signal?.throwIfAborted();
    const { data } = await next!;
    next = i + 1 < images.length ? load(i + 1) : null;
    const detections = await detectIn(predictor, data, image, input, ids, predictDefaults);
    accumulator.add({
      gt: image.boxes.map((box) => ({ classId: ids[box.classIndex]!, box })),
      dt: detections.map(({ classId, score, ...box }) => ({ classId, box, score })),
    });
  }
  const { mAP, mAP50, mAP75, perClass } = accumulator.result();
  return { mAP, mAP50, mAP75, images: images.length, ap50ByClass: Object.fromEntries(perClass.map(({ classId, ap50 }) => [classId, ap50])) };
}
