/** Changes from what is there and what is wanted: the only place where the editor writes `before` and `after`. */
import { defaultAttributes, type Annotation, type AnnotationFields, type Geometry, type LabelClass } from '@/lib/core/labels';
import { sameValue, type Change, type Decision, type SomeFields } from '@/lib/core/ops';

/** What an operation may say of an annotation: all but its id and revision. */
export function fieldsOf(a: Annotation): AnnotationFields {
  const { id: _id, rev: _rev, ...fields } = a;
  return fields;
}

/** The fields of a new annotation of this class, drawn by a person. */
export function newFields(cls: LabelClass, geometry: Geometry): AnnotationFields {
  return {
    classId: cls.id, geometry, attributes: defaultAttributes(cls),
    truncated: false, occluded: false, difficult: false, crowd: false, group: null, track: null, at: null, score: null, origin: null,
  };
}

export function createOf(id: string, after: AnnotationFields): Change {
  return { kind: 'create', annotation: id, after };
}

export function deleteOf(a: Annotation): Change {
  return { kind: 'delete', annotation: a.id, rev: a.rev, before: fieldsOf(a) };
}

/** Sets fields of an annotation as it is seen; null when they have those values already. */
export function updateOf(a: Annotation, wanted: SomeFields): Change | null {
  const before: Record<string, unknown> = {};
  const after: Record<string, unknown> = {};
  for (const key of Object.keys(wanted) as (keyof AnnotationFields)[]) {
    if (sameValue(a[key], wanted[key])) continue;
    before[key] = a[key];
    after[key] = wanted[key];
  }
  if (Object.keys(after).length === 0) return null;
  return { kind: 'update', annotation: a.id, rev: a.rev, before: before as SomeFields, after: after as SomeFields };
}

/** What is recorded of proposals when people decide or change their mind. */
export interface DecisionContext {
  decision(proposal: string): Decision | undefined;
  threshold: number;
}

/**
 * An accepted proposal that is then changed was not right as it came: the record of what was done with it follows.
 * Null when the annotation comes from no proposal, or nothing about it has to be recorded.
 */
export function followUp(a: Annotation, done: 'moved' | 'reclassed' | 'deleted', { decision, threshold }: DecisionContext): Change | null {
  if (!a.origin) return null;
  const before = decision(a.origin.annotation);
  if (before === undefined) return null;
  const after: Decision = done === 'deleted' ? 'rejected' : done === 'reclassed' ? 'reclassed' : before === 'accepted' ? 'corrected' : before;
  return after === before ? null : { kind: 'decide', proposal: a.origin.annotation, before, after, threshold };
}

/** Leaves out what is nothing. */
export function compact(changes: readonly (Change | null)[]): Change[] {
  return changes.filter((c) => c !== null);
}
