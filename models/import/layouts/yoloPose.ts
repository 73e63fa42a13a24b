/** Skeletons of the YOLO family: predictions that end in their points. */
import { swapPoints } from '../../data/mapLabels';
import { fuseObjects, type SeenObject } from '../../tasks/detect/decode';
import { pointToFull, showsPlace } from '../../tasks/frame';
import { type LabelledPoint, type LandmarksLabel } from '../../tasks/types';
import * as settings from '../settings/yolo';
import { candidatesOf, readerOf, scaleOf, type Candidate } from './predictions';
import { type OutputLayout } from './types';

type Predictions = settings.Predictions;

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
  const [across, down] = scaleOf(design);
  const first = settings.depthOf(head) - count * fields;
  const points = Array.from({ length: count }, (_, k) => {
    const at = first + k * fields;
    return { ...pointToFull({ x: read(index, at) * across, y: read(index, at + 1) * down }, frame), sure: fields === 3 ? read(index, at + 2) : 1 };
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

export const yolov8Pose: OutputLayout<Predictions> = {
  ...settings.yolov8Pose,
  defaults: { decode: { minScore: 0.25, nmsIou: 0.5, limit: 100 } },

  decode: (views, options) => fuseObjects(views, options, candidatesOf)
    .map(({ box: { classId, score }, seen }): LandmarksLabel & { score: number } => ({ kind: 'landmarks', classId, points: meanPoints(seen), score })),
};
