/** Whether what an operation made can stand: under the label schema, and within the image. */
import { checkAgainstSchema, findClass, geometryBounds, type Annotation, type AttributeValue, type Geometry, type LabelSchema } from '../labels';
import type { Change, Operation } from './operation';
import { sameValue, type DocumentState } from './state';

/** How far a coordinate may lie outside the image, in pixels: what arithmetic on floats may add, and no more. */
export const EDGE_TOLERANCE = 1e-6;

/** Why the geometry does not lie in an image of this size, in words, or null when it does. Points not placed have no place. */
export function checkWithin(g: Geometry, size: { width: number; height: number }): string | null {
  const b = geometryBounds(g);
  const inside = b.x0 >= -EDGE_TOLERANCE && b.y0 >= -EDGE_TOLERANCE && b.x1 <= size.width + EDGE_TOLERANCE && b.y1 <= size.height + EDGE_TOLERANCE;
  return inside ? null : `the ${g.kind} from (${b.x0}, ${b.y0}) to (${b.x1}, ${b.y1}) reaches beyond the image of ${size.width} × ${size.height}`;
}

/**
 * Why the document cannot stay as `op` has just left it, in words, or null when it can. Only what the operation itself
 * set is looked at, so that a value which the schema has dropped since does not stop a box from being moved. An undo may
 * bring such values back.
 *
 * Landmarks may have fewer points than the skeleton (their author had an older one); `completions` adds the rest.
 */
export function checkResult(state: DocumentState, op: Operation, schema: LabelSchema, size: { width: number; height: number }): string | null {
  for (const [i, change] of op.changes.entries()) {
    const wrong = checkChange(state, change, op.undoes !== null, schema, size);
    if (wrong) return `change ${i + 1} of ${op.changes.length}: ${wrong}`;
  }
  return null;
}

function checkChange(state: DocumentState, change: Change, undo: boolean, schema: LabelSchema, size: { width: number; height: number }): string | null {
  if (change.kind === 'decide' || change.kind === 'delete') return null;
  const live = state.annotations.get(change.annotation);
  if (!live) return null;
  if (change.kind === 'paint') return checkWithin(live.geometry, size);
  const before = change.kind === 'update' ? (change.before.attributes ?? {}) : {};
  const set = Object.fromEntries(Object.entries(change.after.attributes ?? {}).filter(([id, value]) => !undo && !sameValue(value, before[id])));
  const placed = 'geometry' in change.after || 'classId' in change.after;
  if (placed || Object.keys(set).length > 0) {
    const wrong = checkAgainstSchema(fitted(live, schema, set), schema);
    if (wrong) return wrong;
  }
  return placed ? checkWithin(live.geometry, size) : null;
}

/** What `checkAgainstSchema` has to look at: the attributes that were set, and landmarks with the points still missing. */
function fitted(live: Annotation, schema: LabelSchema, attributes: Record<string, AttributeValue>): Pick<Annotation, 'classId' | 'geometry' | 'attributes'> {
  return { classId: live.classId, geometry: completed(live, schema) ?? live.geometry, attributes };
}

/** The landmarks with points added, not placed, up to the skeleton's number; null when none are missing. */
function completed(live: Annotation, schema: LabelSchema): Geometry | null {
  const { geometry } = live;
  if (geometry.kind !== 'landmarks') return null;
  const missing = (findClass(schema, live.classId)?.skeleton?.points.length ?? 0) - geometry.points.length;
  return missing > 0 ? { ...geometry, points: [...geometry.points, ...Array.from({ length: missing }, () => ({ x: 0, y: 0, v: 0 as const }))] } : null;
}

/**
 * The changes that give every one of these annotations the points its skeleton has gained since they were made, not
 * placed. Empty when nothing is missing.
 */
export function completions(state: DocumentState, annotations: Iterable<string>, schema: LabelSchema): Change[] {
  const changes: Change[] = [];
  for (const id of annotations) {
    const live = state.annotations.get(id);
    const geometry = live && completed(live, schema);
    if (geometry) changes.push({ kind: 'update', annotation: id, rev: live.rev, before: { geometry: live.geometry }, after: { geometry } });
  }
  return changes;
}
