/** Mask images: PNGs whose pixels are numbers of classes or of objects. See README.md. */
import { FileTooLargeError, comparePaths, fileName, withoutExtension, type Source, type SourceEntry } from '../../io';
import { MediaError } from '../../media';
import { intersectionArea, maskArea, maskToString, subtract, unionAll, type Mask } from '../../masks';
import { DatasetError, plainAnnotation, type DatasetIssue, type DatasetReading, type FormatDetection, type FormatReader, type InterchangeAnnotation, type InterchangeClass, type InterchangeItem, type ReadOptions } from '../dataset';
import { finishItem, unlabelledItem } from '../finish';
import { isClassList, readClassList, type ClassList } from './classList';
import { readTables, type MaskTables } from './tables';
import { maskLayout, type MaskFile, type MaskLayout, type MaskRole } from './layout';
import { ColourMaskError, indicesOf, masksByValue, type Indices } from './pixels';

export const masksReader: FormatReader = { id: 'masks', detect, read };

const MAX_MASK_BYTES = 200_000_000;
/** An image with more objects than this is noise taken for a mask. */
const MAX_OBJECTS = 20_000;
/** Masks looked at to learn what numbers mean where nothing says so. */
const SAMPLES = 12;
/** The class of objects when no list names one. */
const NAMELESS = 'object';

async function detect(source: Source): Promise<FormatDetection> {
  const entries = await source.list();
  const { byImage } = await maskLayout(entries);
  if (byImage.size === 0) return { confidence: 0, reason: 'there are no PNG masks beside images' };
  const lists = await readClassList(entries, []);
  const first = [...byImage.values()][0]![0]!.entry;
  try {
    indicesOf(await first.bytes(MAX_MASK_BYTES), lists);
  } catch (error) {
    return { confidence: 0, reason: `"${first.path}" is not a mask: ${error instanceof Error ? error.message : 'it cannot be read'}` };
  }
  const listed = lists !== null || entries.some((e) => isClassList(e.path));
  return { confidence: listed ? 0.8 : 0.6, reason: `${byImage.size} images have PNG masks${lists ? `, and "${lists.path}" lists their classes` : ''}` };
}

/** How the numbers of masks are read. */
interface Meaning {
  list: ClassList | null;
  tables: MaskTables;
  /** Of masks whose place does not say it. */
  unsure: Exclude<MaskRole, 'unsure'>;
  /** Without a list: one class only, whatever the number. */
  binary: boolean;
}

async function read(source: Source, options: ReadOptions = {}): Promise<DatasetReading> {
  const entries = await source.list();
  const issues: DatasetIssue[] = [];
  const list = await readClassList(entries, issues);
  const tables = await readTables(entries, issues);
  const layout = await maskLayout(entries, issues);
  if (layout.byImage.size === 0) throw new DatasetError('There are no masks here: PNG files in a folder such as "masks", named as the images they belong to.');
  const images = ofTheSet(layout, tables, issues);
  const meaning: Meaning = { list, tables, ...(await meaningOf(layout, list, tables, options)) };
  if (!list && [...layout.byImage.values()].some((masks) => masks.some((m) => m.role === 'classes' || (m.role === 'unsure' && meaning.unsure === 'classes' && !meaning.binary)))) {
    issues.push({ severity: 'warning', code: 'no-class-list', message: 'No list says what the numbers of the masks mean: they were called "class 1", "class 2" and so on; 0 was taken for background, 255 for unknown. A classes.json with ids and names says it.' });
  }

  async function* items(): AsyncGenerator<InterchangeItem> {
    for (const image of images) {
      options.signal?.throwIfAborted();
      const masks = layout.byImage.get(image.path);
      const split = tables.splits.get(stemOf(image.path)) ?? layout.splitOf(image.path);
      const item = masks ? await itemOf(image, masks, meaning) : unlabelledItem(image);
      yield finishItem(split ? { ...item, split } : item, options);
    }
    for (const { entry, ambiguous } of layout.orphans) {
      options.signal?.throwIfAborted();
      const reason = ambiguous.length > 0 ? `several images could be meant: ${ambiguous.slice(0, 3).map((p) => `"${p}"`).join(', ')}` : 'its image is not there';
      yield { path: entry.path, image: null, width: null, height: null, frame: 'oriented', labelled: true, annotations: [], issues: [{ severity: 'error', code: ambiguous.length > 0 ? 'ambiguous-image' : 'no-image', path: entry.path, message: `The mask "${entry.path}" was left out: ${reason}.` }] };
    }
  }
  return { classes: classesOf(meaning, layout), issues, items };
}

function stemOf(path: string): string {
  return withoutExtension(fileName(path));
}

/** The images of the set: where index.csv lists most of them, only those. */
function ofTheSet(layout: MaskLayout, { listed }: MaskTables, issues: DatasetIssue[]): SourceEntry[] {
  const all = [...layout.images].sort((a, b) => comparePaths(a.path, b.path));
  if (!listed) return all;
  const inside = all.filter((e) => listed.has(stemOf(e.path)));
  if (inside.length < all.length / 2 || inside.length === all.length) return all;
  const outside = all.find((e) => !listed.has(stemOf(e.path)))!;
  issues.push({ severity: 'warning', code: 'not-listed', message: `${all.length - inside.length} images, such as "${outside.path}", are not listed in index.csv: they were left out.` });
  return inside;
}

function classesOf({ list, tables, unsure, binary }: Meaning, layout: MaskLayout): InterchangeClass[] {
  if (list) return list.classes.map((c) => ({ name: c.name.trim(), kind: 'mask', index: c.value, ...(c.color && { color: `#${c.color.map((n) => n.toString(16).padStart(2, '0')).join('')}` }) }));
  const named = new Set([...tables.classOf.values()].flatMap((m) => [...m.values()]));
  if (named.size > 0) return [...named].sort(comparePaths).map((name) => ({ name, kind: 'mask' }));
  const roles = new Set([...layout.byImage.values()].flat().map((m) => (m.role === 'unsure' ? unsure : m.role)));
  return !roles.has('classes') || binary ? [{ name: NAMELESS, kind: 'mask' }] : [];
}

/** What the numbers of masks mean of which nothing says it: a few are looked at. */
async function meaningOf(layout: MaskLayout, list: ClassList | null, tables: MaskTables, options: ReadOptions): Promise<Pick<Meaning, 'unsure' | 'binary'>> {
  if (list) return { unsure: 'classes', binary: false };
  if (tables.countsObjects) return { unsure: 'objects', binary: false };
  const unsure = [...layout.byImage.values()].flat().filter((m) => m.role === 'unsure');
  const step = Math.max(1, Math.floor(unsure.length / SAMPLES));
  const values = new Set<number>();
  let [looked, alone, deep] = [0, 0, false];
  for (let i = 0; i < unsure.length && looked < SAMPLES; i += step) {
    options.signal?.throwIfAborted();
    const found = await decode(unsure[i]!.entry, null);
    if (typeof found === 'string') continue;
    looked++;
    deep ||= found.depth === 16;
    const masks = masksByValue(found);
    masks.delete(0);
    for (const value of masks.keys()) values.add(value);
    // Objects are numbered without gaps, in most tools, and lie each in its own place.
    const numbers = [...masks.keys()];
    if (numbers.length > 2 && numbers.every((v, k) => v === k + 1)) alone++;
  }
  if (values.size <= 1) return { unsure: 'classes', binary: true };
  return { unsure: deep || (looked > 0 && alone >= looked * 0.75 && values.size > 20) ? 'objects' : 'classes', binary: false };
}

/** Pixels of a mask file, or what is wrong with it, in words. */
async function decode(entry: SourceEntry, list: ClassList | null): Promise<Indices | string> {
  try {
    return indicesOf(await entry.bytes(MAX_MASK_BYTES), list);
  } catch (error) {
    if (error instanceof MediaError || error instanceof ColourMaskError) return `"${entry.path}" was left out: ${error.message}.`;
    if (error instanceof FileTooLargeError) return `"${entry.path}" was left out: ${error.message}`;
    throw error;
  }
}

async function itemOf(image: SourceEntry, files: readonly MaskFile[], meaning: Meaning): Promise<InterchangeItem> {
  const issues: DatasetIssue[] = [];
  const objects: InterchangeAnnotation[] = [];
  const objectMasks: Mask[] = [];
  const ignored: Mask[] = [];
  /** Masks by class name, from masks of classes. */
  const stuff = new Map<string, Mask>();
  let declared: { width: number; height: number } | undefined;
  let readable = 0;
  const roleOf = (f: MaskFile) => (f.role === 'unsure' ? meaning.unsure : f.role);
  const fail = (path: string, code: string, message: string) => issues.push({ severity: 'error', code, path, message });
  const decoded: { file: MaskFile; found: Indices; masks: Map<number, Mask> }[] = [];
  for (const file of files) {
    const found = await decode(file.entry, meaning.list);
    if (typeof found === 'string') {
      fail(file.entry.path, 'unreadable', found);
      continue;
    }
    declared ??= { width: found.width, height: found.height };
    if (found.width !== declared.width || found.height !== declared.height) {
      fail(file.entry.path, 'size-differs', `"${file.entry.path}" has ${found.width} × ${found.height} pixels, but other masks of "${image.path}" have ${declared.width} × ${declared.height}: it was left out.`);
      continue;
    }
    readable++;
    decoded.push({ file, found, masks: masksByValue(found) });
  }

  for (const { file, masks } of decoded) {
    if (roleOf(file) !== 'classes') continue;
    for (const [value, mask] of masks) {
      const name = nameOf(value, meaning);
      if (name === IGNORED) ignored.push(mask);
      else if (name === UNKNOWN) {
        ignored.push(mask);
        fail(file.entry.path, 'unknown-class', `"${file.entry.path}" has ${maskArea(mask)} pixels of the value ${value}, which "${meaning.list!.path}" does not name: they count as unknown.`);
      } else if (name !== null) stuff.set(name, stuff.has(name) ? unionAll([stuff.get(name)!, mask]) : mask);
    }
  }
  for (const { file, masks } of decoded) {
    const role = roleOf(file);
    if (role === 'classes') continue;
    masks.delete(0);
    if (masks.size > MAX_OBJECTS) {
      fail(file.entry.path, 'too-many-objects', `"${file.entry.path}" has ${masks.size} different numbers; at most ${MAX_OBJECTS} objects of an image are read. Is it a mask?`);
      continue;
    }
    const list = role === 'one' && masks.size > 0 ? [[0, unionAll([...masks.values()])] as const] : masks;
    for (const [number, mask] of list) {
      objectMasks.push(mask);
      const name = meaning.tables.classOf.get(file.entry.path)?.get(number) ?? mostCovering(mask, stuff) ?? meaning.list?.classes[0]?.name ?? NAMELESS;
      objects.push(plainAnnotation(name, { kind: 'mask', v: 1, mask: maskToString(mask) }));
    }
  }
  // What objects take of their class is theirs; the rest is the class without objects.
  const taken = objectMasks.length > 0 ? unionAll(objectMasks) : null;
  for (const [name, whole] of stuff) {
    const mask = taken ? subtract(whole, taken) : whole;
    if (mask.width > 0) objects.push(plainAnnotation(name, { kind: 'mask', v: 1, mask: maskToString(mask) }));
  }
  const unknown = unionAll(ignored);
  return {
    ...unlabelledItem(image), labelled: readable > 0, annotations: objects, issues,
    ...(declared && { declaredSize: declared }), ...(unknown.width > 0 && { ignored: maskToString(unknown) }),
  };
}

const IGNORED = Symbol('ignored');
const UNKNOWN = Symbol('unknown');

/** The class of a number; null for background. */
function nameOf(value: number, { list, binary }: Meaning): string | typeof IGNORED | typeof UNKNOWN | null {
  if (list) {
    const found = list.classes.find((c) => c.value === value);
    if (found) return found.name.trim();
    if (list.ignored.has(value)) return IGNORED;
    // Zero that no list speaks of is background everywhere.
    return list.background.has(value) || value === 0 ? null : UNKNOWN;
  }
  if (value === 0) return null;
  if (binary) return NAMELESS;
  return value === 255 ? IGNORED : `class ${value}`;
}

/** The class that most of an object's pixels are of, where masks of classes lie beside those of objects. */
function mostCovering(mask: Mask, stuff: ReadonlyMap<string, Mask>): string | null {
  let best: string | null = null;
  let most = 0;
  for (const [name, other] of stuff) {
    const shared = intersectionArea(mask, other);
    if (shared > most) [best, most] = [name, shared];
  }
  return best;
}
