/** Raw outputs of one or more views of an image to boxes in the image. */
import { boxIou } from '@/lib/core/geometry';
import { decode, suppress, type ScoredBox } from '../../heads/yolo';
import { toFull } from '../frame';
import { type BoxLabel, type DecodeOptions, type Frame, type View } from '../types';
import { layoutOf, type DetectHead } from './head';

type Found = BoxLabel & { score: number };

/** Boxes of different views that overlap by this are one object's. */
const SAME_OBJECT_IOU = 0.55;

/** Candidates of a view in input pixels, not suppressed yet. */
export type Candidates<Head, C extends ScoredBox = ScoredBox> = (view: View<Head>, minScore: number) => C[];

/** A candidate of a view, and its box in the image. */
export interface SeenObject<Head, C extends ScoredBox = ScoredBox> {
  box: Found;
  candidate: C;
  view: View<Head>;
}

function ofView<Head, C extends ScoredBox>(view: View<Head>, { minScore, nmsIou, limit }: DecodeOptions, candidates: Candidates<Head, C>): SeenObject<Head, C>[] {
  const { design, frame } = view;
  // Classes of a network may stand for one class of the project, or for none.
  const own = design.classes.map(({ id, skip }) => (skip ? -1 : design.classes.findIndex((other) => other.id === id && !other.skip)));
  const wanted = candidates(view, minScore).flatMap((candidate) => (own[candidate.classIndex]! < 0 ? [] : [{ ...candidate, classIndex: own[candidate.classIndex]!, candidate }]));
  return suppress(wanted, nmsIou, limit).flatMap(({ classIndex, score, candidate }) => {
    const { x0, y0, x1, y1 } = toFull(candidate, frame);
    const clipped = { x0: Math.max(0, x0), y0: Math.max(0, y0), x1: Math.min(frame.full.width, x1), y1: Math.min(frame.full.height, y1) };
    if (!(clipped.x1 > clipped.x0 && clipped.y1 > clipped.y0)) return [];
    return [{ box: { kind: 'box' as const, classId: design.classes[classIndex]!.id, ...clipped, score }, candidate, view }];
  });
}

/** Whether a view could have shown the box: crops do not see the whole image. */
function covers({ region }: Frame, box: Found): boolean {
  const width = Math.min(box.x1, region.x + region.width) - Math.max(box.x0, region.x);
  const height = Math.min(box.y1, region.y + region.height) - Math.max(box.y0, region.y);
  return width > 0 && height > 0 && width * height >= 0.9 * (box.x1 - box.x0) * (box.y1 - box.y0);
}

/** An object as one or more views have it: their boxes as one, and what each saw. */
export interface FusedObject<Head, C extends ScoredBox = ScoredBox> {
  box: Found;
  seen: SeenObject<Head, C>[];
}

/**
 * One view: per-class non-max suppression. Several: boxes of a class that overlap are averaged with their scores as
 * weights, and the score is the mean over the views that could have seen the box (weighted boxes fusion, Solovyev et al. 2021).
 */
export function fuseObjects<Head, C extends ScoredBox>(views: readonly View<Head>[], options: DecodeOptions, candidates: Candidates<Head, C>): FusedObject<Head, C>[] {
  if (views.length === 1) return ofView(views[0]!, options, candidates).map((one) => ({ box: one.box, seen: [one] }));
  const all = views.flatMap((view) => ofView(view, { ...options, limit: options.limit * 3 }, candidates)).sort((a, b) => b.box.score - a.box.score);
  const objects: FusedObject<Head, C>[] = [];
  for (const one of all) {
    const own = objects.find(({ box }) => box.classId === one.box.classId && boxIou(box, one.box) >= SAME_OBJECT_IOU);
    if (own) {
      own.seen.push(one);
      own.box = meanOf(own.seen.map(({ box }) => box));
    } else objects.push({ box: one.box, seen: [one] });
  }
  const fused = objects.map(({ box, seen }) => {
    const could = views.filter(({ frame }) => covers(frame, box)).length;
    const sum = seen.reduce((total, { box: { score } }) => total + score, 0);
    return { box: { ...box, score: Math.min(1, sum / Math.max(1, could, seen.length)) }, seen };
  });
  return fused.filter(({ box }) => box.score >= options.minScore).sort((a, b) => b.box.score - a.box.score).slice(0, options.limit);
}

/** See `fuseObjects`; the boxes alone. */
export const fuseDetections = <Head>(views: readonly View<Head>[], options: DecodeOptions, candidates: Candidates<Head>): Found[] =>
  fuseObjects(views, options, candidates).map(({ box }) => box);

/** Boxes of a YOLO head. */
export const decodeDetections = (views: readonly View<DetectHead>[], options: DecodeOptions): Found[] =>
  fuseDetections(views, options, ({ design, outputs }, minScore) => decode(outputs, layoutOf(design), { scoreThreshold: minScore }));

function meanOf(members: readonly Found[]): Found {
  const total = members.reduce((sum, { score }) => sum + score, 0);
  const edge = (name: 'x0' | 'y0' | 'x1' | 'y1') => members.reduce((sum, box) => sum + box[name] * box.score, 0) / total;
  return { ...members[0]!, x0: edge('x0'), y0: edge('y0'), x1: edge('x1'), y1: edge('y1') };
}
