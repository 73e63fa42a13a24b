/** What is chosen from the data before training, and what of the data can be learned from. */
import { type Size } from '../../data/letterbox';
import { type Example, type LandmarksLabel, type TaskClass, TrainingDataError } from '../types';

/** The median object is shown so large, in input pixels along its longer side … */
const OBJECT_SIDE = 96;
/** … with the longer side of the whole input within these. */
const SHORTEST_LONG_SIDE = 96;
const LONGEST_LONG_SIDE = 384;

export interface Usable {
  examples: Example[];
  objects: number;
  /** Images left out because they show several objects of a class. */
  several: number;
}

const isPlaced = (label: LandmarksLabel): boolean => label.points.some(({ v }) => v > 0);

/**
 * Landmarks of known classes of which at least one point is placed. Images with several objects of one class are left out: the
 * network says of each class once where it is. Throws a TrainingDataError when a label has another number of points than its class.
 */
export function usable(examples: readonly Example[], classes: readonly TaskClass[], points: readonly number[]): Usable {
  const indexOf = new Map(classes.map(({ id }, k) => [id, k]));
  let objects = 0;
  let several = 0;
  const kept = examples.flatMap((example): Example[] => {
    const labels = example.labels.filter((label): label is LandmarksLabel => label.kind === 'landmarks' && isPlaced(label));
    for (const { classId, points: own } of labels) {
      const k = indexOf.get(classId);
      if (k === undefined) throw new TrainingDataError(`Image ${example.id} has landmarks of class ${classId}, which is not among the classes to train.`);
      if (own.length !== points[k]) throw new TrainingDataError(`Image ${example.id} has ${own.length} points of ${classes[k]!.name}, which has ${points[k]}.`);
    }
    if (new Set(labels.map(({ classId }) => classId)).size < labels.length) {
      several++;
      return [];
    }
    objects += labels.length;
    return [{ ...example, labels }];
  });
  return { examples: kept, objects, several };
}

/** How many points each class has: as its names say, else as its labels do. */
export function pointCounts(classes: readonly TaskClass[], examples: readonly Example[]): number[] {
  return classes.map(({ id, name, points }) => {
    if (points && points.length > 0) return points.length;
    for (const { labels } of examples) for (const label of labels) if (label.kind === 'landmarks' && label.classId === id) return label.points.length;
    throw new TrainingDataError(`No image has landmarks of ${name}. Label some, or leave the class out.`);
  });
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

/**
 * The aspect is the images' median aspect. The median object spans 96 pixels of the input, whose long side is 96 to 384
 * pixels and no more than the images have.
 */
export function chooseInputSize(examples: readonly Example[], multiple: number): Size {
  const aspect = median(examples.map(({ width, height }) => width / height)) || 1;
  const extents = examples.flatMap(({ width, height, labels }) => labels.flatMap((label) => {
    if (label.kind !== 'landmarks') return [];
    const { x0, y0, x1, y1 } = extentOf(label)!;
    return [Math.max(x1 - x0, y1 - y0) / Math.max(width, height)];
  }));
  const wanted = Math.min(Math.max(OBJECT_SIDE / Math.max(median(extents), 0.01), SHORTEST_LONG_SIDE), LONGEST_LONG_SIDE);
  const long = Math.min(wanted, median(examples.map(({ width, height }) => Math.max(width, height))) || wanted);
  const near = (n: number) => Math.max(multiple * 2, Math.round(n / multiple) * multiple);
  return aspect >= 1 ? { width: near(long), height: near(long / aspect) } : { width: near(long * aspect), height: near(long) };
}

/** Edges of the placed points; null when none is. */
export function extentOf({ points }: Pick<LandmarksLabel, 'points'>): { x0: number; y0: number; x1: number; y1: number } | null {
  const placed = points.filter(({ v }) => v > 0);
  if (placed.length === 0) return null;
  const [xs, ys] = [placed.map(({ x }) => x), placed.map(({ y }) => y)];
  return { x0: Math.min(...xs), y0: Math.min(...ys), x1: Math.max(...xs), y1: Math.max(...ys) };
}
