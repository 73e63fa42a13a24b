/** Which class of a project each class of the files is: an existing one, or a new one. */
import { LIMITS, classPalette, labelClass, type AnnotationKind, type AttributeValue, type LabelClass, type LabelSchema } from '../labels';
import type { DatasetIssue, DatasetReading, InterchangeClass } from './dataset';

export interface ClassPlan {
  /** The project's schema with the new classes appended; the same object when there are none. */
  schema: LabelSchema;
  created: LabelClass[];
  /** The index that the next new class gets. */
  nextIndex: number;
  issues: DatasetIssue[];
  /** The class that annotations of this name and kind get; undefined when they cannot be imported (an issue says why). */
  resolve(ref: { name: string; kind: AnnotationKind }): LabelClass | undefined;
}

export interface ClassPlanInput {
  schema: LabelSchema;
  /** The index that the next new class gets; indices are never reused. */
  nextIndex: number;
  /** Classes that occur, in the order in which new ones shall be created. */
  classes: readonly InterchangeClass[];
  /** Whether classes that the project lacks may be added. */
  create: boolean;
  newId: () => string;
}

const kindSuffix: Record<AnnotationKind, string> = { box: 'box', mask: 'mask', landmarks: 'points' };
const key = (name: string, kind: AnnotationKind) => `${kind}\u0000${name.trim().toLowerCase()}`;

/**
 * Finds each class of the files in the project by name (case does not count) and kind, and makes those it lacks. Where the
 * name is taken by a class of another kind, the new one is called `name (mask)` and the like; such a class is found again by a
 * later import.
 */
export function planClasses({ schema, nextIndex, classes, create, newId }: ClassPlanInput): ClassPlan {
  const issues: DatasetIssue[] = [];
  const all = [...schema.classes];
  const created: LabelClass[] = [];
  const byRef = new Map<string, LabelClass | undefined>();
  const named = (name: string) => all.find((c) => c.name.toLowerCase() === name.toLowerCase());
  let next = nextIndex;

  const plan = (ref: InterchangeClass): LabelClass | undefined => {
    const name = ref.name.trim().slice(0, LIMITS.name);
    if (name === '') {
      issues.push({ severity: 'error', code: 'class-without-name', message: 'A class has no name: its annotations cannot be imported.' });
      return undefined;
    }
    const longName = `${name.slice(0, LIMITS.name - 10)} (${kindSuffix[ref.kind]})`;
    const found = [named(name), named(longName)].find((c) => c?.kind === ref.kind);
    if (found) {
      const points = found.skeleton?.points.length;
      if (ref.skeleton && points !== ref.skeleton.points.length) {
        issues.push({ severity: 'error', code: 'skeleton-differs', message: `Class "${found.name}" has ${points} points in this project and ${ref.skeleton.points.length} in the files: its annotations cannot be imported.` });
        return undefined;
      }
      return found;
    }
    const free = [name, longName].find((n) => !named(n));
    if (!create || free === undefined) {
      issues.push({ severity: 'error', code: 'unknown-class', message: `This project has no ${ref.kind} class "${name}": its annotations were left out. Add the class, or let the import add classes.` });
      return undefined;
    }
    if (ref.kind === 'landmarks' && !ref.skeleton) {
      issues.push({ severity: 'error', code: 'no-skeleton', message: `The files do not name the points of "${name}": add the class to the project first.` });
      return undefined;
    }
    if (all.length >= LIMITS.classes) {
      issues.push({ severity: 'error', code: 'too-many-classes', message: `The project already has ${LIMITS.classes} classes: "${name}" cannot be added.` });
      return undefined;
    }
    const parsed = labelClass.safeParse({
      id: newId(), index: next, name: free, kind: ref.kind, color: ref.color ?? classPalette[next % classPalette.length],
      ...(ref.skeleton && { skeleton: { points: uniqueNames(ref.skeleton.points).map((n) => ({ id: newId(), name: n })), edges: ref.skeleton.edges, pairs: ref.skeleton.pairs } }),
    });
    if (!parsed.success) {
      issues.push({ severity: 'error', code: 'class-refused', message: `Class "${name}" cannot be added: ${parsed.error.issues[0]?.message ?? 'it is not valid'}.` });
      return undefined;
    }
    next++;
    created.push(parsed.data);
    all.push(parsed.data);
    return parsed.data;
  };

  for (const ref of classes) {
    const k = key(ref.name, ref.kind);
    if (!byRef.has(k)) byRef.set(k, plan(ref));
  }
  return {
    schema: created.length > 0 ? { classes: all } : schema,
    created, nextIndex: next, issues,
    resolve: (ref) => byRef.get(key(ref.name, ref.kind)),
  };
}

/** Names with a number added where they repeat; empty ones become `point 3`. */
function uniqueNames(names: readonly string[]): string[] {
  const used = new Set<string>();
  return names.map((given, i) => {
    const base = given.trim().slice(0, LIMITS.name - 6) || `point ${i + 1}`;
    let name = base;
    for (let n = 2; used.has(name.toLowerCase()); n++) name = `${base} ${n}`;
    used.add(name.toLowerCase());
    return name;
  });
}

export interface DatasetScan {
  /** Classes that annotations use or, among those declared, that have at least a name here: declared order, then by name. */
  classes: InterchangeClass[];
  images: number;
  labelled: number;
  annotations: number;
  missingImages: number;
  /** Images that have a class as a whole. */
  classified: number;
}

/** Reads a dataset once to learn its classes and how much there is. `onItem` sees the number of items so far. */
export async function scanDataset(reading: DatasetReading, onItem?: (n: number) => void): Promise<DatasetScan> {
  const declared = new Map(reading.classes.map((c) => [key(c.name, c.kind), c]));
  const used = new Map<string, InterchangeClass>();
  const scan = { images: 0, labelled: 0, annotations: 0, missingImages: 0, classified: 0 };
  let n = 0;
  for await (const item of reading.items()) {
    if (item.image) scan.images++;
    else scan.missingImages++;
    if (item.labelled) scan.labelled++;
    if (item.image && item.imageClasses && item.imageClasses.length > 0) scan.classified++;
    scan.annotations += item.annotations.length;
    for (const a of item.annotations) {
      const k = key(a.class.name, a.class.kind);
      if (used.has(k)) continue;
      const ref = declared.get(k) ?? { name: a.class.name, kind: a.class.kind };
      // A file may place points without naming them.
      const unnamed = a.geometry.kind === 'landmarks' && !ref.skeleton ? { skeleton: { points: a.geometry.points.map((_, i) => `point ${i + 1}`), edges: [], pairs: [] } } : {};
      used.set(k, { ...ref, ...unnamed });
    }
    onItem?.(++n);
  }
  // Of the declared classes without an annotation only those whose name no used class has: a format that cannot say the kind declares a box.
  const usedNames = new Set([...used.values()].map((c) => c.name.trim().toLowerCase()));
  const first = [...declared].filter(([k, c]) => used.has(k) || !usedNames.has(c.name.trim().toLowerCase())).map(([k, c]) => used.get(k) ?? c);
  const rest = [...used].filter(([k]) => !declared.has(k)).map(([, c]) => c).sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : a.kind < b.kind ? -1 : 1));
  return { classes: [...first, ...rest], ...scan };
}

/** Attributes by name → by id, as far as the class has them and takes the values; the names of the others. */
export function resolveAttributes(cls: LabelClass, attributes: Record<string, AttributeValue>): { values: Record<string, AttributeValue>; lost: string[] } {
  const values: Record<string, AttributeValue> = {};
  const lost: string[] = [];
  for (const [name, value] of Object.entries(attributes)) {
    const a = cls.attributes.find((x) => x.name.toLowerCase() === name.trim().toLowerCase());
    if (!a || value === null) {
      if (value !== null) lost.push(name);
      continue;
    }
    if (a.type === 'select') {
      const option = a.options.find((o) => o.name.toLowerCase() === String(value).trim().toLowerCase());
      if (option) values[a.id] = option.id;
      else lost.push(name);
    } else if (a.type === 'number') {
      const n = typeof value === 'number' ? value : typeof value === 'string' && value.trim() !== '' ? Number(value) : NaN;
      if (Number.isFinite(n) && (a.min == null || n >= a.min) && (a.max == null || n <= a.max)) values[a.id] = n;
      else lost.push(name);
    } else if (a.type === 'checkbox') {
      const on = value === true || value === 1 || ['1', 'true', 'yes'].includes(String(value).toLowerCase());
      const off = value === false || value === 0 || ['0', 'false', 'no'].includes(String(value).toLowerCase());
      if (on || off) values[a.id] = on;
      else lost.push(name);
    } else {
      const text = String(value);
      if (text.length <= a.maxLength) values[a.id] = text;
      else lost.push(name);
    }
  }
  return { values, lost };
}
