import { z } from 'zod';
import { annotationFields, uuid, type Annotation } from '../../labels';
import { sameValue, type Conflict } from '../state';
import type { ChangeType } from './ChangeType';

export const createChange = z.object({
  kind: z.literal('create'),
  annotation: uuid,
  after: annotationFields,
});

/** Makes an annotation, or brings back a deleted one under its id. */
export const create: ChangeType<typeof createChange> = {
  schema: createChange,
  apply(state, change) {
    const live = state.annotations.get(change.annotation);
    const previous = live ?? state.deleted.get(change.annotation);
    const next: Annotation = { ...change.after, id: change.annotation, rev: (previous?.rev ?? 0) + 1 };
    const conflicts: Conflict[] = [];
    if (live) {
      const { id: _id, rev: _rev, ...lost } = live;
      if (sameValue(lost, change.after)) return { touched: [], conflicts };
      conflicts.push({ annotation: change.annotation, field: '*', lost, kept: change.after });
    }
    state.annotations.set(change.annotation, next);
    state.deleted.delete(change.annotation);
    return { touched: [change.annotation], conflicts };
  },
  invert: (change) => ({ kind: 'delete', annotation: change.annotation, rev: 0, before: change.after }),
  upgrade: (change) => change,
};
