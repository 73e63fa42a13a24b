/**
 * What a brush or eraser really changes. An operation carries the pixels newly set and the pixels newly cleared, never the
 * stroke itself, so that its inverse swaps the two and a stroke over what is already there changes nothing.
 */
import { intersect, subtract, union } from './boolean';
import { isEmptyMask, type Mask, emptyMask } from './mask';

export interface PaintDelta {
  /** Pixels that were not set and become set. */
  readonly set: Mask;
  /** Pixels that were set and become not set. */
  readonly cleared: Mask;
}

/** The real changes that painting (`add`) or erasing `stroke` makes to `mask`. */
export function paintDelta(mask: Mask, stroke: Mask, mode: 'add' | 'erase'): PaintDelta {
  return mode === 'add' ? { set: subtract(stroke, mask), cleared: emptyMask() } : { set: emptyMask(), cleared: intersect(mask, stroke) };
}

/** The real changes that lead from one mask to another. */
export function deltaBetween(before: Mask, after: Mask): PaintDelta {
  return { set: subtract(after, before), cleared: subtract(before, after) };
}

/** (mask ∪ set) \ cleared. On a base that has changed meanwhile, these pixels take the stroke's value: the last writer wins. */
export function applyPaint(mask: Mask, delta: PaintDelta): Mask {
  return subtract(union(mask, delta.set), delta.cleared);
}

export function invertPaint(delta: PaintDelta): PaintDelta {
  return { set: delta.cleared, cleared: delta.set };
}

export function isEmptyDelta(delta: PaintDelta): boolean {
  return isEmptyMask(delta.set) && isEmptyMask(delta.cleared);
}
