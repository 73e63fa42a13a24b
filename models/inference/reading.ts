/** How the outputs of a model are read as labels. */
import { layouts } from '../import/layouts';
import { type ModelDesign } from '../runtime/card';
import { taskOf } from '../tasks';
import { type PredictedLabel, type Task } from '../tasks/types';

/** As its task does, or by the layout of a network that was made elsewhere. */
export type Reading = Pick<Task, 'decode' | 'headSchema'> & { defaults: Pick<Task['defaults'], 'decode'> };

export const readingOf = ({ task, architecture }: Pick<ModelDesign, 'task' | 'architecture'>): Reading => layouts[architecture.head] ?? taskOf(task);

/** Without labels of classes that the network finds and nobody wants. */
export function wanted(labels: PredictedLabel[], { classes }: Pick<ModelDesign, 'classes'>): PredictedLabel[] {
  const skipped = new Set(classes.filter(({ skip }) => skip).map(({ id }) => id));
  return skipped.size === 0 ? labels : labels.filter((label) => !skipped.has(label.classId));
}
