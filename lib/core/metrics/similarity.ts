/** How alike detections and ground truth are, as COCO's evaluation measures it: box IoU, mask IoU, OKS. */
import { boxArea, boxIntersectionArea, type Box } from '../geometry/box';
import { oks, type Landmark } from '../geometry/landmarks';
import { intersectionArea, maskArea, type Mask } from '../masks';

export type IouType = 'bbox' | 'segm' | 'keypoints';

/** What an object is measured by; the field its `IouType` needs must be there. */
export interface Shape {
  box?: Box;
  mask?: Mask;
  keypoints?: readonly Landmark[];
  /** Square pixels; measured from the mask or box when absent. */
  area?: number;
}

/** A true object: `crowd` marks a region of many objects. */
export interface TruthShape extends Shape {
  crowd?: boolean;
}

/** Area of an object in square pixels, by which COCO sorts objects into small, medium and large. */
export function shapeArea(shape: Shape, type: IouType): number {
  if (shape.area !== undefined) return shape.area;
  if (type === 'segm' && shape.mask) return maskArea(shape.mask);
  if (shape.box) return boxArea(shape.box);
  if (shape.mask) return maskArea(shape.mask);
  if (shape.keypoints?.length) {
    const xs = shape.keypoints.map((p) => p.x);
    const ys = shape.keypoints.map((p) => p.y);
    return (Math.max(...xs) - Math.min(...xs)) * (Math.max(...ys) - Math.min(...ys));
  }
  return 0;
}

/**
 * Similarities of every detection to every true object, row-major [detections, truths], each 0 to 1. Against a crowd, the
 * union is the detection's own area, for any part of a crowd may be matched.
 */
export function similarityMatrix(type: IouType, detections: readonly Shape[], truths: readonly TruthShape[], sigmas: readonly number[]): Float64Array {
  const out = new Float64Array(detections.length * truths.length);
  const between = type === 'bbox' ? boxSimilarity : type === 'segm' ? maskSimilarity : (d: Shape, t: TruthShape) => keypointSimilarity(d, t, sigmas);
  detections.forEach((d, i) => truths.forEach((t, j) => (out[i * truths.length + j] = between(d, t))));
  return out;
}

function boxSimilarity(d: Shape, t: TruthShape): number {
  if (!d.box || !t.box) throw new TypeError('evaluation by box needs a box on every object');
  const shared = boxIntersectionArea(d.box, t.box);
  if (shared === 0) return 0;
  return shared / (t.crowd ? boxArea(d.box) : boxArea(d.box) + boxArea(t.box) - shared);
}

function maskSimilarity(d: Shape, t: TruthShape): number {
  if (!d.mask || !t.mask) throw new TypeError('evaluation by mask needs a mask on every object');
  const shared = intersectionArea(d.mask, t.mask);
  if (shared === 0) return 0;
  const own = maskArea(d.mask);
  return shared / (t.crowd ? own : own + maskArea(t.mask) - shared);
}

function keypointSimilarity(d: Shape, t: TruthShape, sigmas: readonly number[]): number {
  if (!d.keypoints || !t.keypoints) throw new TypeError('evaluation by keypoints needs keypoints on every object');
  return oks(t.keypoints, d.keypoints, shapeArea(t, 'keypoints'), sigmas, t.box);
}
