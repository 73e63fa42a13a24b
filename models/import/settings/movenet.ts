/** MoveNet single pose (Google 2021), cut before its points are picked: four maps. */
import { z } from 'zod';
import { shownPort, type LayoutSettings, type OutputPort } from './types';

const headSchema = z.object({
  points: z.number().int().positive(),
  /** Cells along each side of the maps. */
  cells: z.number().int().positive(),
  /** Added to the distance from the first guess before the scores are divided by it. */
  distance: z.number().positive(),
});
export type MovenetHead = z.infer<typeof headSchema>;

/** As MoveNet Lightning and Thunder have it. */
const DISTANCE = 1.8;

/** Points and cells of the four maps `[1, cells, cells, points | 1 | 2 · points | 2 · points]`; null where they are none. */
function sizesOf([heat, centre, guess, offset]: readonly OutputPort[]): { points: number; cells: number } | null {
  const [, cells, across, points] = heat?.shape ?? [];
  const is = (port: OutputPort | undefined, channels: number) => port?.shape.join() === [1, cells, cells, channels].join();
  return cells !== undefined && points !== undefined && across === cells && is(heat, points) && is(centre, 1) && is(guess, 2 * points) && is(offset, 2 * points) ? { points, cells } : null;
}

/** The outputs in the order of the layout: told by their channels, guess and offset by their names or order. */
function ordered(outputs: readonly OutputPort[]): OutputPort[] {
  const depth = ({ shape }: OutputPort) => shape.at(-1) ?? 0;
  const centre = outputs.find((port) => depth(port) === 1);
  const rest = outputs.filter((port) => port !== centre).sort((a, b) => depth(a) - depth(b));
  const [heat, ...pair] = rest;
  const places = pair.slice(0, 2).sort((a, b) => Number(/off/i.test(a.name)) - Number(/off/i.test(b.name)));
  return [heat, centre, ...places].filter((port) => port !== undefined);
}

export const movenet: LayoutSettings<MovenetHead> = {
  name: 'movenet',
  title: 'MoveNet, its maps',
  description: 'The pose of one person. Scores of the points, the middle, first guesses, and places within cells as four outputs [1, cells, cells, …].',
  task: 'landmarks',
  headSchema,
  roles: [{ title: 'Scores of points' }, { title: 'Middle' }, { title: 'First guesses' }, { title: 'Places within cells' }],
  fields: [{ path: 'distance', label: 'Added to distances', description: 'Before scores are divided by them', kind: 'number', min: 0.01, max: 100, step: 0.1 }],
  recognise(outputs) {
    if (outputs.length !== 4) return null;
    const ports = ordered(outputs);
    const sizes = sizesOf(ports);
    return sizes && { head: { ...sizes, distance: DISTANCE }, outputs: ports.map(({ name }) => name), classes: 1, points: sizes.points };
  },
  suggest(outputs) {
    const ports = ordered(outputs);
    const sizes = sizesOf(ports) ?? { points: 17, cells: 48 };
    return { head: { ...sizes, distance: DISTANCE }, outputs: Array.from({ length: 4 }, (_, i) => (ports[i] ?? outputs[0]!).name), classes: 1, points: sizes.points };
  },
  fit(head, { ports, classes, points }) {
    const sizes = sizesOf(ports);
    if (!sizes) return { problem: `The outputs ${ports.map(shownPort).join(', ')} are no maps of MoveNet: [1, cells, cells, points], [1, cells, cells, 1], and two [1, cells, cells, 2 · points] are expected.` };
    if (classes !== 1) return { problem: `MoveNet knows one class, ${classes} are named. Name one.`, classes: 1 };
    if (points !== sizes.points) return { problem: `The outputs give ${sizes.points} points, of which ${points} ${points === 1 ? 'is' : 'are'} named. Name them all, in order.` };
    return { head: { ...head, ...sizes } };
  },
};
