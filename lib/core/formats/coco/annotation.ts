/** One annotation of a COCO file → annotations of the interchange model. */
import { pointBounds, type Point, type Size } from '../../geometry/box';
import type { AttributeValue, Visibility } from '../../labels';
import { MaskError, fromCocoRle, maskToString, polygonMask, type CocoRle, type Mask } from '../../masks';
import { plainAnnotation, type DatasetIssue, type InterchangeAnnotation, type InterchangeClass } from '../dataset';

export type CocoAnnotation = Record<string, unknown>;

interface Context {
  /** Of the JSON file. */
  path: string;
  image: string;
  categories: ReadonlyMap<number, InterchangeClass>;
  /** The size that the file declares of the image. */
  size: Size | null;
  issues: DatasetIssue[];
}

/**
 * An object with a mask becomes a mask (its box is the mask's), else a box; one with keypoints becomes landmarks as well, grouped
 * with the mask or box unless that box says no more than the points do.
 */
export function readCocoAnnotation(value: CocoAnnotation, ctx: Context): InterchangeAnnotation[] {
  const category = ctx.categories.get(value['category_id'] as number);
  const where = `"${ctx.path}", annotation ${String(value['id'] ?? '?')} of "${ctx.image}"`;
  const fail = (code: string, message: string) => {
    ctx.issues.push({ severity: 'error', code, path: ctx.path, message: `${where}: ${message}` });
    return [];
  };
  if (!category) return fail('unknown-class', `there is no category ${JSON.stringify(value['category_id'])}; it was not imported.`);

  const { attributes, flags } = readAttributes(value);
  const more = { ...flags, attributes, crowd: value['iscrowd'] === 1 || value['iscrowd'] === true, score: typeof value['score'] === 'number' && value['score'] >= 0 && value['score'] <= 1 ? value['score'] : null };
  const out: InterchangeAnnotation[] = [];

  let mask: Mask | null = null;
  try {
    mask = readSegmentation(value['segmentation'], ctx.size);
  } catch (error) {
    if (!(error instanceof MaskError)) throw error;
    return fail('bad-mask', `its segmentation cannot be read: ${error.message}; it was not imported.`);
  }
  const points = readKeypoints(value['keypoints']);
  if (points === 'bad') return fail('bad-keypoints', 'its keypoints are not triples of x, y and visibility; it was not imported.');
  if (points && category.skeleton && points.length !== category.skeleton.points.length) return fail('bad-keypoints', `it has ${points.length} keypoints, but category "${category.name}" has ${category.skeleton.points.length}; it was not imported.`);
  const bbox = readBbox(value['bbox']);
  const placed = points?.filter((p) => p.v > 0) ?? [];
  const bounds = pointBounds(placed);
  const noBox = bbox === null || bbox === 'bad' || (bbox.x1 - bbox.x0 === 0 && bbox.y1 - bbox.y0 === 0);
  if (points && (placed.length > 0 || (noBox && !mask))) out.push(plainAnnotation(category.name, { kind: 'landmarks', v: 1, points }, more));
  if (mask && mask.width > 0) out.push(plainAnnotation(category.name, { kind: 'mask', v: 1, mask: maskToString(mask) }, more));
  else if (mask) return out.length > 0 ? out : fail('zero-area', 'its segmentation covers no pixel; it was not imported.');
  else if (bbox === 'bad') {
    if (out.length === 0) return fail('bad-number', 'its bbox is not four numbers; it was not imported.');
  } else if (bbox) {
    const sameAsPoints = out.length > 0 && bounds !== null && [bbox.x0 - bounds.x0, bbox.y0 - bounds.y0, bbox.x1 - bounds.x1, bbox.y1 - bounds.y1].every((d) => Math.abs(d) < 1e-6);
    if (bbox.x1 > bbox.x0 && bbox.y1 > bbox.y0) {
      if (!sameAsPoints) out.push(plainAnnotation(category.name, { kind: 'box', v: 1, ...bbox }, more));
    } else if (out.length === 0) return fail('zero-area', `its box of ${bbox.x1 - bbox.x0} × ${bbox.y1 - bbox.y0} pixels at (${bbox.x0}, ${bbox.y0}) has no area; it was not imported.`);
  }
  if (out.length === 0) return fail('no-geometry', 'it has neither box, mask nor keypoints; it was not imported.');
  const group = typeof value['group'] === 'string' || typeof value['group'] === 'number' ? String(value['group']) : out.length > 1 ? `annotation ${String(value['id'])}` : null;
  return out.map((a) => ({ ...a, group }));
}

const flagNames = ['truncated', 'occluded', 'difficult'] as const;

/** Flags stand beside the other members as this product writes them, or among the attributes as CVAT and Datumaro do. */
function readAttributes(value: CocoAnnotation) {
  const given = typeof value['attributes'] === 'object' && value['attributes'] !== null && !Array.isArray(value['attributes']) ? (value['attributes'] as Record<string, unknown>) : {};
  const flags = { truncated: false, occluded: false, difficult: false };
  const attributes: Record<string, AttributeValue> = {};
  for (const [name, v] of Object.entries(given)) {
    if (v === null || (typeof v !== 'string' && typeof v !== 'number' && typeof v !== 'boolean')) continue;
    const flag = flagNames.find((f) => f === name);
    if (flag && typeof v === 'boolean') flags[flag] = v;
    else attributes[name] = v;
  }
  for (const flag of flagNames) if (value[flag] === true || value[flag] === 1) flags[flag] = true;
  return { attributes, flags };
}

function readBbox(value: unknown): { x0: number; y0: number; x1: number; y1: number } | null | 'bad' {
  if (value === undefined || value === null || (Array.isArray(value) && value.length === 0)) return null;
  if (!Array.isArray(value) || value.length !== 4) return 'bad';
  const [x, y, w, h] = value.map((n) => (typeof n === 'string' ? Number(n) : n)) as unknown[];
  if (![x, y, w, h].every((n) => typeof n === 'number' && Number.isFinite(n))) return 'bad';
  return { x0: x as number, y0: y as number, x1: (x as number) + (w as number), y1: (y as number) + (h as number) };
}

function readKeypoints(value: unknown): { x: number; y: number; v: Visibility }[] | null | 'bad' {
  if (!Array.isArray(value) || value.length === 0) return null;
  if (value.length % 3 !== 0 || !value.every((n) => typeof n === 'number' && Number.isFinite(n))) return 'bad';
  const points: { x: number; y: number; v: Visibility }[] = [];
  for (let i = 0; i < value.length; i += 3) {
    const v = value[i + 2] as number;
    if (v !== 0 && v !== 1 && v !== 2) return 'bad';
    points.push(v === 0 ? { x: 0, y: 0, v } : { x: value[i] as number, y: value[i + 1] as number, v });
  }
  return points;
}

/** Null when there is none. Polygons need the image's size. @throws MaskError */
function readSegmentation(value: unknown, size: Size | null): Mask | null {
  if (value === undefined || value === null) return null;
  if (Array.isArray(value)) {
    if (value.length === 0) return null;
    // One flat ring instead of a list of rings: a slip of some tools.
    const rings = (typeof value[0] === 'number' ? [value] : value) as unknown[];
    const points = rings.map((ring) => {
      if (!Array.isArray(ring) || ring.length % 2 !== 0 || !ring.every((n) => typeof n === 'number' && Number.isFinite(n))) throw new MaskError('a polygon is not a list of x, y pairs');
      const list: Point[] = [];
      for (let i = 0; i < ring.length; i += 2) list.push({ x: ring[i] as number, y: ring[i + 1] as number });
      return list;
    }).filter((ring) => ring.length >= 3);
    if (points.length === 0) return null;
    if (!size) throw new MaskError('the file does not state the size of the image, which a polygon needs');
    return polygonMask(points, size);
  }
  if (typeof value !== 'object') throw new MaskError('it is neither a list of polygons nor run lengths');
  const { size: rleSize, counts } = value as Record<string, unknown>;
  if (!Array.isArray(rleSize) || rleSize.length !== 2 || !rleSize.every((n) => Number.isInteger(n) && (n as number) > 0)) throw new MaskError('its run lengths have no size');
  if (typeof counts !== 'string' && !(Array.isArray(counts) && counts.every((n) => typeof n === 'number'))) throw new MaskError('its run lengths have no counts');
  return fromCocoRle({ size: rleSize as [number, number], counts } as CocoRle);
}
