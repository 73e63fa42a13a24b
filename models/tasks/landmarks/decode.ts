/** Raw outputs of one or more views of an image to landmarks in the image. */
import { swapPoints } from '../../data/mapLabels';
import { readHeatmaps, readRegression } from '../../heads/landmarks';
import { pointToFull } from '../frame';
import { type DecodeOptions, type Frame, type LandmarksLabel, type View } from '../types';
import { layoutOf, type LandmarkHead } from './head';

type Found = LandmarksLabel & { score: number };

interface Point {
  x: number;
  y: number;
}

/** What lies nearer to the edge of a crop than this share of it may be something beyond, drawn in. */
const CROP_MARGIN = 0.03;

/** Presence and points in full-image pixels of each class, as one view has it; left and right as in the image. */
function ofView({ design, outputs, frame }: View<LandmarkHead>): { presence: number; points: Point[] }[] {
  const layout = layoutOf(design);
  const read = design.head.kind === 'regression' ? readRegression(outputs[0]!, layout) : readHeatmaps(outputs, layout);
  return read.map(({ presence, points }, k) => {
    const placed = points.map((point) => pointToFull(point, frame));
    return { presence, points: frame.mirrored ? swapPoints(placed, design.classes[k]!.swaps) : placed };
  });
}

/** Whether the view shows the place and enough around it. */
function shows({ region, full }: Frame, { x, y }: Point): boolean {
  const within = (at: number, from: number, extent: number, whole: number) =>
    at >= from + (from > 0 ? CROP_MARGIN * extent : -Infinity) && at <= from + extent + (from + extent < whole ? -CROP_MARGIN * extent : Infinity);
  return within(x, region.x, region.width, full.width) && within(y, region.y, region.height, full.height);
}

/**
 * One label for each class that is present: presence averaged over the views, each point over the views that show it, clipped to
 * the image. The score is the presence.
 */
export function decodeLandmarks(views: readonly View<LandmarkHead>[], { minScore, limit }: DecodeOptions): Found[] {
  const { design: { classes }, frame: { full } } = views[0]!;
  const read = views.map(ofView);
  const found = classes.map(({ id }, k): Found => {
    const score = read.reduce((sum, view) => sum + view[k]!.presence, 0) / views.length;
    const points = read[0]![k]!.points.map((_, i) => {
      const all = read.map((view) => view[k]!.points[i]!);
      const seen = all.filter((point, v) => shows(views[v]!.frame, point));
      const { x, y } = mean(seen.length > 0 ? seen : all);
      return { x: Math.min(full.width, Math.max(0, x)), y: Math.min(full.height, Math.max(0, y)), v: 2 as const };
    });
    return { kind: 'landmarks', classId: id, points, score };
  });
  return found.filter(({ score }) => score >= minScore).sort((a, b) => b.score - a.score).slice(0, limit);
}

const mean = (points: readonly Point[]): Point => ({
  x: points.reduce((sum, { x }) => sum + x, 0) / points.length, y: points.reduce((sum, { y }) => sum + y, 0) / points.length,
});
