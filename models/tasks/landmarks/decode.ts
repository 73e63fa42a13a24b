/** Raw outputs of one or more views of an image to landmarks in the image. */
import { swapPoints } from '../../data/mapLabels';
import { readHeatmaps, readRegression } from '../../heads/landmarks';
import { pointToFull, showsPlace } from '../frame';
import { type DecodeOptions, type LandmarksLabel, type View } from '../types';
import { layoutOf, type LandmarkHead } from './head';

type Found = LandmarksLabel & { score: number };

interface Point {
  x: number;
  y: number;
}

/** Presence and points in full-image pixels of each class, as one view has it; left and right as in the image. */
function ofView({ design, outputs, frame }: View<LandmarkHead>): { presence: number; points: Point[] }[] {
  const layout = layoutOf(design);
  const read = design.head.kind === 'regression' ? readRegression(outputs[0]!, layout) : readHeatmaps(outputs, layout);
  return read.map(({ presence, points }, k) => {
    const placed = points.map((point) => pointToFull(point, frame));
    return { presence, points: frame.mirrored ? swapPoints(placed, design.classes[k]!.swaps) : placed };
  });
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
      const seen = all.filter((point, v) => showsPlace(views[v]!.frame, point));
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
