/**
 * The YOLO family: a list of predictions, each a box (centre and size), in v5 an objectness, a score a class, and after them the
 * coefficients of a mask or the points of a skeleton. From v8 on predictions are columns, before they were rows.
 */
import { z } from 'zod';
import type { Size } from '../../data/letterbox';
import { shownPort, wrongCount, type Field, type Fitted, type Fitting, type Hints, type LayoutSettings, type OutputPort, type Recognised } from './types';

const count = z.number().int().positive();

export const predictionsSchema = z.object({
  /** One column a prediction, else one row. */
  columns: z.boolean(),
  /** The fifth number says whether there is an object; class scores are multiplied with it. */
  objectness: z.boolean(),
  /** Scores come before the sigmoid. */
  logits: z.boolean().optional(),
  /** Boxes and points in pixels of the input, or in shares of its sides. */
  unit: z.enum(['pixels', 'shares']).optional(),
  /** Scores a prediction has. */
  classes: count,
  /** Points, and the numbers of each: x, y and perhaps how sure the model is. */
  points: z.object({ count, fields: z.union([z.literal(2), z.literal(3)]) }).nullable(),
  /** Coefficients, and the size of the prototypes they weigh. */
  masks: z.object({ count, width: count, height: count }).nullable(),
});
export type Predictions = z.infer<typeof predictionsSchema>;

/** Numbers of one prediction. */
export const depthOf = ({ objectness, classes, points, masks }: Predictions): number =>
  4 + (objectness ? 1 : 0) + classes + (points ? points.count * points.fields : 0) + (masks?.count ?? 0);

/** Strides of the maps: as usual, with a finer one (P2), with a coarser one (P6), and of the tiny ones. */
const PYRAMIDS = [[8, 16, 32], [4, 8, 16, 32], [8, 16, 32, 64], [16, 32]] as const;

/** How many cells the maps of a detector may have together. */
const cellCounts = ({ width, height }: Size): number[] =>
  PYRAMIDS.map((strides) => strides.reduce((sum, stride) => sum + Math.ceil(width / stride) * Math.ceil(height / stride), 0));

interface Matrix {
  name: string;
  rows: number;
  columns: number;
}

/** An output `[1, a, b]`, or null. */
export const matrixOf = (port: OutputPort | undefined): Matrix | null =>
  port && port.shape.length === 3 && port.shape[0] === 1 ? { name: port.name, rows: port.shape[1]!, columns: port.shape[2]! } : null;

const listOf = (outputs: readonly OutputPort[]) => outputs.find((port) => matrixOf(port));
const mapOf = (outputs: readonly OutputPort[]) => outputs.find(({ shape }) => shape.length === 4 && shape[0] === 1);
const masksOf = ({ shape }: OutputPort): NonNullable<Predictions['masks']> => ({ count: shape[1]!, height: shape[2]!, width: shape[3]! });

const plain = { points: null, masks: null };

const COLUMNS: Field = { path: 'columns', label: 'A prediction is', kind: 'choice', options: [{ value: true, label: 'a column: [1, fields, predictions]' }, { value: false, label: 'a row: [1, predictions, fields]' }] };
const OBJECTNESS: Field = { path: 'objectness', label: 'Objectness after the box', description: 'The fifth number; class scores are multiplied with it', kind: 'switch' };
const LOGITS: Field = { path: 'logits', label: 'Scores come before the sigmoid', kind: 'switch' };
const UNIT: Field = { path: 'unit', label: 'Places are in', kind: 'choice', options: [{ value: 'pixels', label: 'pixels of the input' }, { value: 'shares', label: 'shares of its sides, 0 to 1' }] };
const FIELDS: Field = { path: 'points.fields', label: 'Numbers of a point', kind: 'choice', options: [{ value: 3, label: 'x, y, how sure' }, { value: 2, label: 'x, y' }] };

/** Completes settings by the shapes; `with` is what stands after the class scores. */
function fit(head: Predictions, { ports, classes, points }: Fitting, after: 'nothing' | 'points' | 'masks'): Fitted<Predictions> {
  const matrix = matrixOf(ports[0]);
  if (!matrix) return { problem: `The output ${shownPort(ports[0]!)} is no list of predictions: [1, fields, predictions] or [1, predictions, fields] is expected.` };
  const prototypes = ports[1];
  if (after === 'masks' && prototypes!.shape.length !== 4) return { problem: `The output ${shownPort(prototypes!)} holds no prototypes: [1, prototypes, height, width] is expected.` };
  if (after === 'points' && points === 0) return { problem: 'Name the points of the skeleton, in the order of the outputs.' };
  const fitted: Predictions = {
    ...head, classes,
    points: after === 'points' ? { count: points, fields: head.points?.fields ?? 3 } : null,
    masks: after === 'masks' ? masksOf(prototypes!) : null,
  };
  const has = fitted.columns ? matrix.rows : matrix.columns;
  const rest = depthOf(fitted) - classes;
  if (has === rest + classes) return { head: fitted };
  if (has > rest) return wrongCount(ports[0]!, has - rest, classes);
  return { problem: `The output ${shownPort(ports[0]!)} has ${has} numbers a prediction; the box${fitted.objectness ? ', the objectness' : ''}${after === 'nothing' ? '' : ` and the ${after}`} alone are ${rest}. Change how it is read.` };
}

/** A detector's settings from the shape alone: there are more predictions than fields. */
function suggestDetector(outputs: readonly OutputPort[], objectness: boolean): Recognised<Predictions> {
  const port = listOf(outputs) ?? outputs[0]!;
  const { rows = 1, columns = 1 } = matrixOf(port) ?? {};
  const classes = Math.max(1, Math.min(rows, columns) - (objectness ? 5 : 4));
  return { head: { columns: rows < columns, objectness, classes, ...plain }, outputs: [port.name], classes };
}

export const yolov5: LayoutSettings<Predictions> = {
  name: 'yolov5',
  title: 'YOLOv5 detector',
  description: 'One row a prediction: box, objectness, class scores. YOLOv5, v6, v7 and YOLOX with decoded boxes.',
  task: 'detect',
  headSchema: predictionsSchema,
  roles: [{ title: 'Predictions' }],
  fields: [COLUMNS, OBJECTNESS, LOGITS, UNIT],
  recognise(outputs, { inputSize }) {
    // Exports without the joined output give the three raw maps too.
    const matrix = matrixOf(outputs.find(({ shape }) => shape.length === 3));
    if (!matrix || matrix.columns < 6 || !cellCounts(inputSize).some((cells) => matrix.rows === 3 * cells || matrix.rows === cells)) return null;
    const head = { columns: false, objectness: true, classes: matrix.columns - 5, ...plain };
    return { head, outputs: [matrix.name], classes: head.classes };
  },
  suggest: (outputs) => suggestDetector(outputs, true),
  fit: (head, fitting) => fit(head, fitting, 'nothing'),
};

export const yolov8: LayoutSettings<Predictions> = {
  name: 'yolov8',
  title: 'YOLOv8 or YOLO11 detector',
  description: 'One column a prediction: box, class scores. YOLOv8, v9, 11, 12 as Ultralytics exports them.',
  task: 'detect',
  headSchema: predictionsSchema,
  roles: [{ title: 'Predictions' }],
  fields: [COLUMNS, OBJECTNESS, LOGITS, UNIT],
  recognise(outputs, { inputSize, metadata }) {
    if (outputs.some(({ shape }) => shape.length === 4) || (metadata.task && metadata.task !== 'detect')) return null;
    const matrix = matrixOf(outputs[0]);
    if (!matrix || matrix.rows < 5 || !cellCounts(inputSize).includes(matrix.columns)) return null;
    const head = { columns: true, objectness: false, classes: matrix.rows - 4, ...plain };
    return { head, outputs: [matrix.name], classes: head.classes };
  },
  suggest: (outputs) => suggestDetector(outputs, false),
  fit: (head, fitting) => fit(head, fitting, 'nothing'),
};

export const yolov8Segment: LayoutSettings<Predictions> = {
  name: 'yolov8-seg',
  title: 'YOLOv8 or YOLO11 instance segmenter',
  description: 'Predictions with 32 mask coefficients, and a second output with the prototypes. Also YOLOv5-seg.',
  task: 'segment',
  headSchema: predictionsSchema,
  roles: [{ title: 'Predictions' }, { title: 'Prototypes' }],
  fields: [COLUMNS, OBJECTNESS, LOGITS, UNIT],
  recognise(outputs, { inputSize, metadata }) {
    const prototypes = mapOf(outputs);
    const matrix = matrixOf(outputs.find(({ shape }) => shape.length === 3));
    if (!prototypes || !matrix || outputs.length !== 2) return null;
    const counts = cellCounts(inputSize);
    const columns = counts.includes(matrix.columns);
    const rows = counts.some((cells) => matrix.rows === 3 * cells);
    if (columns === rows || (metadata.task && metadata.task !== 'segment')) return null;
    const masks = masksOf(prototypes);
    const classes = (columns ? matrix.rows - 4 : matrix.columns - 5) - masks.count;
    if (classes < 1) return null;
    return { head: { columns, objectness: rows, classes, points: null, masks }, outputs: [matrix.name, prototypes.name], classes };
  },
  suggest(outputs) {
    const prototypes = mapOf(outputs);
    const { head, outputs: [list] } = suggestDetector(outputs, false);
    const masks = prototypes ? masksOf(prototypes) : { count: 32, width: 160, height: 160 };
    const classes = Math.max(1, head.classes - masks.count);
    return { head: { ...head, classes, masks }, outputs: [list!, prototypes?.name ?? outputs.at(-1)!.name], classes };
  },
  fit: (head, fitting) => fit(head, fitting, 'masks'),
};

/** `[17, 3]` as Ultralytics writes it. */
function pointsIn(text: string | undefined): NonNullable<Predictions['points']> | null {
  const match = /^\s*[[(]\s*(\d+)\s*,\s*([23])\s*[\])]\s*$/.exec(text ?? '');
  return match && Number(match[1]) > 0 ? { count: Number(match[1]), fields: Number(match[2]) as 2 | 3 } : null;
}

const PERSON = { count: 17, fields: 3 as const };

export const yolov8Pose: LayoutSettings<Predictions> = {
  name: 'yolov8-pose',
  title: 'YOLOv8 or YOLO11 pose model',
  description: 'One column a prediction: box, class score, points with x, y and how sure the model is. Without a word in the file, 17 points of a person are taken.',
  task: 'landmarks',
  headSchema: predictionsSchema,
  roles: [{ title: 'Predictions' }],
  fields: [COLUMNS, OBJECTNESS, FIELDS, LOGITS, UNIT],
  recognise(outputs, { inputSize, metadata }) {
    const matrix = matrixOf(outputs[0]);
    if (!matrix || outputs.length !== 1 || !cellCounts(inputSize).includes(matrix.columns)) return null;
    const said = metadata.task === 'pose';
    const points = pointsIn(metadata.kpt_shape) ?? PERSON;
    const classes = matrix.rows - 4 - points.count * points.fields;
    // Without metadata only the usual one-class, 17-point form is told from a detector.
    if (classes < 1 || (!said && (metadata.task || classes !== 1))) return null;
    return { head: { columns: true, objectness: false, classes, points, masks: null }, outputs: [matrix.name], classes, points: points.count };
  },
  /** One class, and as many points as there is room for. */
  suggest(outputs: readonly OutputPort[], { metadata }: Hints) {
    const { head, outputs: [list] } = suggestDetector(outputs, false);
    const room = head.classes - 1;
    const fields = room % 3 === 0 ? 3 : 2;
    const points = pointsIn(metadata.kpt_shape) ?? (room >= fields && room % fields === 0 ? { count: room / fields, fields: fields as 2 | 3 } : PERSON);
    const classes = Math.max(1, head.classes - points.count * points.fields);
    return { head: { ...head, classes, points }, outputs: [list!], classes, points: points.count };
  },
  fit: (head, fitting) => fit(head, fitting, 'points'),
};
