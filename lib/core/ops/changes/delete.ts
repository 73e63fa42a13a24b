import { z } from 'zod';
import { annotationFields, uuid } from '../../labels';
import { sameValue, type Conflict } from '../state';
import type { ChangeType } from './ChangeType';

export const deleteChange = z.object({
  kind: z.literal('delete'),
  annotation: uuid,
  /** The revision the author saw; 0 when unknown. */
  rev: z.number().int().min(0),
  before: annotationFields,
});

/** Deletes an annotation. Delete beats update: what others changed meanwhile is listed as lost. */
export const del: ChangeType<typeof deleteChange> = {
  schema: deleteChange,
  apply(state, change) {
    const live = state.annotations.get(change.annotation);
    if (!live) return { touched: [], conflicts: [] };
    const { id: _id, rev, ...current } = live;
    const conflicts: Conflict[] = sameValue(current, change.before)
      ? []
      : [{ annotation: change.annotation, field: '*', lost: current, kept: null }];
    state.annotations.delete(change.annotation);
    state.deleted.set(change.annotation, { ...live, rev: rev + 1 });
    return { touched: [change.annotation], conflicts };
  },
  invert: (change) => ({ kind: 'create', annotation: change.annotation, after: change.before }),
  upgrade: (change) => change,
};
