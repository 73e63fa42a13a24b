/** The training data as it is checked before anything else is done. */
import { type DetectorClass, type DetectorExample, type Examples } from '../../training/types';
import { type TrainingImage } from '../data/batches';

/** The data cannot be trained on; the message is for the person who asked for the training. */
export class TrainingDataError extends Error {
  override readonly name = 'TrainingDataError';
}

export interface CheckedExamples {
  images: TrainingImage[];
  boxes: number;
  /** Boxes without area inside their image. */
  skipped: number;
}

/**
 * Reads the examples' metadata. Boxes are clipped to their image; those without area are skipped and counted.
 * Throws a TrainingDataError for a box of an unknown class or an image without size.
 */
export async function checkExamples(examples: Examples, classes: readonly DetectorClass[]): Promise<CheckedExamples> {
  const indexOf = new Map(classes.map(({ id }, i) => [id, i]));
  const result: CheckedExamples = { images: [], boxes: 0, skipped: 0 };
  for await (const example of examples as AsyncIterable<DetectorExample>) {
    const { id, width, height } = example;
    if (!(width > 0 && height > 0)) throw new TrainingDataError(`Image ${id} has no size (${width}×${height}). Import it again.`);
    const boxes = example.boxes.flatMap(({ classId, x0, y0, x1, y1 }) => {
      const classIndex = indexOf.get(classId);
      if (classIndex === undefined) throw new TrainingDataError(`Image ${id} has a box of class ${classId}, which is not among the classes to train.`);
      const box = { classIndex, x0: Math.max(0, x0), y0: Math.max(0, y0), x1: Math.min(width, x1), y1: Math.min(height, y1) };
      return box.x1 > box.x0 && box.y1 > box.y0 ? [box] : [];
    });
    result.skipped += example.boxes.length - boxes.length;
    result.boxes += boxes.length;
    result.images.push({ id, image: example.image, width, height, boxes });
  }
  return result;
}
