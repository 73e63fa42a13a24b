import type { Point } from '@/lib/core/geometry';
import type { Bounds, Geometry } from '@/lib/core/labels';
import type { Mask } from '@/lib/core/masks';

/** The key of a mask that is being painted and is no annotation yet. */
export const DRAFT = 'draft';

/** What a gesture shows before it is done. Nothing of it is in the document: taking it away cancels the gesture. */
export interface Preview {
  /** Annotations and proposals as the gesture would leave them. */
  geometry: ReadonlyMap<string, Geometry>;
  /** Masks as the stroke would leave them; `DRAFT` for a new one. */
  masks: ReadonlyMap<string, { mask: Mask; classId: string }>;
  /** A shape that is being drawn. */
  draft: { geometry: Geometry; classId: string } | null;
  /** A rectangle that selects. */
  marquee: Bounds | null;
}

export const emptyPreview: Preview = { geometry: new Map(), masks: new Map(), draft: null, marquee: null };

/** What is drawn at the pointer. */
export interface PointerMark {
  /** Lines across the canvas through the pointer. */
  crosshair: Point | null;
  /** A brush's rim, in image pixels. */
  ring: { at: Point; radius: number; erase: boolean } | null;
  /** Words beside the pointer: the name of the point to place next. */
  label: { at: Point; text: string } | null;
}

export const noPointerMark: PointerMark = { crosshair: null, ring: null, label: null };
