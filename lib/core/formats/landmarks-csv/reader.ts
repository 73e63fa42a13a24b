/** Landmark tables: one CSV a split, a row an object. See README.md. */
import { comparePaths, extensionOf, fileName, withoutExtension, type Source, type SourceEntry } from '../../io';
import type { LandmarkPoint, Visibility } from '../../labels';
import { CsvError, csvRows } from '../csv';
import { DatasetError, plainAnnotation, type DatasetIssue, type DatasetReading, type DatasetSplit, type FormatDetection, type FormatReader, type InterchangeClass, type InterchangeItem, type ReadOptions } from '../dataset';
import { finishItem, unlabelledItem } from '../finish';
import { ImageIndex, isHidden } from '../images';
import { folderSplits, splitInName } from '../splits';
import { faces68, looksLikeFace } from './faces68';
import { columnsOf, type Columns } from './table';

export const landmarksCsvReader: FormatReader = { id: 'landmarks-csv', detect, read };

/** The class of objects when no column names one. */
const NAMELESS = 'landmarks';
const MAX_COORDINATE = 1_000_000;
/** Rows looked at to recognise a format, or a face. */
const SAMPLES = 20;

function tables(entries: readonly SourceEntry[]): SourceEntry[] {
  return entries.filter((e) => extensionOf(e.path) === 'csv' && !isHidden(e.path));
}

async function detect(source: Source): Promise<FormatDetection> {
  const entries = await source.list();
  const images = new ImageIndex(entries);
  for (const file of tables(entries)) {
    try {
      let columns: Columns | null = null;
      let [rows, hits] = [0, 0];
      for await (const { cells } of csvRows(file.open())) {
        if (!columns) {
          columns = columnsOf(cells);
          if (!columns) break;
          continue;
        }
        rows++;
        const match = images.named(cells[columns.image] ?? '', file.path, splitInName(fileName(file.path)));
        if ((match.image || match.ambiguous.length > 0) && numbersOf(cells, columns) !== null) hits++;
        if (rows === SAMPLES) break;
      }
      if (columns && hits > 0 && hits >= rows / 2) return { confidence: 0.85, reason: `"${file.path}" lists images with ${columns.points.length} points each` };
    } catch (error) {
      if (!(error instanceof CsvError)) throw error;
    }
  }
  return { confidence: 0, reason: 'no CSV file lists images and points' };
}

/** One object: x, y (NaN where nothing is placed) and, where the table has it, visibility of each point. */
interface ObjectRow {
  className: string | null;
  xy: Float64Array;
  v: Uint8Array | null;
}

interface ImageRecord {
  path: string;
  image: SourceEntry | null;
  split?: DatasetSplit;
  rows: ObjectRow[];
  issues: DatasetIssue[];
}

async function read(source: Source, options: ReadOptions = {}): Promise<DatasetReading> {
  const entries = await source.list();
  const images = new ImageIndex(entries);
  const byFolder = folderSplits(images.images.map((e) => e.path));
  const issues: DatasetIssue[] = [];
  const records = new Map<string, ImageRecord>();
  const skeletons = new Map<string, Columns['points']>();
  let files = 0;
  for (const file of tables(entries)) {
    options.signal?.throwIfAborted();
    if (await readTable(file, { images, records, issues, skeletons, byFolder })) files++;
  }
  if (files === 0) throw new DatasetError('There is no landmark table here: a CSV file with a column "image" and columns of x and y in pixels, such as nose_x, nose_y.');
  const classes = [...skeletons].sort(([a], [b]) => comparePaths(a, b)).map(([name, points]) => classOf(name, points, records, issues));
  const byName = new Map(classes.map(({ given, cls }) => [given, cls]));

  async function* items(): AsyncGenerator<InterchangeItem> {
    for (const image of images.images) {
      options.signal?.throwIfAborted();
      const record = records.get(image.path);
      const split = record?.split ?? byFolder(image.path);
      const item = record ? itemOf(record, image, byName) : unlabelledItem(image);
      yield sayOutside(await finishItem(split ? { ...item, split } : item, options));
    }
    for (const record of records.values()) {
      if (record.image) continue;
      yield { path: record.path, image: null, width: null, height: null, frame: 'oriented', labelled: true, annotations: [], issues: [...record.issues, { severity: 'error', code: 'no-image', path: record.path, message: `The image "${record.path}" is not there: its ${record.rows.length} objects were left out.` }] };
    }
  }
  return { classes: classes.map((c) => c.cls), issues, items };
}

interface Gathered {
  images: ImageIndex;
  records: Map<string, ImageRecord>;
  issues: DatasetIssue[];
  /** Points by class name as tables give it ('' for none). */
  skeletons: Map<string, Columns['points']>;
  byFolder: (path: string) => DatasetSplit | undefined;
}

/** Reads a table into the records; false when it is none of landmarks. */
async function readTable(file: SourceEntry, { images, records, issues, skeletons, byFolder }: Gathered): Promise<boolean> {
  const split = splitInName(withoutExtension(fileName(file.path))) ?? byFolder(file.path);
  let columns: Columns | null = null;
  const fail = (code: string, message: string) => issues.push({ severity: 'error', code, path: file.path, message });
  try {
    for await (const { line, cells } of csvRows(file.open())) {
      if (!columns) {
        columns = columnsOf(cells);
        if (!columns) return false;
        // A table without a row still says which points there are.
        if (columns.className < 0 && !skeletons.has('')) skeletons.set('', columns.points);
        continue;
      }
      const where = `"${file.path}", line ${line}`;
      const name = cells[columns.image] ?? '';
      const numbers = numbersOf(cells, columns);
      if (name === '' || numbers === null) {
        fail('bad-number', `${where}: ${name === '' ? 'there is no image' : 'a coordinate is not a number, or far away'}; the row was not imported.`);
        continue;
      }
      const className = columns.className < 0 ? '' : cells[columns.className] ?? '';
      const known = skeletons.get(className);
      if (known && known.length !== columns.points.length) {
        fail('bad-landmarks', `${where}: it has ${columns.points.length} points, but others ${className ? `of "${className}" ` : ''}have ${known.length}; the row was not imported.`);
        continue;
      }
      if (!known) skeletons.set(className, columns.points);
      recordOf(name, file.path, split, { images, records }).rows.push({ className: className || null, ...numbers });
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    if (!columns) return false;
    fail('unreadable', `"${file.path}" is damaged: ${error.message}. What came before was read.`);
  }
  return columns !== null;
}

function recordOf(name: string, file: string, split: DatasetSplit | undefined, { images, records }: Pick<Gathered, 'images' | 'records'>): ImageRecord {
  const match = images.named(name, file, split);
  const path = match.image?.path ?? name;
  let record = records.get(path);
  if (!record) {
    record = { path, image: match.image, rows: [], issues: [] };
    if (!match.image && match.ambiguous.length > 0) record.issues.push({ severity: 'error', code: 'ambiguous-image', path: file, message: `"${name}" in "${file}" could be any of ${match.ambiguous.slice(0, 3).map((p) => `"${p}"`).join(', ')}.` });
    records.set(path, record);
  }
  if (split) {
    if (record.split && record.split !== split) record.issues.push({ severity: 'warning', code: 'two-splits', path, message: `"${path}" is listed under ${record.split} and under ${split}; it stays in ${record.split}.` });
    record.split ??= split;
  }
  return record;
}

/** The numbers of a row; null when a cell is no number. Empty cells and "nan" are points that are not placed. */
function numbersOf(cells: readonly string[], { points }: Columns): Pick<ObjectRow, 'xy' | 'v'> | null {
  const xy = new Float64Array(points.length * 2).fill(NaN);
  const v = points.some((p) => p.v >= 0) ? new Uint8Array(points.length) : null;
  for (let k = 0; k < points.length; k++) {
    const p = points[k]!;
    const [x, y] = [coordinate(cells[p.x]), coordinate(cells[p.y])];
    if (x === 'bad' || y === 'bad') return null;
    const seen = p.v < 0 ? '' : cells[p.v] ?? '';
    if (v) {
      if (!/^([012](\.0+)?|)$/.test(seen)) return null;
      v[k] = seen === '' ? 2 : Number(seen);
    }
    if (x === null || y === null || v?.[k] === 0) {
      if (v) v[k] = 0;
      continue;
    }
    xy[2 * k] = x;
    xy[2 * k + 1] = y;
  }
  return { xy, v };
}

function coordinate(cell: string | undefined): number | null | 'bad' {
  if (cell === undefined || cell === '' || /^(nan|null|none)$/i.test(cell)) return null;
  const n = Number(cell);
  return Number.isFinite(n) && Math.abs(n) <= MAX_COORDINATE ? n : 'bad';
}

/** A class with its skeleton: 68 nameless points that lie as a face's do are a face. */
function classOf(given: string, points: Columns['points'], records: ReadonlyMap<string, ImageRecord>, issues: DatasetIssue[]): { given: string; cls: InterchangeClass } {
  const nameless = points.every((p) => p.name === null);
  if (nameless && points.length === 68) {
    const sample: ObjectRow[] = [];
    for (const record of records.values()) {
      for (const row of record.rows) if ((row.className ?? '') === given && sample.length < SAMPLES) sample.push(row);
      if (sample.length === SAMPLES) break;
    }
    if (sample.length > 0 && sample.filter((r) => looksLikeFace(r.xy)).length > sample.length / 2) {
      const face = faces68();
      issues.push({ severity: 'warning', code: 'faces-68', message: 'The 68 points have no names, but lie as those of a face: they got the names and left/right partners of iBUG\'s 68 points.' });
      return { given, cls: given === '' ? face : { ...face, name: given } };
    }
  }
  const names = points.map((p, k) => p.name ?? `point ${k + 1}`);
  return { given, cls: { name: given || NAMELESS, kind: 'landmarks', skeleton: { points: names, edges: [], pairs: pairsByName(names) } } };
}

/** `a` and `b` are partners when their names differ in left/right only. */
function pairsByName(names: readonly string[]): [number, number][] {
  return names.flatMap((name, i): [number, number][] => {
    if (!/left/i.test(name)) return [];
    const partner = names.findIndex((n) => n.toLowerCase() === name.toLowerCase().replace('left', 'right'));
    return partner >= 0 ? [[i, partner]] : [];
  });
}

function itemOf(record: ImageRecord, image: SourceEntry, classes: ReadonlyMap<string, InterchangeClass>): InterchangeItem {
  return {
    ...unlabelledItem(image), labelled: true, issues: [...record.issues],
    annotations: record.rows.map((row) => plainAnnotation(classes.get(row.className ?? '')!.name, { kind: 'landmarks', v: 1, points: pointsOf(row) })),
  };
}

function pointsOf({ xy, v }: ObjectRow): LandmarkPoint[] {
  return Array.from({ length: xy.length / 2 }, (_, k) => {
    const [x, y] = [xy[2 * k]!, xy[2 * k + 1]!];
    return Number.isNaN(x) ? { x: 0, y: 0, v: 0 as const } : { x, y, v: (v ? v[k]! : 2) as Visibility };
  });
}

/** Points may lie outside of the image; somebody should know. */
function sayOutside(item: InterchangeItem): InterchangeItem {
  const { width, height } = item;
  if (width === null || height === null) return item;
  let outside = 0;
  for (const { geometry } of item.annotations) if (geometry.kind === 'landmarks') for (const p of geometry.points) if (p.v > 0 && (p.x < 0 || p.y < 0 || p.x > width || p.y > height)) outside++;
  if (outside === 0) return item;
  return { ...item, issues: [...item.issues, { severity: 'warning', code: 'points-outside', path: item.path, message: `${outside} points of "${item.path}" lie outside the image of ${width} × ${height} pixels; they were kept.` }] };
}
