import { DetectionAccumulator, type MeanAveragePrecision } from '@/lib/core/metrics';
import type { Detector, ImageSource } from '@/models/node';
import type { LabelledImage } from './trainingSet';

/** COCO's average precision of a detector on labelled images (score at least 0.001, at most 100 an image). Crowd boxes are ignored where matched. */
export async function evaluate(detector: Detector, images: readonly LabelledImage[], source: (image: LabelledImage) => ImageSource, options: { signal: AbortSignal; onImage?: (done: number) => void }): Promise<MeanAveragePrecision<string>> {
  const accumulator = new DetectionAccumulator<string>({ classes: detector.card.classes.map((c) => c.id) });
  const sources = (function* () {
    for (const image of images) yield source(image);
  })();
  await detector.predict(sources, {
    scoreThreshold: 0.001, maxDetections: 100, signal: options.signal,
    onImage: (i, detections) => {
      accumulator.add({
        gt: images[i]!.boxes.map(({ classId, crowd, ...box }) => ({ classId, crowd, box })),
        dt: detections.map(({ classId, score, ...box }) => ({ classId, score, box })),
      });
      options.onImage?.(i + 1);
    },
  });
  return accumulator.result();
}
