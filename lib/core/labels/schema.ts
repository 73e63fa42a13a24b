/**
 * The label schema of a project: its classes, their attributes and skeletons.
 *
 * Ids are for machines and never change; names are for people and may. Annotations refer to classes, attributes and
 * options by id, so that a rename touches no annotation.
 */
import { z } from 'zod';
import { uuid } from './ids';

export const annotationKinds = ['box', 'mask', 'landmarks'] as const;
export const annotationKind = z.enum(annotationKinds);
export type AnnotationKind = z.infer<typeof annotationKind>;

export const LIMITS = {
  classes: 2000,
  attributes: 50,
  options: 500,
  skeletonPoints: 512,
  name: 100,
} as const;

const name = z.string().trim().min(1, 'must not be empty').max(LIMITS.name);
export const hexColor = z.string().regex(/^#[0-9a-f]{6}$/i, 'must be a colour such as #1c7ed6');
/** A key that picks a class: one letter or digit. Keys of tools and actions are taken; the editor says which. */
export const hotkey = z.string().regex(/^[a-z0-9]$/, 'must be one lower-case letter or digit');

export const attributeOption = z.object({ id: uuid, name });
export const attributeDefinition = z.discriminatedUnion('type', [
  z.object({ id: uuid, name, type: z.literal('select'), options: z.array(attributeOption).min(1).max(LIMITS.options), default: uuid.nullish() }),
  z.object({ id: uuid, name, type: z.literal('number'), min: z.number().nullish(), max: z.number().nullish(), step: z.number().positive().nullish(), default: z.number().nullish() }),
  z.object({ id: uuid, name, type: z.literal('text'), maxLength: z.number().int().min(1).max(10_000).default(500), default: z.string().nullish() }),
  z.object({ id: uuid, name, type: z.literal('checkbox'), default: z.boolean().default(false) }),
]);
export type AttributeDefinition = z.infer<typeof attributeDefinition>;

/** Ordered, named points. Point k means the same place on every image. Edges and pairs are indices into `points`. */
export const skeleton = z
  .object({
    points: z.array(z.object({ id: uuid, name })).min(1).max(LIMITS.skeletonPoints),
    edges: z.array(z.tuple([z.number().int().min(0), z.number().int().min(0)])).max(2048).default([]),
    /** Left/right partners: a mirrored image swaps them. */
    pairs: z.array(z.tuple([z.number().int().min(0), z.number().int().min(0)])).max(256).default([]),
  })
  .superRefine((value, ctx) => {
    const n = value.points.length;
    for (const key of ['edges', 'pairs'] as const) {
      value[key].forEach(([a, b], i) => {
        if (a >= n || b >= n) ctx.addIssue({ code: 'custom', path: [key, i], message: `refers to point ${Math.max(a, b)}, but there are ${n}` });
        if (a === b) ctx.addIssue({ code: 'custom', path: [key, i], message: 'joins a point with itself' });
      });
    }
    const paired = value.pairs.flat();
    if (new Set(paired).size !== paired.length) ctx.addIssue({ code: 'custom', path: ['pairs'], message: 'a point can be in one pair only' });
    const names = value.points.map((p) => p.name.toLowerCase());
    if (new Set(names).size !== names.length) ctx.addIssue({ code: 'custom', path: ['points'], message: 'two points have the same name' });
  });
export type Skeleton = z.infer<typeof skeleton>;

export const labelClass = z
  .object({
    id: uuid,
    /** Creation order within the project, from 0, never reused. It is the class index of every export. */
    index: z.number().int().min(0),
    name,
    color: hexColor,
    hotkey: hotkey.nullish(),
    kind: annotationKind,
    description: z.string().max(2000).default(''),
    skeleton: skeleton.nullish(),
    attributes: z.array(attributeDefinition).max(LIMITS.attributes).default([]),
  })
  .superRefine((value, ctx) => {
    if (value.kind === 'landmarks' && !value.skeleton) ctx.addIssue({ code: 'custom', path: ['skeleton'], message: 'a landmarks class needs its points' });
    if (value.kind !== 'landmarks' && value.skeleton) ctx.addIssue({ code: 'custom', path: ['skeleton'], message: `a ${value.kind} class has no points` });
    const names = value.attributes.map((a) => a.name.toLowerCase());
    if (new Set(names).size !== names.length) ctx.addIssue({ code: 'custom', path: ['attributes'], message: 'two attributes have the same name' });
  });
export type LabelClass = z.infer<typeof labelClass>;

export const labelSchema = z
  .object({ classes: z.array(labelClass).max(LIMITS.classes) })
  .superRefine((value, ctx) => {
    const duplicates = (key: (c: LabelClass) => string | number | null | undefined, message: string, field: string) => {
      const seen = new Map<string | number, number>();
      value.classes.forEach((c, i) => {
        const k = key(c);
        if (k == null) return;
        if (seen.has(k)) ctx.addIssue({ code: 'custom', path: ['classes', i, field], message: `${message}: "${k}" is also used by "${value.classes[seen.get(k)!]!.name}"` });
        else seen.set(k, i);
      });
    };
    duplicates((c) => c.name.toLowerCase(), 'two classes have the same name', 'name');
    duplicates((c) => c.id, 'two classes have the same id', 'id');
    duplicates((c) => c.index, 'two classes have the same index', 'index');
    duplicates((c) => c.hotkey, 'two classes have the same key', 'hotkey');
  });
export type LabelSchema = z.infer<typeof labelSchema>;

/** Colours that stay apart in light and dark and for most kinds of colour blindness; new classes take the next one. */
export const classPalette = ['#e03131', '#1c7ed6', '#2f9e44', '#f08c00', '#9c36b5', '#0c8599', '#e8590c', '#6741d9', '#66a80f', '#c2255c', '#1098ad', '#846358'] as const;

/** The class with this id, or undefined. */
export function findClass(schema: LabelSchema, id: string): LabelClass | undefined {
  return schema.classes.find((c) => c.id === id);
}
