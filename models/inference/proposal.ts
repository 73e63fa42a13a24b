/** A model's labels as proposals about an item: what the server keeps, whoever ran the model. */
import { type Geometry } from '@/lib/core/labels';
import { maskToString } from '@/lib/core/masks';
import { type PredictedLabel } from '../tasks/types';

export interface ProposedLabel {
  classId: string;
  score: number;
  geometry: Geometry;
}

/** A model's label as a proposal about the item; null for the class of an image, which is no annotation. */
export function proposalOf(label: PredictedLabel): ProposedLabel | null {
  const { classId } = label;
  const score = Math.min(1, Math.max(0, label.score));
  switch (label.kind) {
    case 'box':
      return label.x1 > label.x0 && label.y1 > label.y0 ? { classId, score, geometry: { kind: 'box', v: 1, x0: label.x0, y0: label.y0, x1: label.x1, y1: label.y1 } } : null;
    case 'mask':
      return label.mask.width > 0 ? { classId, score, geometry: { kind: 'mask', v: 1, mask: maskToString(label.mask) } } : null;
    case 'landmarks':
      return label.points.some(({ v }) => v > 0) ? { classId, score, geometry: { kind: 'landmarks', v: 1, points: label.points.map(({ x, y, v }) => (v === 0 ? { x: 0, y: 0, v } : { x, y, v })) } } : null;
    case 'class':
      return null;
  }
}
