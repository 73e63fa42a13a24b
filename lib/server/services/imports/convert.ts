/** From what a file says of an image to the annotations of a document, under the project's label schema. */
import { uuidv7 } from 'uuidv7';
import { resolveAttributes, type ClassPlan, type InterchangeItem } from '@/lib/core/formats';
import { checkAgainstSchema, type AnnotationFields, type LabelSchema } from '@/lib/core/labels';

export interface Converted {
  annotations: AnnotationFields[];
  /** What was left out or changed, for the report. */
  issues: { outcome: 'warning' | 'refused'; code: string; message: string }[];
}

export interface ConvertOptions {
  schema: LabelSchema;
  resolve: ClassPlan['resolve'];
  /** Documents of people hold no scores: what they draw is certain. */
  keepScores: boolean;
}

/** Converts an item's annotations; those that the schema does not take are left out and said. */
export function convertItem(item: InterchangeItem, { schema, resolve, keepScores }: ConvertOptions): Converted {
  const annotations: AnnotationFields[] = [];
  const unknown = new Map<string, number>();
  const lostAttributes = new Map<string, number>();
  const issues: Converted['issues'] = [];
  const groups = new Map<string, string>();
  for (const a of item.annotations) {
    const cls = resolve(a.class);
    if (!cls) {
      unknown.set(a.class.name, (unknown.get(a.class.name) ?? 0) + 1);
      continue;
    }
    const { values, lost } = resolveAttributes(cls, a.attributes);
    for (const name of lost) lostAttributes.set(name, (lostAttributes.get(name) ?? 0) + 1);
    if (a.group !== null && !groups.has(a.group)) groups.set(a.group, uuidv7());
    const fields: AnnotationFields = {
      classId: cls.id, geometry: a.geometry, attributes: values, truncated: a.truncated, occluded: a.occluded, difficult: a.difficult, crowd: a.crowd,
      group: a.group === null ? null : groups.get(a.group)!, track: null, at: null, score: keepScores ? a.score : null, origin: null,
    };
    const wrong = checkAgainstSchema(fields, schema);
    if (wrong) issues.push({ outcome: 'refused', code: 'annotation-refused', message: `An annotation of "${item.path}" was not imported: ${wrong}.` });
    else annotations.push(fields);
  }
  for (const [name, n] of unknown) issues.push({ outcome: 'refused', code: 'unknown-class', message: `${n === 1 ? 'One annotation' : `${n} annotations`} of class "${name}" in "${item.path}" ${n === 1 ? 'was' : 'were'} not imported: the project does not have that class.` });
  for (const [name, n] of lostAttributes) issues.push({ outcome: 'warning', code: 'attribute-left-out', message: `The attribute "${name}" of ${n === 1 ? 'one annotation' : `${n} annotations`} in "${item.path}" was left out: the class does not have it, or does not take the value.` });
  return { annotations, issues };
}
