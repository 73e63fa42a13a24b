/** Skeletons of the YOLO family: predictions that end in their points. */
import { pointToFull } from '../../tasks/frame';
import { type LabelledPoint, type LandmarksLabel, type View } from '../../tasks/types';
import { about } from './about';
import { candidatesOf, depthOf, kept, predictionsSchema, readerOf, type Candidate, type Predictions } from './predictions';
import { gridCells, type OutputLayout } from './types';
import { matrixOf } from './yolo';

/** A point of which the model is at least this sure is visible; below it is hidden. */
const VISIBLE = 0.5;

function pointsOf({ outputs, design, frame }: View<Predictions>, { index }: Candidate): LabelledPoint[] {
  const { head } = design;
  const { count, fields } = head.points!;
  const read = readerOf(outputs[0]!, head);
  const first = depthOf(head) - count * fields;
  return Array.from({ length: count }, (_, k) => {
    const at = first + k * fields;
    const { x, y } = pointToFull({ x: read(index, at), y: read(index, at + 1) }, frame);
    const sure = fields === 3 ? read(index, at + 2) : 1;
    return { x: Math.min(frame.full.width, Math.max(0, x)), y: Math.min(frame.full.height, Math.max(0, y)), v: sure >= VISIBLE ? 2 : 1 };
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

  /** Only the first view is read. */
  decode(views, { minScore, nmsIou, limit }) {
    const view = views[0]!;
    const { head, classes } = view.design;
    return kept(candidatesOf(view, head, minScore), nmsIou, limit).map((candidate): LandmarksLabel & { score: number } => {
      const points = pointsOf(view, candidate);
      const ordered = view.frame.mirrored ? mirroredBack(points, classes[candidate.classIndex]!.swaps) : points;
      return { kind: 'landmarks', classId: classes[candidate.classIndex]!.id, points: ordered, score: candidate.score };
    });
  },
};

/** Left and right change places in a mirrored image. */
export function mirroredBack(points: readonly LabelledPoint[], swaps: readonly (readonly [number, number])[] = []): LabelledPoint[] {
  const result = [...points];
  for (const [a, b] of swaps) [result[a], result[b]] = [points[b]!, points[a]!];
  return result;
}
