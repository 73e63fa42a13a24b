import { z } from 'zod';
import { annotationFields, uuid, type Annotation, type AnnotationFields } from '../../labels';
import { OperationRefused, sameValue, type Conflict } from '../state';
import type { ChangeType } from './ChangeType';

// `annotationFields` has defaults, which `.partial()` would keep: a field left out would come back as its default.
const plain = Object.fromEntries(
  Object.entries(annotationFields.shape).map(([key, type]) => [key, (type instanceof z.ZodDefault ? type.unwrap() : type).optional()]),
) as unknown as { [K in keyof AnnotationFields]: z.ZodOptional<z.ZodType<AnnotationFields[K]>> };
export const someFields = z.strictObject(plain);
export type SomeFields = Partial<AnnotationFields>;

export const updateChange = z
  .object({
    kind: z.literal('update'),
    annotation: uuid,
    rev: z.number().int().min(0),
    before: someFields,
    after: someFields,
  })
  .refine((c) => {
    const b = Object.keys(c.before).sort();
    const a = Object.keys(c.after).sort();
    return a.length > 0 && a.join() === b.join();
  }, 'before and after must name the same fields, at least one');

/**
 * Sets fields. Where the current value is not the `before` that the author saw, the later arrival (this one) wins and
 * the value it replaced is listed as lost. Attributes merge one by one. An update of a deleted annotation is lost.
 */
export const update: ChangeType<typeof updateChange> = {
  schema: updateChange,
  apply(state, change) {
    const live = state.annotations.get(change.annotation);
    if (!live) {
      const gone = state.deleted.get(change.annotation);
      if (!gone) throw new OperationRefused(`annotation ${change.annotation} does not exist in this document`);
      return { touched: [], conflicts: [{ annotation: change.annotation, field: '*', lost: change.after, kept: null }] };
    }
    const conflicts: Conflict[] = [];
    const next: Record<string, unknown> = { ...live };
    for (const key of Object.keys(change.after) as (keyof AnnotationFields)[]) {
      const before: unknown = change.before[key];
      const after: unknown = change.after[key];
      if (key === 'attributes') {
        next[key] = mergeAttributes(live.attributes, (before ?? {}) as Attributes, (after ?? {}) as Attributes, (field, lost, kept) =>
          conflicts.push({ annotation: change.annotation, field, lost, kept }),
        );
        continue;
      }
      const current: unknown = live[key];
      if (!sameValue(current, before) && !sameValue(current, after)) conflicts.push({ annotation: change.annotation, field: key, lost: current, kept: after });
      next[key] = after;
    }
    next.rev = live.rev + 1;
    state.annotations.set(change.annotation, next as Annotation);
    return { touched: [change.annotation], conflicts };
  },
  invert: (change) => ({ ...change, before: change.after, after: change.before }),
  upgrade: (change) => change,
};

type Attributes = AnnotationFields['attributes'];

function mergeAttributes(current: Attributes, before: Attributes, after: Attributes, conflict: (field: string, lost: unknown, kept: unknown) => void): Attributes {
  const next = { ...current };
  for (const id of new Set([...Object.keys(before), ...Object.keys(after)])) {
    if (sameValue(before[id], after[id])) continue;
    if (!sameValue(current[id], before[id]) && !sameValue(current[id], after[id])) conflict(`attributes.${id}`, current[id] ?? null, after[id] ?? null);
    if (id in after) next[id] = after[id]!;
    else delete next[id];
  }
  return next;
}
