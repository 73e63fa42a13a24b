import { z } from 'zod';
import { uuid } from '../../labels';
import { decisions, sameValue, type Conflict } from '../state';
import type { ChangeType } from './ChangeType';

const decision = z.enum(decisions).nullable();

export const decideChange = z.object({
  kind: z.literal('decide'),
  /** The annotation of the model's document that was decided about. */
  proposal: uuid,
  before: decision,
  after: decision,
  /** The score from which proposals were shown when it was decided. */
  threshold: z.number().min(0).max(1),
});

/** Records what a person did with a proposal. The proposal itself never changes. */
export const decide: ChangeType<typeof decideChange> = {
  schema: decideChange,
  apply(state, change) {
    const current = state.decisions.get(change.proposal) ?? null;
    const conflicts: Conflict[] =
      sameValue(current, change.before) || sameValue(current, change.after)
        ? []
        : [{ annotation: change.proposal, field: 'decision', lost: current, kept: change.after }];
    if (change.after === null) state.decisions.delete(change.proposal);
    else state.decisions.set(change.proposal, change.after);
    return { touched: [], conflicts };
  },
  invert: (change) => ({ ...change, before: change.after, after: change.before }),
  upgrade: (change) => change,
};
