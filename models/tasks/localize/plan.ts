/** Which images a localizer can learn from: those with one object at most. */
import { type BoxLabel, type Example, TrainingDataError } from '../types';

export const boxLabels = (example: Pick<Example, 'labels'>): BoxLabel[] => example.labels.filter((label): label is BoxLabel => label.kind === 'box');

export interface Usable {
  examples: Example[];
  /** Images with an object. */
  objects: number;
  /** Images with several objects, or a crowd. */
  several: number;
}

/** Boxes clipped to their image; those without area count as none. */
export function usable(examples: readonly Example[], known: ReadonlySet<string>): Usable {
  let objects = 0;
  let several = 0;
  const kept = examples.flatMap((example): Example[] => {
    const { width, height } = example;
    const boxes = boxLabels(example).map((box) => {
      if (!known.has(box.classId)) throw new TrainingDataError(`Image ${example.id} has a box of class ${box.classId}, which is not among the classes to train.`);
      return { ...box, x0: Math.max(0, box.x0), y0: Math.max(0, box.y0), x1: Math.min(width, box.x1), y1: Math.min(height, box.y1) };
    }).filter(({ x0, y0, x1, y1 }) => x1 > x0 && y1 > y0);
    if (boxes.length > 1 || boxes.some(({ crowd }) => crowd)) {
      several++;
      return [];
    }
    objects += boxes.length;
    return [{ ...example, labels: boxes }];
  });
  return { examples: kept, objects, several };
}
