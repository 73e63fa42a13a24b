/** COCO JSON: instances and keypoints, with boxes, polygons, run lengths. See README.md. */
import { fileName, folderOf, withoutExtension, type Source, type SourceEntry } from '../../io';
import { DatasetError, type DatasetIssue, type DatasetReading, type DatasetSplit, type FormatDetection, type FormatReader, type InterchangeClass, type InterchangeItem, type ReadOptions } from '../dataset';
import { finishItem, unlabelledItem } from '../finish';
import { ImageIndex, isHidden } from '../images';
import { JsonStreamError, jsonPieces } from '../jsonStream';
import { folderSplits, splitInName } from '../splits';
import { readCocoAnnotation, type CocoAnnotation } from './annotation';
import type { Size } from '../../geometry/box';

export const cocoReader: FormatReader = { id: 'coco', detect, read };

function jsonFiles(entries: readonly SourceEntry[]): SourceEntry[] {
  return entries.filter((e) => e.path.toLowerCase().endsWith('.json') && !isHidden(e.path));
}

async function detect(source: Source): Promise<FormatDetection> {
  const files = jsonFiles(await source.list());
  if (files.length === 0) return { confidence: 0, reason: 'there are no JSON files' };
  // Datasets of one JSON file an image have many; COCO has a handful.
  const sample = [...files].sort((a, b) => b.size - a.size).slice(0, 4);
  for (const file of sample) if ((await cocoMembers(file)).size >= 2) return { confidence: 0.9, reason: `"${file.path}" has the members of a COCO file` };
  return { confidence: 0, reason: 'no JSON file is a COCO dataset' };
}

/** Which of COCO's top-level members a file has, looking no further than needed. */
async function cocoMembers(file: SourceEntry): Promise<Set<string>> {
  const found = new Set<string>();
  let pieces = 0;
  try {
    for await (const piece of jsonPieces(file.open(), 4_000_000)) {
      if (['images', 'annotations', 'categories'].includes(piece.key) && piece.element) found.add(piece.key);
      // Thousands of images may come before the first category.
      if (found.size >= 2 || ++pieces > 200_000) break;
    }
  } catch (error) {
    if (!(error instanceof JsonStreamError)) throw error;
  }
  return found;
}

/** What the files say of one image; annotations stay text until their turn. */
interface ImageRecord {
  path: string;
  image: SourceEntry | null;
  declaredSize?: Size;
  split?: DatasetSplit;
  /** By file: annotation texts. */
  annotations: { file: CocoFile; text: string }[];
  issues: DatasetIssue[];
}
interface CocoFile {
  path: string;
  split?: DatasetSplit;
  categories: Map<number, InterchangeClass>;
}

async function read(source: Source, options: ReadOptions = {}): Promise<DatasetReading> {
  const entries = await source.list();
  // Panoptic segments lie as pictures in a folder beside the file of the same name.
  const panopticFolders = new Set(jsonFiles(entries).map((e) => withoutExtension(e.path)));
  const images = new ImageIndex(entries, (path) => panopticFolders.has(folderOf(path)));
  const issues: DatasetIssue[] = [];
  const records = new Map<string, ImageRecord>();
  const classes = new Map<string, InterchangeClass>();
  const byFolder = folderSplits(images.images.map((i) => i.path));
  let files = 0;
  for (const entry of jsonFiles(entries)) {
    options.signal?.throwIfAborted();
    if (await readFile(entry, { images, records, classes, issues, byFolder })) files++;
  }
  if (files === 0) throw new DatasetError('There is no COCO file here: a JSON file with "images", "annotations" and "categories".');

  async function* items(): AsyncGenerator<InterchangeItem> {
    for (const image of images.images) {
      options.signal?.throwIfAborted();
      const record = records.get(image.path);
      const split = record?.split ?? byFolder(image.path);
      const item = record ? itemOf(record) : unlabelledItem(image);
      yield finishItem(split ? { ...item, split } : item, options);
    }
    for (const record of records.values()) {
      if (record.image) continue;
      yield { path: record.path, image: null, width: null, height: null, frame: 'oriented', labelled: true, annotations: [], issues: [...record.issues, { severity: 'error', code: 'no-image', path: record.path, message: `The image "${record.path}" is not there: its ${record.annotations.length} annotations were left out.` }] };
    }
  }
  return { classes: [...classes.values()], issues, items };
}

interface Gathered {
  images: ImageIndex;
  records: Map<string, ImageRecord>;
  classes: Map<string, InterchangeClass>;
  issues: DatasetIssue[];
  byFolder: (path: string) => DatasetSplit | undefined;
}

/** Reads a file into the records; false when it is not COCO's. */
async function readFile(entry: SourceEntry, { images, records, classes, issues, byFolder }: Gathered): Promise<boolean> {
  const split = splitInName(fileName(entry.path)) ?? byFolder(entry.path);
  const file: CocoFile = { path: entry.path, split, categories: new Map() };
  const byId = new Map<string, ImageRecord>();
  /** Annotations that came before their image. */
  const early: { imageId: string; text: string }[] = [];
  const keys = new Set<string>();
  let panoptic = 0;
  let strays = 0;
  let supercategories: { id: number; name: string; parent: string }[] = [];
  const problem = (message: string) => issues.push({ severity: 'error', code: 'unreadable', path: entry.path, message });
  try {
    for await (const { key, text, element } of jsonPieces(entry.open())) {
      if (!element || !['images', 'annotations', 'categories'].includes(key)) continue;
      keys.add(key);
      let value: Record<string, unknown>;
      try {
        value = JSON.parse(text) as Record<string, unknown>;
        if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new SyntaxError();
      } catch {
        problem(`An entry of "${key}" in "${entry.path}" is not valid JSON and was left out: ${text.slice(0, 60)}…`);
        continue;
      }
      if (key === 'categories') {
        if (typeof value['name'] !== 'string' || !Number.isInteger(value['id'])) problem(`A category of "${entry.path}" has no id or no name and was left out.`);
        else {
          file.categories.set(value['id'] as number, classOf(value));
          supercategories.push({ id: value['id'] as number, name: value['name'], parent: String(value['supercategory'] ?? '') });
        }
      } else if (key === 'images') {
        if (typeof value['file_name'] !== 'string' || value['id'] === undefined) problem(`An image of "${entry.path}" has no id or no file_name and was left out.`);
        else byId.set(String(value['id']), recordOf(value, file, images, records));
      } else if ('segments_info' in value) panoptic++;
      else early.push({ imageId: String(value['image_id']), text });
    }
  } catch (error) {
    if (!(error instanceof JsonStreamError)) throw error;
    // A project file of some other tool is nobody's concern.
    if (keys.size >= 2) problem(`"${entry.path}" is damaged: ${error.message}. What came before was read.`);
  }
  // A file of results (a bare list) or another tool's JSON has none of these.
  if (!keys.has('images')) return false;
  for (const { imageId, text } of early) {
    const record = byId.get(imageId);
    if (record) record.annotations.push({ file, text });
    else strays++;
  }
  if (panoptic > 0) issues.push({ severity: 'warning', code: 'panoptic-not-read', path: entry.path, message: `"${entry.path}" holds panoptic segments, which are not read.` });
  if (strays > 0) issues.push({ severity: 'error', code: 'no-image', path: entry.path, message: `${strays} annotations of "${entry.path}" name an image_id that the file does not list; they were left out.` });
  // Roboflow lists the name of the whole dataset as a category of its own, above the others.
  const parents = new Set(supercategories.map((c) => c.parent));
  supercategories = supercategories.filter((c) => !(parents.has(c.name) && (c.parent === 'none' || c.parent === '') && supercategories.length > 1));
  for (const { id } of supercategories) {
    const c = file.categories.get(id)!;
    const k = `${c.kind}\u0000${c.name}`;
    if (!classes.has(k)) classes.set(k, c);
  }
  return true;
}

function recordOf(value: Record<string, unknown>, file: CocoFile, images: ImageIndex, records: Map<string, ImageRecord>): ImageRecord {
  const name = value['file_name'] as string;
  const match = images.named(name, file.path, file.split);
  const path = match.image?.path ?? name;
  let record = records.get(path);
  if (!record) {
    record = { path, image: match.image, annotations: [], issues: [] };
    if (!match.image && match.ambiguous.length > 0) record.issues.push({ severity: 'error', code: 'ambiguous-image', path: file.path, message: `"${name}" in "${file.path}" could be any of ${match.ambiguous.slice(0, 3).map((p) => `"${p}"`).join(', ')}.` });
    records.set(path, record);
  }
  const { width, height } = value;
  if (typeof width === 'number' && typeof height === 'number' && width > 0 && height > 0) record.declaredSize ??= { width, height };
  if (file.split) {
    if (record.split && record.split !== file.split) record.issues.push({ severity: 'warning', code: 'two-splits', path, message: `"${path}" is listed under ${record.split} and under ${file.split}; it stays in ${record.split}.` });
    record.split ??= file.split;
  }
  return record;
}

/** `a` and `b` are partners when their names differ in left/right only. */
function pairsByName(names: readonly string[]): [number, number][] {
  const pairs: [number, number][] = [];
  names.forEach((name, i) => {
    if (!/left/i.test(name)) return;
    const partner = names.findIndex((n) => n.toLowerCase() === name.toLowerCase().replace('left', 'right'));
    if (partner >= 0) pairs.push([i, partner]);
  });
  return pairs;
}

function indexPairs(value: unknown, points: number): [number, number][] {
  if (!Array.isArray(value)) return [];
  const edges = value.filter((e): e is [number, number] => Array.isArray(e) && e.length === 2 && e.every((n) => Number.isInteger(n)));
  // COCO counts from 1; some tools from 0, and then a 0 shows.
  const first = edges.some((e) => e.includes(0)) ? 0 : 1;
  return edges.map(([a, b]): [number, number] => [a - first, b - first]).filter(([a, b]) => a !== b && a >= 0 && b >= 0 && a < points && b < points);
}

function classOf(category: Record<string, unknown>): InterchangeClass {
  const name = category['name'] as string;
  const index = category['id'] as number;
  const color = typeof category['color'] === 'string' && /^#[0-9a-f]{6}$/i.test(category['color']) ? { color: category['color'] } : {};
  const points = Array.isArray(category['keypoints']) ? category['keypoints'].map(String) : [];
  if (points.length === 0) return { name, kind: 'box', index, ...color };
  const declared = indexPairs(category['pairs'], points.length);
  return { name, kind: 'landmarks', index, ...color, skeleton: { points, edges: indexPairs(category['skeleton'], points.length), pairs: declared.length > 0 ? declared : pairsByName(points) } };
}

function itemOf(record: ImageRecord): InterchangeItem {
  const item: InterchangeItem = { ...unlabelledItem(record.image!), labelled: true, ...(record.declaredSize && { declaredSize: record.declaredSize }), issues: [...record.issues] };
  // instances_*.json and person_keypoints_*.json say of the same object, under the same id, one thing each.
  const merged = new Map<string, { file: CocoFile; value: CocoAnnotation }>();
  record.annotations.forEach(({ file, text }, i) => {
    const value = JSON.parse(text) as CocoAnnotation;
    const name = value.id === undefined ? `#${i}` : `${value.id} ${file.categories.get(value.category_id as number)?.name}`;
    const before = merged.get(name);
    if (!before) merged.set(name, { file, value });
    else if (before.file === file) merged.set(`${name} #${i}`, { file, value });
    else merged.set(name, { file: 'keypoints' in value ? file : before.file, value: { ...before.value, ...value } });
  });
  for (const { file, value } of merged.values()) item.annotations.push(...readCocoAnnotation(value, { path: file.path, image: record.path, categories: file.categories, size: record.declaredSize ?? null, issues: item.issues }));
  return item;
}
