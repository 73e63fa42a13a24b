/**
 * Ground truth and results as COCO files hold them → images for the evaluators. Checks every entry: the files come from anywhere.
 * Source: cocodataset.org, "Data format" and "Results format".
 */
import type { Box } from '../geometry/box';
import type { Landmark } from '../geometry/landmarks';
import { fileName as fileNameOf } from '../io';
import { MaskError, fromCocoRle, polygonMask, type CocoRle, type Mask } from '../masks';
import type { CocoDetection, CocoGroundTruth, CocoImage } from './coco';
import type { IouType } from './similarity';

/** The file is not what it should be; the message says where. */
export class CocoFileError extends Error {
  override readonly name = 'CocoFileError';
}

export interface CocoCategory {
  id: number;
  name: string;
  /** Names of keypoints; empty where it has none. */
  keypoints: readonly string[];
  /** Falloffs of its keypoints, where the file gives them (`sigmas`). */
  sigmas: readonly number[] | null;
}

export interface CocoTruthFile {
  categories: CocoCategory[];
  images: { id: string | number; fileName: string | null; width: number | null; height: number | null }[];
  /** By image id. */
  truths: Map<string | number, CocoGroundTruth[]>;
  annotations: number;
  /** Annotations without the shape that is evaluated (a mask, keypoints): left out. */
  withoutShape: number;
}

type Json = Record<string, unknown>;
const isObject = (v: unknown): v is Json => typeof v === 'object' && v !== null && !Array.isArray(v);
const isId = (v: unknown): v is string | number => typeof v === 'string' || typeof v === 'number';
const isNumber = (v: unknown): v is number => typeof v === 'number' && Number.isFinite(v);

/** @throws CocoFileError */
export function readCocoTruth(json: unknown, type: IouType): CocoTruthFile {
  if (!isObject(json) || !Array.isArray(json['images']) || !Array.isArray(json['annotations']) || !Array.isArray(json['categories'])) throw new CocoFileError('it has no "images", "annotations" and "categories"');
  const categories = json['categories'].map((c: unknown, i): CocoCategory => {
    if (!isObject(c) || !isNumber(c['id']) || typeof c['name'] !== 'string') throw new CocoFileError(`category ${i} has no id or no name`);
    const sigmas = Array.isArray(c['sigmas']) && c['sigmas'].every((s) => isNumber(s) && s > 0) ? (c['sigmas'] as number[]) : null;
    return { id: c['id'], name: c['name'], keypoints: Array.isArray(c['keypoints']) ? c['keypoints'].map(String) : [], sigmas };
  });
  const known = new Set(categories.map((c) => c.id));
  const images: CocoTruthFile['images'] = [];
  const truths = new Map<string | number, CocoGroundTruth[]>();
  const sizes = new Map<string | number, { width: number; height: number }>();
  json['images'].forEach((image: unknown, i) => {
    if (!isObject(image) || !isId(image['id'])) throw new CocoFileError(`image ${i} has no id`);
    if (truths.has(image['id'])) throw new CocoFileError(`image ${image['id']} is listed twice`);
    const [width, height] = [image['width'], image['height']];
    const size = isNumber(width) && isNumber(height) && width > 0 && height > 0 ? { width, height } : null;
    if (size) sizes.set(image['id'], size);
    images.push({ id: image['id'], fileName: typeof image['file_name'] === 'string' ? image['file_name'] : null, width: size?.width ?? null, height: size?.height ?? null });
    truths.set(image['id'], []);
  });
  let withoutShape = 0;
  json['annotations'].forEach((a: unknown, i) => {
    const where = `annotation ${isObject(a) && isId(a['id']) ? a['id'] : `at ${i}`}`;
    if (!isObject(a) || !isId(a['image_id'])) throw new CocoFileError(`${where} has no image_id`);
    const list = truths.get(a['image_id']);
    if (!list) throw new CocoFileError(`${where} speaks of image ${a['image_id']}, which is not listed`);
    if (!isNumber(a['category_id']) || !known.has(a['category_id'])) throw new CocoFileError(`${where} has the category ${JSON.stringify(a['category_id'])}, which is not listed`);
    const shape = shapeOf(a, type, where, sizes.get(a['image_id']) ?? null);
    if (!shape) {
      withoutShape++;
      return;
    }
    list.push({ id: isId(a['id']) ? a['id'] : i, classId: a['category_id'], crowd: a['iscrowd'] === 1 || a['iscrowd'] === true, ...shape, ...(isNumber(a['area']) && { area: a['area'] }) });
  });
  return { categories, images, truths, annotations: json['annotations'].length, withoutShape };
}

export interface CocoResults {
  images: CocoImage[];
  detections: number;
  /** Detections of categories that the truth does not have: they count nowhere, as in the reference. */
  unknownCategory: number;
}

/**
 * Finds the image of a ground truth that a file is: by its whole name, else by the end of its path, else by the name alone where
 * only one image has it. `several`: the name alone is not enough.
 */
export function imageFinder(images: CocoTruthFile['images']): (file: string) => { id: string | number } | 'several' | null {
  const byPath = new Map<string, string | number>();
  const byName = new Map<string, { id: string | number } | 'several'>();
  for (const { id, fileName } of images) {
    if (fileName === null) continue;
    byPath.set(fileName, id);
    byName.set(fileNameOf(fileName), byName.has(fileNameOf(fileName)) ? 'several' : { id });
  }
  return (file) => {
    for (let rest = file; ; rest = rest.slice(rest.indexOf('/') + 1)) {
      const id = byPath.get(rest);
      if (id !== undefined) return { id };
      if (!rest.includes('/')) return byName.get(rest) ?? null;
    }
  };
}

/** Finds the category of a name; case does not count. Null where none has it, or several. */
export function categoryFinder(categories: readonly CocoCategory[]): (name: string) => number | null {
  const byName = new Map<string, number | null>();
  for (const { id, name } of categories) byName.set(name.toLowerCase(), byName.has(name.toLowerCase()) ? null : id);
  return (name) => byName.get(name.toLowerCase()) ?? null;
}

/**
 * Results (a list of detections, or a file in the form of the truth with scores) with the truth of their images. An `image_id`
 * may also be the image's file name (see `imageFinder`). Where a detection names its category (`category_name`), the name decides and
 * not the number: numbers of a model that was not made from this truth mean other classes.
 * @throws CocoFileError, also when a detection is of an image that the truth does not list
 */
export function readCocoResults(json: unknown, truth: CocoTruthFile, type: IouType): CocoResults {
  const list = Array.isArray(json) ? json : isObject(json) && Array.isArray(json['annotations']) ? (json['annotations'] as unknown[]) : null;
  if (!list) throw new CocoFileError('it is not a list of detections');
  const byId = new Map(truth.images.map((image) => [image.id, { id: image.id, groundTruth: truth.truths.get(image.id)!, detections: [] as CocoDetection[] }]));
  const sizes = new Map(truth.images.map((i) => [i.id, i.width !== null && i.height !== null ? { width: i.width, height: i.height } : null]));
  const byText = new Map(truth.images.map((image) => [String(image.id), image.id]));
  const fileOf = imageFinder(truth.images);
  const find = (given: string | number, where: string) => {
    if (byId.has(given)) return byId.get(given);
    const file = typeof given === 'string' ? fileOf(given) : null;
    if (file === 'several') throw new CocoFileError(`${where} speaks of image "${given}", but the ground truth has several images of that name: give more of the path, or the id`);
    return byId.get(file?.id ?? byText.get(String(given)) ?? '');
  };
  const categoryOf = categoryFinder(truth.categories);
  const nameOf = new Map(truth.categories.map((c) => [c.id, c.name.toLowerCase()]));
  const known = new Set(truth.categories.map((c) => c.id));
  let unknownCategory = 0;
  list.forEach((d: unknown, i) => {
    const where = `detection ${i}`;
    if (!isObject(d) || !isId(d['image_id'])) throw new CocoFileError(`${where} has no image_id`);
    const image = find(d['image_id'], where);
    if (!image) throw new CocoFileError(`${where} speaks of image ${JSON.stringify(d['image_id'])}, which the ground truth does not list`);
    if (!isNumber(d['score'])) throw new CocoFileError(`${where} has no score`);
    if (!isNumber(d['category_id'])) throw new CocoFileError(`${where} has no category_id`);
    const name = d['category_name'];
    const category = typeof name !== 'string' || nameOf.get(d['category_id']) === name.toLowerCase() ? d['category_id'] : categoryOf(name);
    if (category === null || !known.has(category)) {
      unknownCategory++;
      return;
    }
    const shape = shapeOf(d, type, where, sizes.get(image.id) ?? null);
    if (!shape) throw new CocoFileError(`${where} has no ${type === 'bbox' ? 'bbox' : type === 'segm' ? 'segmentation' : 'keypoints'}`);
    // As in the reference, a detection's area is that of its box where it has one, whatever its file says.
    const area = shape.box && { area: (shape.box.x1 - shape.box.x0) * (shape.box.y1 - shape.box.y0) };
    image.detections.push({ id: i + 1, classId: category, score: d['score'], ...shape, ...area });
  });
  return { images: [...byId.values()], detections: list.length, unknownCategory };
}

/** What is compared; null when it is not there. */
function shapeOf(a: Json, type: IouType, where: string, size: { width: number; height: number } | null): { box?: Box; mask?: Mask; keypoints?: Landmark[] } | null {
  const box = boxOf(a['bbox'], where);
  if (type === 'bbox') return box && { box };
  const more = box ? { box } : {};
  if (type === 'segm') {
    const mask = maskOf(a['segmentation'], where, size);
    return mask && { mask, ...more };
  }
  const flat: unknown = a['keypoints'];
  if (!Array.isArray(flat) || flat.length === 0) return null;
  if (flat.length % 3 !== 0 || !flat.every(isNumber)) throw new CocoFileError(`the keypoints of ${where} are not triples of x, y and visibility`);
  return { keypoints: Array.from({ length: flat.length / 3 }, (_, k) => ({ x: flat[3 * k]!, y: flat[3 * k + 1]!, v: flat[3 * k + 2]! })), ...more };
}

function boxOf(value: unknown, where: string): Box | null {
  if (value === undefined || value === null || (Array.isArray(value) && value.length === 0)) return null;
  if (!Array.isArray(value) || value.length !== 4 || !value.every(isNumber)) throw new CocoFileError(`the bbox of ${where} is not four numbers`);
  const [x, y, w, h] = value as [number, number, number, number];
  return { x0: x, y0: y, x1: x + w, y1: y + h };
}

function maskOf(value: unknown, where: string, size: { width: number; height: number } | null): Mask | null {
  if (value === undefined || value === null || (Array.isArray(value) && value.length === 0)) return null;
  try {
    if (Array.isArray(value)) {
      if (!size) throw new CocoFileError(`${where} is a polygon, but the size of its image is not given`);
      const rings = value.map((ring: unknown) => {
        if (!Array.isArray(ring) || ring.length % 2 !== 0 || !ring.every(isNumber)) throw new CocoFileError(`${where} has a polygon that is not a list of x, y pairs`);
        return Array.from({ length: ring.length / 2 }, (_, i) => ({ x: ring[2 * i]!, y: ring[2 * i + 1]! }));
      });
      return polygonMask(rings, size);
    }
    if (!isObject(value) || !isSize(value['size']) || !(typeof value['counts'] === 'string' || (Array.isArray(value['counts']) && value['counts'].every(isNumber)))) throw new CocoFileError(`the segmentation of ${where} is neither polygons nor run lengths`);
    return fromCocoRle(value as unknown as CocoRle);
  } catch (error) {
    if (error instanceof MaskError) throw new CocoFileError(`the segmentation of ${where} cannot be read: ${error.message}`);
    throw error;
  }
}

function isSize(value: unknown): boolean {
  return Array.isArray(value) && value.length === 2 && value.every((n) => Number.isInteger(n) && n > 0);
}
