import { z } from 'zod';
import { maskString, uuid } from '../../labels';
import { maskFromString, maskToString, subtract, union } from '../../masks';
import { OperationRefused } from '../state';
import type { ChangeType } from './ChangeType';

export const paintChange = z.object({
  kind: z.literal('paint'),
  annotation: uuid,
  rev: z.number().int().min(0),
  /** Pixels that were clear and are set. */
  set: maskString,
  /** Pixels that were set and are cleared. */
  cleared: maskString,
});

/**
 * Paints a mask: (mask ∪ set) \ cleared. On a changed base the last writer wins pixel by pixel; there is nothing to
 * list, since no stroke is undone by another as a whole.
 */
export const paint: ChangeType<typeof paintChange> = {
  schema: paintChange,
  apply(state, change) {
    const live = state.annotations.get(change.annotation);
    if (!live) {
      if (!state.deleted.has(change.annotation)) throw new OperationRefused(`annotation ${change.annotation} does not exist in this document`);
      return { touched: [], conflicts: [{ annotation: change.annotation, field: '*', lost: { set: change.set, cleared: change.cleared }, kept: null }] };
    }
    if (live.geometry.kind !== 'mask') throw new OperationRefused(`annotation ${change.annotation} is a ${live.geometry.kind}, which cannot be painted`);
    const mask = subtract(union(maskFromString(live.geometry.mask), maskFromString(change.set)), maskFromString(change.cleared));
    state.annotations.set(change.annotation, { ...live, geometry: { kind: 'mask', v: 1, mask: maskToString(mask) }, rev: live.rev + 1 });
    return { touched: [change.annotation], conflicts: [] };
  },
  invert: (change) => ({ ...change, set: change.cleared, cleared: change.set }),
  upgrade: (change) => change,
};
