/**
 * The annotation: one labelled thing in one document, in pixel coordinates of the full-resolution, orientation-corrected
 * image (origin upper left, x right, y down, continuous: pixel (0,0) covers [0,1) × [0,1)).
 */
import { z } from 'zod';
import { maskBounds, maskFromString } from '../masks';
import { uuid } from './ids';
import type { LabelClass, LabelSchema } from './schema';

/** No image that is accepted is wider or higher than this. */
export const MAX_SIDE = 1_000_000;
const coordinate = z.number().finite().min(-MAX_SIDE).max(MAX_SIDE);

/** Edges of an axis-aligned box: x0 < x1, y0 < y1. */
export const boxGeometry = z
  .object({ kind: z.literal('box'), v: z.literal(1), x0: coordinate, y0: coordinate, x1: coordinate, y1: coordinate })
  .refine((b) => b.x1 > b.x0 && b.y1 > b.y0, 'a box needs a width and a height above zero');
export type BoxGeometry = z.infer<typeof boxGeometry>;

/** COCO's keypoint visibility: 0 not placed (x = y = 0), 1 placed but hidden, 2 placed and visible. */
export const visibility = z.union([z.literal(0), z.literal(1), z.literal(2)]);
export type Visibility = z.infer<typeof visibility>;
export const landmarkPoint = z
  .object({ x: coordinate, y: coordinate, v: visibility })
  .refine((p) => p.v !== 0 || (p.x === 0 && p.y === 0), 'a point that is not placed has no position');
export type LandmarkPoint = z.infer<typeof landmarkPoint>;
/** One entry a skeleton point, in the skeleton's order. */
export const landmarksGeometry = z.object({ kind: z.literal('landmarks'), v: z.literal(1), points: z.array(landmarkPoint).min(1).max(512) });
export type LandmarksGeometry = z.infer<typeof landmarksGeometry>;

/** A run-length mask in the text form of `maskToString`. */
export const maskString = z.string().max(64_000_000).superRefine((value, ctx) => {
  try {
    maskFromString(value);
  } catch (error) {
    ctx.addIssue({ code: 'custom', message: error instanceof Error ? error.message : 'not a mask' });
  }
});
export const maskGeometry = z.object({ kind: z.literal('mask'), v: z.literal(1), mask: maskString });
export type MaskGeometry = z.infer<typeof maskGeometry>;

export const geometry = z.union([boxGeometry, landmarksGeometry, maskGeometry]);
export type Geometry = z.infer<typeof geometry>;

export const attributeValue = z.union([z.string().max(10_000), z.number().finite(), z.boolean(), z.null()]);
export type AttributeValue = z.infer<typeof attributeValue>;

/** Where an accepted proposal came from. */
export const origin = z.object({ annotation: uuid, modelVersion: uuid, score: z.number().min(0).max(1) });
export type Origin = z.infer<typeof origin>;

/** What an operation may set. `rev`, and the place in the document, are the document's to keep. */
export const annotationFields = z.object({
  classId: uuid,
  geometry,
  attributes: z.record(uuid, attributeValue).default({}),
  truncated: z.boolean().default(false),
  occluded: z.boolean().default(false),
  difficult: z.boolean().default(false),
  crowd: z.boolean().default(false),
  group: uuid.nullable().default(null),
  track: uuid.nullable().default(null),
  /** Frame or slice; null on a plain image. */
  at: z.number().int().min(0).max(2 ** 31 - 1).nullable().default(null),
  /** A model's confidence; null for people's annotations. */
  score: z.number().min(0).max(1).nullable().default(null),
  origin: origin.nullable().default(null),
});
export type AnnotationFields = z.infer<typeof annotationFields>;

export const annotation = annotationFields.extend({
  id: uuid,
  /** Counts the operations that changed this annotation, from 1. */
  rev: z.number().int().min(1),
});
export type Annotation = z.infer<typeof annotation>;

/** Axis-aligned bounds. */
export interface Bounds { x0: number; y0: number; x1: number; y1: number }

/** The bounds of a geometry in pixels; of landmarks, of the points placed. Zero-sized at the origin when nothing is there. */
export function geometryBounds(g: Geometry): Bounds {
  if (g.kind === 'box') return { x0: g.x0, y0: g.y0, x1: g.x1, y1: g.y1 };
  if (g.kind === 'mask') {
    const b = maskBounds(maskFromString(g.mask));
    return { x0: b.x, y0: b.y, x1: b.x + b.width, y1: b.y + b.height };
  }
  const placed = g.points.filter((p) => p.v > 0);
  if (placed.length === 0) return { x0: 0, y0: 0, x1: 0, y1: 0 };
  return {
    x0: Math.min(...placed.map((p) => p.x)),
    y0: Math.min(...placed.map((p) => p.y)),
    x1: Math.max(...placed.map((p) => p.x)),
    y1: Math.max(...placed.map((p) => p.y)),
  };
}

/** Attribute values a new annotation of this class starts with. */
export function defaultAttributes(labelClass: LabelClass): Record<string, AttributeValue> {
  const values: Record<string, AttributeValue> = {};
  for (const a of labelClass.attributes) if (a.default != null && a.default !== false) values[a.id] = a.default;
  return values;
}

/**
 * What is wrong with these fields under this label schema, in words, or null when nothing is: the class must exist, its
 * kind and number of points must fit, and attribute values must have their types and bounds.
 */
export function checkAgainstSchema(fields: Pick<AnnotationFields, 'classId' | 'geometry' | 'attributes'>, schema: LabelSchema): string | null {
  const cls = schema.classes.find((c) => c.id === fields.classId);
  if (!cls) return `there is no class ${fields.classId} in the label schema`;
  if (cls.kind !== fields.geometry.kind) return `class "${cls.name}" takes ${cls.kind}, not ${fields.geometry.kind}`;
  if (fields.geometry.kind === 'landmarks') {
    const expected = cls.skeleton!.points.length;
    if (fields.geometry.points.length !== expected) return `class "${cls.name}" has ${expected} points, not ${fields.geometry.points.length}`;
  }
  for (const [id, value] of Object.entries(fields.attributes)) {
    if (value === null) continue;
    const a = cls.attributes.find((x) => x.id === id);
    if (!a) return `class "${cls.name}" has no attribute ${id}`;
    const wrong =
      a.type === 'select' ? !a.options.some((o) => o.id === value)
      : a.type === 'number' ? typeof value !== 'number' || (a.min != null && value < a.min) || (a.max != null && value > a.max)
      : a.type === 'text' ? typeof value !== 'string' || value.length > a.maxLength
      : typeof value !== 'boolean';
    if (wrong) return `attribute "${a.name}" of class "${cls.name}" does not take ${JSON.stringify(value)}`;
  }
  return null;
}
