/** Detectors of the YOLO family: v5 and its kin (rows, with objectness), v8 and later (columns, without). */
import { fuseDetections } from '../../tasks/detect/decode';
import { about } from './about';
import { candidatesOf, predictionsSchema, type Predictions } from './predictions';
import { gridCells, type Hints, type OutputLayout, type OutputPort, type Recognised } from './types';

const defaults = { decode: { minScore: 0.001, nmsIou: 0.5, limit: 100 } };
const decode: OutputLayout<Predictions>['decode'] = (views, options) =>
  fuseDetections(views, options, ({ design, ...view }, minScore) => candidatesOf(view, design.head, minScore));

/** An output `[1, a, b]`, or null. */
export const matrixOf = (port: OutputPort | undefined): { name: string; rows: number; columns: number } | null =>
  port && port.shape.length === 3 && port.shape[0] === 1 ? { name: port.name, rows: port.shape[1]!, columns: port.shape[2]! } : null;

export const plainHead = { points: null, masks: null };

function v5(outputs: readonly OutputPort[], { inputSize }: Hints): Recognised<Predictions> | null {
  // Exports without the joined output give the three raw maps too.
  const matrix = matrixOf(outputs.find(({ shape }) => shape.length === 3));
  if (!matrix || matrix.columns < 6) return null;
  const cells = gridCells(inputSize);
  if (matrix.rows !== 3 * cells && matrix.rows !== cells) return null;
  const head = { columns: false, objectness: true, classes: matrix.columns - 5, ...plainHead };
  return { head, outputs: [matrix.name], classes: head.classes };
}

function v8(outputs: readonly OutputPort[], { inputSize, metadata }: Hints): Recognised<Predictions> | null {
  if (outputs.some(({ shape }) => shape.length === 4) || (metadata.task && metadata.task !== 'detect')) return null;
  const matrix = matrixOf(outputs[0]);
  if (!matrix || matrix.rows < 5 || matrix.columns !== gridCells(inputSize)) return null;
  const head = { columns: true, objectness: false, classes: matrix.rows - 4, ...plainHead };
  return { head, outputs: [matrix.name], classes: head.classes };
}

export const yolov5: OutputLayout<Predictions> = {
  ...about.yolov5,
  headSchema: predictionsSchema,
  defaults,
  recognise: v5,
  decode,
};

export const yolov8: OutputLayout<Predictions> = {
  ...about.yolov8,
  headSchema: predictionsSchema,
  defaults,
  recognise: v8,
  decode,
};

