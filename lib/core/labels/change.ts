/** From one version of a label schema to the next: what may change while annotations use it. */
import type { LabelClass, LabelSchema } from './schema';

export interface SchemaFault {
  path: string;
  message: string;
}

/**
 * Gives every class its index: the one it ever had in this project, else the next one, in the order given. What the
 * author wrote into `index` does not count. Indices are never reused, so that index 3 means one class in all exports.
 * @param known indices by class id, of all versions before
 */
export function numberClasses(schema: LabelSchema, known: ReadonlyMap<string, number>, nextIndex: number): { schema: LabelSchema; nextIndex: number } {
  let next = nextIndex;
  const classes = schema.classes.map((c) => ({ ...c, index: known.get(c.id) ?? next++ }));
  return { schema: { classes }, nextIndex: next };
}

/**
 * What may not change between two versions: the kind of a class that is in use, the order and number of its skeleton's
 * points (renaming and appending are safe), and the type of an attribute. Classes that are gone are not looked at.
 */
export function checkSchemaChange(before: LabelSchema, after: LabelSchema, isUsed: (classId: string) => boolean): SchemaFault[] {
  const faults: SchemaFault[] = [];
  const old = new Map(before.classes.map((c) => [c.id, c]));
  after.classes.forEach((c, i) => {
    const was = old.get(c.id);
    if (!was) return;
    const path = `schema.classes.${i}`;
    for (const [k, a] of c.attributes.entries()) {
      const wasAttribute = was.attributes.find((x) => x.id === a.id);
      if (wasAttribute && wasAttribute.type !== a.type) faults.push({ path: `${path}.attributes.${k}.type`, message: `attribute "${a.name}" of "${c.name}" is ${wasAttribute.type} and cannot become ${a.type}; make a new attribute` });
    }
    if (!isUsed(c.id)) return;
    if (was.kind !== c.kind) faults.push({ path: `${path}.kind`, message: `"${c.name}" is used as ${was.kind} and cannot become ${c.kind}; make a new class` });
    else if (c.kind === 'landmarks') faults.push(...skeletonFaults(was, c, path));
  });
  return faults;
}

function skeletonFaults(was: LabelClass, now: LabelClass, path: string): SchemaFault[] {
  const before = was.skeleton?.points ?? [];
  const after = now.skeleton?.points ?? [];
  const moved = before.findIndex((p, k) => after[k]?.id !== p.id);
  if (moved < 0) return [];
  return [{ path: `${path}.skeleton.points.${moved}`, message: `point ${moved + 1} of "${now.name}" ("${before[moved]!.name}") is used: points can be renamed and added at the end, not removed or moved` }];
}
