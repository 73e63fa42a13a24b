import { findClass, type AnnotationFields, type AttributeValue, type LabelSchema } from '../labels';

/** Attribute values by name, options by theirs, in the order of the class; what the class no longer has is left out. */
export function attributesByName(schema: LabelSchema, annotation: Pick<AnnotationFields, 'classId' | 'attributes'>): Record<string, Exclude<AttributeValue, null>> {
  const out: Record<string, Exclude<AttributeValue, null>> = {};
  for (const a of findClass(schema, annotation.classId)?.attributes ?? []) {
    const value = annotation.attributes[a.id];
    if (value == null) continue;
    if (a.type !== 'select') out[a.name] = value;
    else {
      const option = a.options.find((o) => o.id === value);
      if (option) out[a.name] = option.name;
    }
  }
  return out;
}
