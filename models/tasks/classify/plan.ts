/** Which images a classifier can learn from. */
import { type ClassLabel, type Example, type TaskClass, TrainingDataError } from '../types';

export const classLabels = (example: Pick<Example, 'labels'>): ClassLabel[] => example.labels.filter((label): label is ClassLabel => label.kind === 'class');

export interface Usable {
  examples: Example[];
  /** Images without a class, and with several. */
  without: number;
  several: number;
}

/** Images with exactly one class. */
export function usable(examples: readonly Example[], known: ReadonlySet<string>): Usable {
  let without = 0;
  let several = 0;
  const kept = examples.flatMap((example): Example[] => {
    const ids = new Set(classLabels(example).map(({ classId }) => classId));
    const unknown = [...ids].find((id) => !known.has(id));
    if (unknown !== undefined) throw new TrainingDataError(`Image ${example.id} is of class ${unknown}, which is not among the classes to train.`);
    if (ids.size === 0) without++;
    if (ids.size > 1) several++;
    return ids.size === 1 ? [{ ...example, labels: [{ kind: 'class', classId: [...ids][0]! }] }] : [];
  });
  return { examples: kept, without, several };
}

const images = (n: number): string => (n === 1 ? '1 image' : `${n} images`);

/** Sentences for the person who trains. */
export function notesOf({ without, several }: Pick<Usable, 'without' | 'several'>, train: readonly Example[], classes: readonly TaskClass[]): string[] {
  const notes: string[] = [];
  if (without > 0) notes.push(`${images(without)} without a class left out.`);
  if (several > 0) notes.push(`${images(several)} with several classes left out: an image has one.`);
  const seen = new Set(train.flatMap((example) => classLabels(example).map(({ classId }) => classId)));
  const missing = classes.filter(({ id }) => !seen.has(id)).map(({ name }) => name);
  if (missing.length > 0) notes.push(`No training image of ${missing.join(', ')}: the model cannot learn ${missing.length === 1 ? 'it' : 'them'}.`);
  return notes;
}
