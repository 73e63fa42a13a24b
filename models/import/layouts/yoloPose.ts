/** Skeletons of the YOLO family: predictions that end in their points. */
import { swapPoints } from '../../data/mapLabels';
import { fuseObjects, type SeenObject } from '../../tasks/detect/decode';
import { pointToFull, showsPlace } from '../../tasks/frame';
import { type LabelledPoint, type LandmarksLabel } from '../../tasks/types';
import { about } from './about';
import { candidatesOf, depthOf, predictionsSchema, readerOf, type Candidate, type Predictions } from './predictions';
import { gridCells, type OutputLayout } from './types';
import { matrixOf } from './yolo';

/** A point of which the model is at least this sure is visible; below it is hidden. */
const VISIBLE = 0.5;

interface SurePoint {
  x: number;
  y: number;
  sure: number;
}

/** A candidate's points in full-image pixels, left and right as in the image. */
function pointsOf({ candidate: { index, classIndex }, view: { outputs, design, frame } }: SeenObject<Predictions, Candidate>): SurePoint[] {
  const { head } = design;
  const { count, fields } = head.points!;
  const read = readerOf(outputs[0]!, head);
  const first = depthOf(head) - count * fields;
  const points = Array.from({ length: count }, (_, k) => {
    const at = first + k * fields;
    return { ...pointToFull({ x: read(index, at), y: read(index, at + 1) }, frame), sure: fields === 3 ? read(index, at + 2) : 1 };
  });
  return frame.mirrored ? swapPoints(points, design.classes[classIndex]!.swaps) : points;
}

/** Each point as the mean of the views that show its place (of all where none does), weighed by their scores. */
function meanPoints(seen: readonly SeenObject<Predictions, Candidate>[]): LabelledPoint[] {
  const { full } = seen[0]!.view.frame;
  const lists = seen.map((one) => ({ points: pointsOf(one), frame: one.view.frame, score: Math.max(1e-6, one.box.score) }));
  return lists[0]!.points.map((_, k): LabelledPoint => {
    const all = lists.map(({ points, ...one }) => ({ ...points[k]!, ...one }));
    const shown = all.filter((point) => showsPlace(point.frame, point));
    const of = shown.length > 0 ? shown : all;
    const total = of.reduce((sum, { score }) => sum + score, 0);
    const mean = (value: (point: SurePoint) => number) => of.reduce((sum, point) => sum + value(point) * point.score, 0) / total;
    return {
      x: Math.min(full.width, Math.max(0, mean(({ x }) => x))), y: Math.min(full.height, Math.max(0, mean(({ y }) => y))),
      v: mean(({ sure }) => sure) >= VISIBLE ? 2 : 1,
    };
  });
}

/** `[17, 3]` as Ultralytics writes it. */
function shapeOf(text: string | undefined): { count: number; fields: 2 | 3 } | null {
  const match = /^\s*[[(]\s*(\d+)\s*,\s*([23])\s*[\])]\s*$/.exec(text ?? '');
  return match ? { count: Number(match[1]), fields: Number(match[2]) as 2 | 3 } : null;
}

export const yolov8Pose: OutputLayout<Predictions> = {
  ...about['yolov8-pose'],
  headSchema: predictionsSchema,
  defaults: { decode: { minScore: 0.25, nmsIou: 0.5, limit: 100 } },

  recognise(outputs, { inputSize, metadata }) {
    const matrix = matrixOf(outputs[0]);
    if (!matrix || outputs.length !== 1 || matrix.columns !== gridCells(inputSize)) return null;
    const said = metadata.task === 'pose';
    const points = shapeOf(metadata.kpt_shape) ?? { count: 17, fields: 3 as const };
    const classes = matrix.rows - 4 - points.count * points.fields;
    // Without metadata only the usual one-class, 17-point form is told from a detector.
    if (classes < 1 || (!said && (metadata.task || classes !== 1))) return null;
    return { head: { columns: true, objectness: false, classes, points, masks: null }, outputs: [matrix.name], classes, points: points.count };
  },

  decode: (views, options) => fuseObjects(views, options, ({ outputs, design }, minScore) => candidatesOf({ outputs }, design.head, minScore))
    .map(({ box: { classId, score }, seen }): LandmarksLabel & { score: number } => ({ kind: 'landmarks', classId, points: meanPoints(seen), score })),
};
