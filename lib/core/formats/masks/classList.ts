/** Lists that say which pixel value, or which colour, is which class. */
import { decodeText, fileName, folderOf, type SourceEntry } from '../../io';
import { csvRows } from '../csv';
import type { DatasetIssue } from '../dataset';

export interface ClassValue {
  value: number;
  name: string;
  /** [red, green, blue] */
  color?: [number, number, number];
}

export interface ClassList {
  path: string;
  /** Values that are classes: neither background nor ignored. In the order of the file. */
  classes: ClassValue[];
  background: ReadonlySet<number>;
  /** Pixels of these values are neither right nor wrong. */
  ignored: ReadonlySet<number>;
  /** Every value with a colour, for masks in colour. */
  colors: ReadonlyMap<number, number>;
}

const MAX_LIST_BYTES = 4_000_000;
/** No mask has more values. */
const MAX_VALUE = 65_535;
const BACKGROUND = /^(_?background_?|bg)$/i;
const IGNORED = /^(void|ignored?|unlabell?ed|unknown|don'?t ?care)$/i;

/** Names of list files, likeliest first. */
const readers: readonly [name: RegExp, read: (bytes: Uint8Array) => Raw | Promise<Raw>][] = [
  [/^classes\.json$/i, (b) => fromClassesJson(JSON.parse(decodeText(b)))],
  [/^dataset_meta\.json$/i, (b) => fromDatumaro(JSON.parse(decodeText(b)))],
  [/^label_?colou?rs\.txt$/i, (b) => fromColorLines(decodeText(b))],
  [/^_classes\.csv$/i, fromRoboflow],
  [/^(classes|labels|class_names|label_names|labelmap)\.txt$/i, (b) => fromNameLines(decodeText(b))],
];

interface Raw {
  entries: ClassValue[];
  background?: number[];
  ignored?: number[];
}

export function isClassList(path: string): boolean {
  return readers.some(([name]) => name.test(fileName(path)));
}

/** The class list nearest to the root; null when there is none. What cannot be read is said. */
export async function readClassList(entries: readonly SourceEntry[], issues: DatasetIssue[]): Promise<ClassList | null> {
  for (const [name, read] of readers) {
    const file = entries.filter((e) => name.test(fileName(e.path))).sort((a, b) => folderOf(a.path).length - folderOf(b.path).length)[0];
    if (!file) continue;
    try {
      const list = finish(file.path, await read(await file.bytes(MAX_LIST_BYTES)));
      if (list) return list;
    } catch (error) {
      issues.push({ severity: 'warning', code: 'unreadable-list', path: file.path, message: `"${file.path}" was not understood as a list of classes (${error instanceof Error ? error.message : 'it is damaged'}): it was left out.` });
    }
  }
  return null;
}

function finish(path: string, { entries, background, ignored }: Raw): ClassList | null {
  const valid = entries.filter((e) => Number.isInteger(e.value) && e.value >= 0 && e.value <= MAX_VALUE && e.name.trim() !== '');
  if (valid.length === 0) return null;
  // Without a word on it, names tell.
  const isBackground = new Set(background ?? valid.filter((e) => BACKGROUND.test(e.name)).map((e) => e.value));
  const isIgnored = new Set((ignored ?? valid.filter((e) => IGNORED.test(e.name)).map((e) => e.value)).filter((v) => !isBackground.has(v)));
  const colors = new Map<number, number>();
  for (const e of valid) if (e.color && !colors.has(colorKey(...e.color))) colors.set(colorKey(...e.color), e.value);
  return { path, classes: valid.filter((e) => !isBackground.has(e.value) && !isIgnored.has(e.value)), background: isBackground, ignored: isIgnored, colors };
}

/** One number a colour. */
export function colorKey(r: number, g: number, b: number): number {
  return (r << 16) | (g << 8) | b;
}

function colorOf(value: unknown): [number, number, number] | undefined {
  if (typeof value === 'string' && /^#[0-9a-f]{6}$/i.test(value)) return [1, 3, 5].map((i) => parseInt(value.slice(i, i + 2), 16)) as [number, number, number];
  return Array.isArray(value) && value.length >= 3 && value.slice(0, 3).every((n) => Number.isInteger(n) && n >= 0 && n <= 255) ? (value.slice(0, 3) as [number, number, number]) : undefined;
}

function numbers(value: unknown): number[] | undefined {
  if (value === null) return [];
  const list = (Array.isArray(value) ? value : [value]).map((v) => (typeof v === 'string' && v.trim() !== '' ? Number(v) : v)).filter((v): v is number => Number.isInteger(v));
  return value === undefined ? undefined : list;
}

/** `{"classes": [{"id", "name", "color"}], "ignore": 11, "background": 0}`, or a list of names, or names by value. */
function fromClassesJson(data: unknown): Raw {
  const record = typeof data === 'object' && data !== null && !Array.isArray(data) ? (data as Record<string, unknown>) : {};
  const list = Array.isArray(data) ? data : record['classes'];
  const named = (item: unknown, value: number): ClassValue[] => {
    if (typeof item === 'string') return [{ value, name: item }];
    if (typeof item !== 'object' || item === null) return [];
    const c = item as Record<string, unknown>;
    const color = colorOf(c['color']);
    return typeof c['name'] === 'string' ? [{ value: Number(c['id'] ?? c['index'] ?? c['value'] ?? value), name: c['name'], ...(color && { color }) }] : [];
  };
  const entries = Array.isArray(list) ? list.flatMap(named) : Object.entries(typeof list === 'object' && list !== null ? list : record).flatMap(([key, v]) => (/^\d{1,5}$/.test(key) && typeof v === 'string' ? [{ value: Number(key), name: v }] : []));
  const background = numbers(record['background']);
  const ignored = numbers(record['ignore'] ?? record['ignored']);
  return { entries, ...(background && { background }), ...(ignored && { ignored }) };
}

/** Datumaro's `dataset_meta.json`. */
function fromDatumaro(data: unknown): Raw {
  const record = typeof data === 'object' && data !== null ? (data as Record<string, unknown>) : {};
  const map = typeof record['label_map'] === 'object' && record['label_map'] !== null ? (record['label_map'] as Record<string, unknown>) : {};
  const colors = Array.isArray(record['segmentation_colors']) ? record['segmentation_colors'] : [];
  const background = numbers(record['background_label']);
  return {
    entries: Object.entries(map).flatMap(([key, name], i) => {
      const color = colorOf(colors[i]);
      return typeof name === 'string' ? [{ value: Number(key), name, ...(color && { color }) }] : [];
    }),
    ...(background && { background }),
  };
}

/** CamVid's `label_colors.txt`: red, green, blue, name. The value is the place in the list. */
function fromColorLines(text: string): Raw {
  return {
    entries: lines(text).flatMap((line, value) => {
      const m = /^(\d+)[\s,]+(\d+)[\s,]+(\d+)[\s,]+(.+)$/.exec(line);
      const color = m ? colorOf([m[1], m[2], m[3]].map(Number)) : undefined;
      return m && color ? [{ value, name: m[4]!.trim(), color }] : [];
    }),
  };
}

/** Roboflow's `_classes.csv`: pixel value, class. */
async function fromRoboflow(bytes: Uint8Array): Promise<Raw> {
  const entries: ClassValue[] = [];
  for await (const { cells } of csvRows((async function* () {
    yield bytes;
  })())) if (/^\d+$/.test(cells[0] ?? '') && cells[1]) entries.push({ value: Number(cells[0]), name: cells[1] });
  return { entries };
}

/** A name a line, in order of value; or `3: name`, `3 name`. */
function fromNameLines(text: string): Raw {
  return {
    entries: lines(text).map((line, i) => {
      const m = /^(\d+)\s*[:=,\s]\s*(.+)$/.exec(line);
      return m ? { value: Number(m[1]), name: m[2]!.trim() } : { value: i, name: line };
    }),
  };
}

function lines(text: string): string[] {
  return text.split(/\r?\n/).map((l) => l.trim()).filter((l) => l !== '' && !l.startsWith('#'));
}
