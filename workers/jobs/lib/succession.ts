import { headlineOf, modelNoun, type TaskName } from '@/lib/core/labels';

interface Current { name: string; task: string; metrics: Readonly<Record<string, number>> }

/**
 * Whether a freshly trained model becomes the project's current one. It does where there is none, and in the place of one of the same
 * task that it beats on val; one that was measured beats one that could not be; of two that could not be, the newer one is. A model
 * of another task is never displaced: its proposals would vanish from the labelling page, and no figure compares the two.
 * @returns `note`: why it did not, for the person who trained
 */
export function succession(task: TaskName, candidate: Readonly<Record<string, number>>, current: Current | null): { promote: boolean; note: string | null } {
  if (!current) return { promote: true, note: null };
  const stays = `“${current.name}” stays the current model`;
  const how = 'To show the proposals of this one instead, make it current on the models page.';
  if (current.task !== task) return { promote: false, note: `${stays}: it is ${modelNoun[current.task as TaskName] ?? 'of another task'}, and ${modelNoun[task]} does not take its place by itself. ${how}` };
  const { metric, title, higherIsBetter } = headlineOf[task];
  const before = current.metrics[`val.${metric}`];
  const now = candidate[`val.${metric}`];
  if (before === undefined) return { promote: true, note: null };
  if (now === undefined) return { promote: false, note: `${stays}: this one could not be measured on val images. ${how}` };
  if (higherIsBetter ? now > before : now < before) return { promote: true, note: null };
  return { promote: false, note: `${stays}: its ${title} on val is ${before.toFixed(3)}, that of this one ${now.toFixed(3)}. ${how}` };
}
