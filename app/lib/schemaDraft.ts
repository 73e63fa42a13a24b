/**
 * Editing a label schema: pure steps on a draft, so that what the page does can be tested without it. Indices in edges and
 * pairs follow their points through every move and removal; a new class gets its index when the draft is saved.
 */
import { uuidv7 } from 'uuidv7';
import type { z } from 'zod';
import type { removal } from '@/lib/api/routes/projects';
import { classPalette, labelSchema, type AnnotationKind, type AttributeDefinition, type LabelClass, type LabelSchema, type Skeleton } from '@/lib/core/labels';

export type Removal = z.infer<typeof removal>;
export interface SchemaDraft {
  /** The version that is edited. */
  base: number;
  nextIndex: number;
  saved: LabelSchema;
  classes: LabelClass[];
  removals: Removal[];
}

export function draftOf(version: { version: number; nextIndex: number; schema: LabelSchema }): SchemaDraft {
  return { base: version.version, nextIndex: version.nextIndex, saved: version.schema, classes: version.schema.classes, removals: [] };
}
export const isNew = (draft: SchemaDraft, classId: string): boolean => !draft.saved.classes.some((c) => c.id === classId);
export function isChanged(draft: SchemaDraft): boolean {
  return draft.removals.length > 0 || JSON.stringify(draft.classes) !== JSON.stringify(draft.saved.classes);
}

/** The schema to be saved: new classes take the next indices, in the order in which they were added. */
export function schemaOf(draft: SchemaDraft): LabelSchema {
  const fresh = draft.classes.filter((c) => isNew(draft, c.id)).sort((a, b) => a.index - b.index);
  const index = new Map(fresh.map((c, i) => [c.id, draft.nextIndex + i]));
  return { classes: draft.classes.map((c) => ({ ...c, index: index.get(c.id) ?? c.index })) };
}

/** A colour that no class has yet, or the one used least. */
export function nextColor(classes: readonly LabelClass[]): string {
  const uses = (color: string) => classes.filter((c) => c.color.toLowerCase() === color).length;
  return classPalette.reduce<string>((best, color) => (uses(color) < uses(best) ? color : best), classPalette[0]);
}

/** Keys that the labelling page keeps for its tools. Digits come first: they are what people expect. */
export function nextHotkey(classes: readonly LabelClass[], reserved: ReadonlyMap<string, string>): string | null {
  const taken = new Set(classes.map((c) => c.hotkey));
  return [...'1234567890'].find((key) => !taken.has(key) && !reserved.has(key)) ?? null;
}

/** Why a class cannot have this key, or null. */
export function hotkeyConflict(draft: SchemaDraft, classId: string, key: string, reserved: ReadonlyMap<string, string>): string | null {
  if (!/^[a-z0-9]$/.test(key)) return 'One letter or digit';
  const action = reserved.get(key);
  if (action) return `“${key}” is a key of the labelling page: ${action}`;
  const other = draft.classes.find((c) => c.id !== classId && c.hotkey === key);
  return other ? `“${key}” already picks “${other.name || 'a class without a name'}”` : null;
}

export function addClass(draft: SchemaDraft, options: { name?: string; kind?: AnnotationKind; id?: string; hotkey?: string | null } = {}): SchemaDraft {
  const kind = options.kind ?? 'box';
  const highest = Math.max(draft.nextIndex - 1, ...draft.classes.map((c) => c.index));
  const added: LabelClass = { id: options.id ?? uuidv7(), index: highest + 1, name: options.name ?? '', color: nextColor(draft.classes), hotkey: options.hotkey ?? null, kind, description: '', skeleton: kind === 'landmarks' ? emptySkeleton() : null, attributes: [] };
  return { ...draft, classes: [...draft.classes, added] };
}

export function changeClass(draft: SchemaDraft, id: string, change: Partial<Omit<LabelClass, 'id' | 'index' | 'kind'>>): SchemaDraft {
  return { ...draft, classes: draft.classes.map((c) => (c.id === id ? { ...c, ...change } : c)) };
}
export function setKind(draft: SchemaDraft, id: string, kind: AnnotationKind): SchemaDraft {
  return { ...draft, classes: draft.classes.map((c) => (c.id === id ? { ...c, kind, skeleton: kind === 'landmarks' ? (c.skeleton ?? emptySkeleton()) : null } : c)) };
}
/** @param removal what to do with the annotations of a saved class; not needed for one that was never saved */
export function removeClass(draft: SchemaDraft, id: string, removal: Removal | null): SchemaDraft {
  const removals = [...draft.removals.filter((r) => r.classId !== id), ...(removal ? [removal] : [])]
    // What was to go to the class that goes now would have no home: it goes where this one's annotations go.
    .map((r): Removal => (r.action === 'reassign' && r.to === id ? (removal?.action === 'reassign' ? { ...r, to: removal.to } : { classId: r.classId, action: 'delete' }) : r));
  return { ...draft, classes: draft.classes.filter((c) => c.id !== id), removals };
}
export function moveClass(draft: SchemaDraft, id: string, by: number): SchemaDraft {
  return { ...draft, classes: moved(draft.classes, draft.classes.findIndex((c) => c.id === id), by) };
}

/**
 * Puts the draft on a version that was saved meanwhile: what they added comes in, what they changed and I did not is theirs,
 * what they took out is gone; the rest of the draft stays.
 */
export function rebase(draft: SchemaDraft, newer: { version: number; nextIndex: number; schema: LabelSchema }): SchemaDraft {
  const before = new Map(draft.saved.classes.map((c) => [c.id, c]));
  const theirs = new Map(newer.schema.classes.map((c) => [c.id, c]));
  const removals = draft.removals.filter((r) => theirs.has(r.classId) && (r.action === 'delete' || theirs.has(r.to) || !before.has(r.to)));
  const removed = new Set(draft.removals.map((r) => r.classId));
  const mine = draft.classes.flatMap((c) => {
    const old = before.get(c.id);
    if (!old) return [c];
    const now = theirs.get(c.id);
    if (!now) return [];
    return [JSON.stringify(c) === JSON.stringify(old) ? now : c];
  });
  const added = newer.schema.classes.filter((c) => !before.has(c.id) && !removed.has(c.id));
  const fresh = mine.filter((c) => !theirs.has(c.id)).map((c, i) => ({ ...c, index: newer.nextIndex + i }));
  const kept = mine.filter((c) => theirs.has(c.id));
  return { base: newer.version, nextIndex: newer.nextIndex, saved: newer.schema, classes: [...kept, ...added, ...fresh], removals };
}

function moved<T>(list: readonly T[], from: number, by: number): T[] {
  const to = from + by;
  const next = [...list];
  if (from < 0 || to < 0 || to >= list.length) return next;
  next.splice(to, 0, ...next.splice(from, 1));
  return next;
}

// Attributes ----------------------------------------------------------------------------------------------------------
export function newAttribute(type: AttributeDefinition['type']): AttributeDefinition {
  const base = { id: uuidv7(), name: '' };
  if (type === 'select') return { ...base, type, options: [{ id: uuidv7(), name: '' }], default: null };
  if (type === 'number') return { ...base, type, min: null, max: null, step: null, default: null };
  if (type === 'text') return { ...base, type, maxLength: 500, default: null };
  return { ...base, type, default: false };
}

// Skeletons -----------------------------------------------------------------------------------------------------------
type Link = [number, number];
export function emptySkeleton(): Skeleton {
  return { points: [{ id: uuidv7(), name: 'point 1' }], edges: [], pairs: [] };
}
export function addPoint(s: Skeleton, name?: string): Skeleton {
  const names = new Set(s.points.map((p) => p.name.toLowerCase()));
  let n = s.points.length + 1;
  while (names.has(`point ${n}`)) n++;
  return { ...s, points: [...s.points, { id: uuidv7(), name: name ?? `point ${n}` }] };
}
export function renamePoint(s: Skeleton, k: number, name: string): Skeleton {
  return { ...s, points: s.points.map((p, i) => (i === k ? { ...p, name } : p)) };
}
export function removePoint(s: Skeleton, k: number): Skeleton {
  const keep = (links: Link[]): Link[] => links.filter((l) => !l.includes(k)).map(([a, b]) => [a > k ? a - 1 : a, b > k ? b - 1 : b]);
  return { points: s.points.filter((_, i) => i !== k), edges: keep(s.edges), pairs: keep(s.pairs) };
}
export function movePoint(s: Skeleton, from: number, by: number): Skeleton {
  const to = from + by;
  if (to < 0 || to >= s.points.length) return s;
  const order = moved(s.points.map((_, i) => i), from, by);
  const now = (k: number) => order.indexOf(k);
  const follow = (links: Link[]): Link[] => links.map(([a, b]) => [now(a), now(b)]);
  return { points: order.map((i) => s.points[i]!), edges: follow(s.edges), pairs: follow(s.pairs) };
}
const joins = (link: Link, a: number, b: number) => (link[0] === a && link[1] === b) || (link[0] === b && link[1] === a);
export function toggleEdge(s: Skeleton, a: number, b: number): Skeleton {
  if (a === b) return s;
  const without = s.edges.filter((e) => !joins(e, a, b));
  return { ...s, edges: without.length < s.edges.length ? without : [...s.edges, [a, b]] };
}
/** Makes a left/right pair of two points, or dissolves it. A point is in one pair only: the pairs they had end. */
export function togglePair(s: Skeleton, a: number, b: number): Skeleton {
  if (a === b) return s;
  if (s.pairs.some((p) => joins(p, a, b))) return { ...s, pairs: s.pairs.filter((p) => !joins(p, a, b)) };
  return { ...s, pairs: [...s.pairs.filter((p) => !p.includes(a) && !p.includes(b)), [a, b]] };
}

/** Where to draw the points, in the unit square: pairs face each other across the middle, others stand on it; without pairs, on a circle. */
export function skeletonLayout(s: Skeleton): { x: number; y: number }[] {
  const n = s.points.length;
  if (s.pairs.length === 0) {
    if (n === 1) return [{ x: 0.5, y: 0.5 }];
    return s.points.map((_, i) => ({ x: 0.5 + 0.36 * Math.sin((2 * Math.PI * i) / n), y: 0.5 - 0.36 * Math.cos((2 * Math.PI * i) / n) }));
  }
  const partner = new Map<number, { other: number; left: boolean }>();
  for (const [a, b] of s.pairs) partner.set(a, { other: b, left: true }).set(b, { other: a, left: false });
  const rows: number[][] = [];
  s.points.forEach((_, i) => {
    const mate = partner.get(i);
    if (!mate) rows.push([i]);
    else if (mate.other > i) rows.push([i, mate.other]);
  });
  const places: { x: number; y: number }[] = s.points.map(() => ({ x: 0.5, y: 0.5 }));
  rows.forEach((row, r) => {
    const y = rows.length === 1 ? 0.5 : 0.1 + (0.8 * r) / (rows.length - 1);
    for (const i of row) places[i] = { x: row.length === 1 ? 0.5 : partner.get(i)!.left ? 0.27 : 0.73, y };
  });
  return places;
}

// Faults --------------------------------------------------------------------------------------------------------------
export interface DraftFault { classId: string | null; path: string; message: string }
/** `attributes.0.name` as people say it: "attribute 1 name". */
export const pathInWords = (path: string): string => path.replace(/\b(attribute|option|point|edge|pair)s\.(\d+)/g, (_, what: string, n: string) => `${what} ${Number(n) + 1}`).replaceAll('.', ' ').replace('skeleton ', '');

/** What is wrong with the draft, by class; `path` is within the class (`name`, `attributes.0.options.1.name`). */
export function faultsOf(draft: SchemaDraft): DraftFault[] {
  const schema = schemaOf(draft);
  const result = labelSchema.safeParse(schema);
  if (result.success) return [];
  return result.error.issues.map((issue) => {
    const [first, index, ...rest] = issue.path;
    const cls = first === 'classes' && typeof index === 'number' ? schema.classes[index] : undefined;
    return { classId: cls?.id ?? null, path: (cls ? rest : issue.path).join('.'), message: issue.message };
  });
}
