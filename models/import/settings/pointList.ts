/** One pose, as a list of points: MoveNet single pose as it is exported, and regressors of landmarks. */
import { z } from 'zod';
import { shownPort, type LayoutSettings, type OutputPort } from './types';

const headSchema = z.object({
  points: z.number().int().positive(),
  /** Numbers of a point: two places, and perhaps how sure the model is. */
  fields: z.union([z.literal(2), z.literal(3)]),
  /** Which place comes first. */
  first: z.enum(['x', 'y']),
  /** In pixels of the input, or in shares of its sides. */
  unit: z.enum(['pixels', 'shares']),
});
export type PointListHead = z.infer<typeof headSchema>;

/** Points and numbers of each: `[1, …, 1, points, fields]`, or null. */
function listOf({ shape }: OutputPort): { points: number; fields: 2 | 3 } | null {
  const [points, fields] = shape.slice(-2);
  if (points === undefined || shape.length < 3 || shape.slice(0, -2).some((n) => n !== 1) || (fields !== 2 && fields !== 3) || points < 1) return null;
  return { points, fields };
}

export const pointList: LayoutSettings<PointListHead> = {
  name: 'point-list',
  title: 'List of points',
  description: 'The pose of one person or thing: one row a point. MoveNet single pose as TensorFlow Hub has it: y, x, how sure, in shares of the input.',
  task: 'landmarks',
  headSchema,
  roles: [{ title: 'Points' }],
  fields: [
    { path: 'first', label: 'A point is', kind: 'choice', options: [{ value: 'y', label: 'y, x' }, { value: 'x', label: 'x, y' }] },
    { path: 'unit', label: 'Places are in', kind: 'choice', options: [{ value: 'shares', label: 'shares of its sides, 0 to 1' }, { value: 'pixels', label: 'pixels of the input' }] },
  ],
  recognise(outputs) {
    const port = outputs[0]!;
    const list = listOf(port);
    // Fewer points may be anything.
    return outputs.length === 1 && list && list.points >= 5 ? { head: { ...list, first: 'y', unit: 'shares' }, outputs: [port.name], classes: 1, points: list.points } : null;
  },
  suggest(outputs) {
    const port = outputs.find(listOf) ?? outputs[0]!;
    const list = listOf(port) ?? { points: 17, fields: 3 as const };
    return { head: { ...list, first: 'y', unit: 'shares' }, outputs: [port.name], classes: 1, points: list.points };
  },
  fit(head, { ports: [port], classes, points }) {
    const list = listOf(port!);
    if (!list) return { problem: `The output ${shownPort(port!)} is no list of points: [1, points, 2 or 3] is expected.` };
    if (classes !== 1) return { problem: `One pose is of one class, ${classes} are named. Name one.`, classes: 1 };
    if (points !== list.points) return { problem: `The output ${shownPort(port!)} gives ${list.points} points, of which ${points} ${points === 1 ? 'is' : 'are'} named. Name them all, in order.` };
    return { head: { ...head, ...list } };
  },
};
