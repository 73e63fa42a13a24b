/** What can be done to annotations besides drawing: from keys, menus, panels and tools alike. Each is one operation. */
import { checkAgainstSchema, findClass, type Annotation, type AnnotationFields, type AttributeValue, type Geometry } from '@/lib/core/labels';
import { clampDelta, boundsOfAll, translateGeometry } from './geometry';
import { compact, createOf, deleteOf, fieldsOf, followUp, updateOf } from './edits';
import type { Editor } from './editor';
import { newId } from './ids';

export type FlagName = 'truncated' | 'occluded' | 'difficult' | 'crowd';

/** Those of the annotations that may be changed; says so when none may. */
export function changeable(editor: Editor, annotations: readonly Annotation[]): Annotation[] {
  const free = annotations.filter((a) => !editor.isLocked(a.id));
  if (free.length === 0 && annotations.length > 0) editor.say('Locked. Unlock it in the list of objects to change it.');
  return free;
}

/** Gives annotations their new geometry: the end of a move, a resize, a dragged point. */
export function setGeometry(editor: Editor, type: string, wanted: ReadonlyMap<Annotation, Geometry>): void {
  const changes = [...wanted].flatMap(([a, geometry]) => {
    const change = updateOf(a, { geometry });
    return change ? compact([change, followUp(a, 'moved', editor.decisions)]) : [];
  });
  editor.commit({ type, tool: editor.toolId.get(), changes });
}

export function removeAnnotations(editor: Editor, annotations: readonly Annotation[]): void {
  const gone = changeable(editor, annotations);
  editor.commit({ type: 'delete', tool: editor.toolId.get(), changes: gone.flatMap((a) => compact([deleteOf(a), followUp(a, 'deleted', editor.decisions)])) });
}

/** Puts annotations under another class of the same kind. Returns how many were changed. */
export function reclass(editor: Editor, annotations: readonly Annotation[], classId: string): number {
  const cls = findClass(editor.schema.get(), classId);
  if (!cls) return 0;
  const points = cls.skeleton?.points.length;
  const fitting = changeable(editor, annotations).filter((a) => a.geometry.kind === cls.kind && (a.geometry.kind !== 'landmarks' || a.geometry.points.length === points));
  if (fitting.length === 0 && annotations.length > 0) editor.say(`"${cls.name}" takes ${cls.kind}${points ? ` with ${points} points` : ''}; what is selected is something else.`);
  const changes = fitting.flatMap((a) => {
    // Attributes belong to a class; those of another mean nothing there.
    const change = updateOf(a, a.classId === classId ? {} : { classId, attributes: {} });
    return change ? compact([change, followUp(a, 'reclassed', editor.decisions)]) : [];
  });
  editor.commit({ type: 'reclass', tool: editor.toolId.get(), changes });
  return fitting.length;
}

/** Sets a flag on all, or takes it from all when all have it. */
export function toggleFlag(editor: Editor, annotations: readonly Annotation[], flag: FlagName): void {
  const free = changeable(editor, annotations);
  const on = !free.every((a) => a[flag]);
  editor.commit({ type: 'flag', tool: editor.toolId.get(), changes: compact(free.map((a) => updateOf(a, { [flag]: on }))) });
}

export function setAttribute(editor: Editor, annotations: readonly Annotation[], attribute: string, value: AttributeValue): void {
  const changes = changeable(editor, annotations).map((a) => {
    const attributes = { ...a.attributes };
    if (value === null) delete attributes[attribute];
    else attributes[attribute] = value;
    // Only this attribute is named: others that someone else changes meanwhile are theirs.
    const had = attribute in a.attributes;
    if (had === (value !== null) && a.attributes[attribute] === value) return null;
    const only = (v: AnnotationFields['attributes']) => (attribute in v ? { [attribute]: v[attribute]! } : {});
    return { kind: 'update' as const, annotation: a.id, rev: a.rev, before: { attributes: only(a.attributes) }, after: { attributes: only(attributes) } };
  });
  editor.commit({ type: 'attribute', tool: 'panel', changes: compact(changes) });
}

/** Toggles a placed landmark between visible and hidden. */
export function toggleVisibility(editor: Editor, a: Annotation, index: number): void {
  if (a.geometry.kind !== 'landmarks') return;
  const point = a.geometry.points[index];
  if (!point || point.v === 0) return;
  const points = a.geometry.points.map((p, i) => (i === index ? { ...p, v: p.v === 2 ? (1 as const) : (2 as const) } : p));
  setGeometry(editor, 'visibility', new Map([[a, { ...a.geometry, points }]]));
}

export function copy(editor: Editor): number {
  const fields = editor.selected.map(fieldsOf);
  if (fields.length > 0) editor.clipboard.put(editor.project, editor.session.documentId, fields);
  return fields.length;
}

export function paste(editor: Editor): void {
  const held = editor.clipboard.take(editor.project);
  if (!held) return editor.say('Nothing was copied in this project.');
  // In the same document the copies would lie on their originals and not be seen.
  place(editor, 'paste', held.fields, held.document === editor.session.documentId);
}

export function duplicate(editor: Editor): void {
  place(editor, 'duplicate', editor.selected.map(fieldsOf), true);
}

function place(editor: Editor, type: string, fields: readonly AnnotationFields[], aside: boolean): void {
  const schema = editor.schema.get();
  const bounds = boundsOfAll(fields.map((f) => f.geometry));
  if (!bounds) return;
  const step = aside ? Math.max(1, Math.round(editor.toImageLength(12))) : 0;
  let delta = clampDelta(bounds, { x: step, y: step }, editor.image);
  if (aside && delta.x === 0 && delta.y === 0) delta = clampDelta(bounds, { x: -step, y: -step }, editor.image);
  const made: string[] = [];
  const changes = fields.flatMap((f) => {
    const after = { ...f, geometry: translateGeometry(f.geometry, delta.x, delta.y), score: null, origin: null };
    // The schema may have changed since it was copied, and the image may be smaller.
    const b = boundsOfAll([after.geometry])!;
    if (checkAgainstSchema(after, schema) || b.x1 > editor.image.width || b.y1 > editor.image.height || b.x0 < 0 || b.y0 < 0) return [];
    const id = newId();
    made.push(id);
    return [createOf(id, after)];
  });
  if (changes.length < fields.length) editor.say(`${fields.length - changes.length} of ${fields.length} do not fit this image or its label schema, and were left out.`);
  if (editor.commit({ type, tool: editor.toolId.get(), changes })) editor.select(made);
}
