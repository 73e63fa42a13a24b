/** Annotations of a document or a file → the labels that a task learns from. */
import { type Geometry } from '@/lib/core/labels';
import { maskFromString } from '@/lib/core/masks';
import type { Label, LabelKind } from '../tasks/types';

export interface LabelledGeometry {
  classId: string;
  geometry: Geometry;
  crowd: boolean;
}

/**
 * The labels of one image, of the kinds that a task learns from. A mask serves as its box where boxes are learned and masks
 * are not; of the other way round nothing comes.
 * @param ignored pixels of which nothing is known, in text form
 */
export function labelsOf(annotations: readonly LabelledGeometry[], kinds: readonly LabelKind[], ignored?: string): Label[] {
  const labels = annotations.flatMap(({ classId, geometry: g, crowd }): Label[] => {
    if (g.kind === 'landmarks') return kinds.includes('landmarks') ? [{ kind: 'landmarks', classId, points: g.points }] : [];
    const flag = crowd ? { crowd } : {};
    if (g.kind === 'box') return kinds.includes('box') ? [{ kind: 'box', classId, x0: g.x0, y0: g.y0, x1: g.x1, y1: g.y1, ...flag }] : [];
    const mask = maskFromString(g.mask);
    if (mask.width === 0) return [];
    if (kinds.includes('mask')) return [{ kind: 'mask', classId, mask, ...flag }];
    return kinds.includes('box') ? [{ kind: 'box', classId, x0: mask.x, y0: mask.y, x1: mask.x + mask.width, y1: mask.y + mask.height, ...flag }] : [];
  });
  if (ignored !== undefined && kinds.includes('mask')) labels.push({ kind: 'ignore', mask: maskFromString(ignored) });
  return labels;
}
