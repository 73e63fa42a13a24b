/** Detectors that suppress their doubles themselves: a list of boxes with score and class. */
import { z } from 'zod';
import { shownPort, type LayoutSettings } from './types';
import { matrixOf } from './yolo';

const headSchema = z.object({
  classes: z.number().int().positive(),
  /** Edges in pixels of the input, or in shares of its sides. */
  unit: z.enum(['pixels', 'shares']).optional(),
});
export type BoxesHead = z.infer<typeof headSchema>;

/** Numbers of a row: edges, score, class. */
export const BOX_FIELDS = 6;

export const boxes: LayoutSettings<BoxesHead> = {
  name: 'boxes',
  title: 'List of boxes',
  description: 'One row a box: left, top, right, bottom, score, class. YOLOv10, YOLO26 and exports with non-max suppression inside.',
  task: 'detect',
  headSchema,
  roles: [{ title: 'Boxes' }],
  fields: [{ path: 'unit', label: 'Edges are in', kind: 'choice', options: [{ value: 'pixels', label: 'pixels of the input' }, { value: 'shares', label: 'shares of its sides, 0 to 1' }] }],
  recognise(outputs) {
    const matrix = matrixOf(outputs[0]);
    if (!matrix || outputs.length !== 1 || matrix.columns !== BOX_FIELDS || matrix.rows > 1000) return null;
    // The rows do not say how many classes there are; names or the person do.
    return { head: { classes: 1 }, outputs: [matrix.name], classes: 0 };
  },
  suggest: (outputs) => ({ head: { classes: 1 }, outputs: [(outputs.find((port) => port.shape.at(-1) === BOX_FIELDS) ?? outputs[0]!).name], classes: 0 }),
  fit(head, { ports: [port], classes }) {
    const rows = port!.shape.slice(0, -1).reduce((a, b) => a * b, 1);
    if (port!.shape.at(-1) !== BOX_FIELDS || rows !== (port!.shape.at(-2) ?? 0)) return { problem: `The output ${shownPort(port!)} is no list of boxes: [1, boxes, ${BOX_FIELDS}] is expected.` };
    return { head: { ...head, classes } };
  },
};
