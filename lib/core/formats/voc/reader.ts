/** Pascal VOC: one XML file an image, as LabelImg, the VOC devkit and many others write it. See README.md. */
import { comparePaths, decodeText, fileName, folderOf, joinPath, withoutExtension, type Source, type SourceEntry } from '../../io';
import { plainAnnotation, type DatasetIssue, type DatasetReading, type DatasetSplit, type FormatDetection, type FormatReader, type InterchangeAnnotation, type InterchangeItem, type ReadOptions } from '../dataset';
import { finishItem, unlabelledItem } from '../finish';
import { ImageIndex, isHidden } from '../images';
import { folderSplits } from '../splits';
import { XmlError, child, childText, childrenOf, decodeXml, parseXml, type XmlNode } from '../xml';
import type { AttributeValue, Geometry } from '../../labels';
import type { Size } from '../../geometry/box';

/** No annotation file of one image is larger. */
const MAX_XML_BYTES = 16_000_000;
/** Pictures that are labels, not images. */
const LABEL_FOLDERS = new Set(['SegmentationClass', 'SegmentationObject']);

export const vocReader: FormatReader = { id: 'voc', detect, read };

function xmlFiles(entries: readonly SourceEntry[]): SourceEntry[] {
  return entries.filter((e) => e.path.toLowerCase().endsWith('.xml') && !isHidden(e.path));
}

async function detect(source: Source): Promise<FormatDetection> {
  const files = xmlFiles(await source.list());
  if (files.length === 0) return { confidence: 0, reason: 'there are no XML files' };
  // A few from the beginning, the middle and the end: a stray project file must not decide.
  const sample = [...new Set([0, 1, Math.floor(files.length / 2), files.length - 2, files.length - 1].filter((i) => i >= 0 && i < files.length))].map((i) => files[i]!);
  let hits = 0;
  for (const file of sample) {
    const head = await headOf(file);
    if (/<annotation[\s>]/.test(head) && (/<(bndbox|size)[\s>]/.test(head) || (/<filename[\s>/]/.test(head) && !/<(polygon|imagesize)[\s>]/.test(head)))) hits++;
  }
  if (hits === 0) return { confidence: 0, reason: 'no XML file is a Pascal VOC annotation' };
  return { confidence: 0.6 + (0.35 * hits) / sample.length, reason: `${files.length} XML files, Pascal VOC annotations by their content` };
}

/** The first few kilobytes as text, whatever their encoding. */
async function headOf(file: SourceEntry): Promise<string> {
  let text = '';
  for await (const chunk of file.open()) {
    text += new TextDecoder().decode(chunk.subarray(0, 8192));
    if (text.length >= 8192) break;
  }
  return text;
}

async function read(source: Source, options: ReadOptions = {}): Promise<DatasetReading> {
  const entries = await source.list();
  const issues: DatasetIssue[] = [];
  const images = new ImageIndex(entries, (path) => path.split('/').slice(0, -1).some((s) => LABEL_FOLDERS.has(s)));
  const splitOf = await readSplits(source, entries, images, issues);
  const { byImage, orphans } = matchFiles(entries, images);
  if (entries.some((e) => LABEL_FOLDERS.has(folderOf(e.path).split('/').at(-1) ?? ''))) {
    issues.push({ severity: 'warning', code: 'segmentation-not-read', message: 'The masks in SegmentationClass and SegmentationObject were not read: only boxes are.' });
  }

  async function* items(): AsyncGenerator<InterchangeItem> {
    for (const image of images.images) {
      options.signal?.throwIfAborted();
      const split = splitOf(image.path);
      const files = byImage.get(image.path);
      let item = unlabelledItem(image);
      if (files) {
        const parsed = await readAnnotation(files[0]!, options.vocFrame ?? 'labelimg');
        item = { ...item, ...parsed, issues: [...parsed.issues, ...files.slice(1).map((f): DatasetIssue => ({ severity: 'error', code: 'second-label-file', path: f.path, message: `"${f.path}" also speaks of "${image.path}"; it was left out because "${files[0]!.path}" does.` }))] };
      }
      yield finishItem(split ? { ...item, split } : item, options);
    }
    for (const { file, ambiguous } of orphans) {
      options.signal?.throwIfAborted();
      const parsed = await readAnnotation(file, options.vocFrame ?? 'labelimg');
      // The name of the file was of no help; what it says inside may be.
      const notVoc = parsed.issues.some((i) => i.code === 'not-voc');
      const reason = ambiguous.length > 0 ? `several images could be meant: ${ambiguous.slice(0, 3).map((p) => `"${p}"`).join(', ')}` : 'its image is not there';
      yield {
        path: joinPath(folderOf(file.path), parsed.filename ?? fileName(file.path)), image: null, width: null, height: null, frame: 'oriented', labelled: !notVoc, annotations: [],
        issues: notVoc ? parsed.issues : [{ severity: 'error', code: ambiguous.length > 0 ? 'ambiguous-image' : 'no-image', path: file.path, message: `"${file.path}" was left out with its ${parsed.annotations.length} boxes: ${reason}.` }],
      };
    }
  }
  return { classes: [], issues, items };
}

/** Label files by the image they speak of. The name of the label file decides; what it says in <filename> is often wrong. */
function matchFiles(entries: readonly SourceEntry[], images: ImageIndex) {
  const byImage = new Map<string, SourceEntry[]>();
  const orphans: { file: SourceEntry; ambiguous: readonly string[] }[] = [];
  for (const file of xmlFiles(entries)) {
    const match = images.forLabel(file.path);
    if (match.image) byImage.set(match.image.path, [...(byImage.get(match.image.path) ?? []), file]);
    else orphans.push({ file, ambiguous: match.ambiguous });
  }
  // Where two files claim an image, the one whose name agrees to the letter comes first.
  for (const [path, files] of byImage) {
    const stem = withoutExtension(fileName(path));
    files.sort((a, b) => Number(withoutExtension(fileName(b.path)) === stem) - Number(withoutExtension(fileName(a.path)) === stem) || comparePaths(a.path, b.path));
  }
  return { byImage, orphans };
}

/** Splits of ImageSets/Main, else by folders such as train/ and valid/. */
async function readSplits(source: Source, entries: readonly SourceEntry[], images: ImageIndex, issues: DatasetIssue[]): Promise<(path: string) => DatasetSplit | undefined> {
  const listed = new Map<string, DatasetSplit>();
  const lists = entries.flatMap((e) => {
    const match = /^(?:(.*)\/)?ImageSets\/Main\/(train|val|test|trainval)\.txt$/.exec(e.path);
    return match ? [{ entry: e, root: match[1] ?? '', name: match[2] as DatasetSplit | 'trainval' }] : [];
  });
  // `trainval` only says something of images that neither train nor val lists.
  lists.sort((a, b) => Number(a.name === 'trainval') - Number(b.name === 'trainval') || comparePaths(a.entry.path, b.entry.path));
  let unsplit = 0;
  for (const { entry, root, name } of lists) {
    let text: string;
    try {
      text = decodeText(await entry.bytes(MAX_XML_BYTES));
    } catch {
      issues.push({ severity: 'error', code: 'unreadable-list', path: entry.path, message: `"${entry.path}" is not a text file: its split was left out.` });
      continue;
    }
    for (const line of text.split(/\r?\n/)) {
      // "name", or "name 1" in lists of one class; names may hold spaces.
      const stem = line.trim().replace(/\s+-?[01]$/, '').replace(/^"(.*)"$/, '$1');
      if (stem === '') continue;
      const match = images.forLabel(joinPath(root, 'JPEGImages', `${stem}.xml`));
      if (!match.image) continue;
      const before = listed.get(match.image.path);
      if (name === 'trainval') {
        if (!before) {
          listed.set(match.image.path, 'train');
          unsplit++;
        }
      } else if (before && before !== name) {
        issues.push({ severity: 'warning', code: 'two-splits', path: match.image.path, message: `"${match.image.path}" is listed in ${before}.txt and in ${name}.txt; it stays in ${before}.` });
      } else listed.set(match.image.path, name);
    }
  }
  if (unsplit > 0) issues.push({ severity: 'warning', code: 'trainval', message: `${unsplit} images are listed in trainval.txt only: they went to train.` });
  const byFolder = folderSplits(images.images.map((i) => i.path));
  return (path) => listed.get(path) ?? byFolder(path);
}

interface ParsedAnnotation {
  labelled: boolean;
  declaredSize?: Size;
  filename?: string;
  annotations: InterchangeAnnotation[];
  issues: DatasetIssue[];
}

async function readAnnotation(file: SourceEntry, frame: 'labelimg' | 'devkit'): Promise<ParsedAnnotation> {
  const fail = (code: string, message: string): ParsedAnnotation => ({ labelled: false, annotations: [], issues: [{ severity: 'error', code, path: file.path, message }] });
  let root: XmlNode;
  try {
    root = parseXml(decodeXml(await file.bytes(MAX_XML_BYTES)));
  } catch (error) {
    const why = error instanceof XmlError ? error.message : error instanceof TypeError || error instanceof RangeError ? 'it is not in the text encoding that it declares' : error instanceof Error ? error.message : String(error);
    return fail('unreadable', `"${file.path}" cannot be read as XML: ${why}. Its labels were left out.`);
  }
  if (root.name !== 'annotation') return fail('not-voc', `"${file.path}" is not a Pascal VOC annotation (it begins with <${root.name}>); it was left out.`);
  const issues: DatasetIssue[] = [];
  const annotations = childrenOf(root, 'object').flatMap((object, i) => readObject(object, i, file.path, frame, issues));
  const width = Number(childText(child(root, 'size'), 'width'));
  const height = Number(childText(child(root, 'size'), 'height'));
  const filename = childText(root, 'filename');
  return { labelled: true, annotations, issues, ...(width > 0 && height > 0 && { declaredSize: { width, height } }), ...(filename && { filename }) };
}

function readObject(object: XmlNode, i: number, path: string, frame: 'labelimg' | 'devkit', issues: DatasetIssue[]): InterchangeAnnotation[] {
  const name = childText(object, 'name');
  const where = `"${path}", object ${i + 1}${name ? ` (${name})` : ''}`;
  if (!name) {
    issues.push({ severity: 'error', code: 'no-class', path, message: `${where} has no <name> and was not imported.` });
    return [];
  }
  const geometry = readBox(child(object, 'bndbox'), where, path, frame, issues);
  if (!geometry) return [];
  const parts = childrenOf(object, 'part');
  const group = parts.length > 0 ? `object ${i + 1}` : null;
  const attributes: Record<string, AttributeValue> = {};
  for (const a of childrenOf(child(object, 'attributes') ?? object, 'attribute')) {
    const key = childText(a, 'name');
    if (key) attributes[key] = childText(a, 'value') ?? '';
  }
  const pose = childText(object, 'pose');
  if (pose && pose !== 'Unspecified') attributes['pose'] = pose;
  const flags = { truncated: isOn(object, 'truncated'), occluded: isOn(object, 'occluded'), difficult: isOn(object, 'difficult') };
  const whole = plainAnnotation(name, geometry, { ...flags, attributes, group });
  return [whole, ...parts.flatMap((part, k) => {
    const partName = childText(part, 'name');
    const box = partName ? readBox(child(part, 'bndbox'), `${where}, part ${k + 1} (${partName})`, path, frame, issues) : null;
    return partName && box ? [plainAnnotation(partName, box, { group })] : [];
  })];
}

function isOn(object: XmlNode, name: string): boolean {
  return ['1', 'true', 'yes'].includes((childText(object, name) ?? '').toLowerCase());
}

/** The box in continuous pixel coordinates; null, with an issue, when there is none. */
function readBox(node: XmlNode | undefined, where: string, path: string, frame: 'labelimg' | 'devkit', issues: DatasetIssue[]): Geometry | null {
  if (!node) {
    issues.push({ severity: 'error', code: 'no-box', path, message: `${where} has no <bndbox> and was not imported: other shapes are not read from this format.` });
    return null;
  }
  const [xmin, ymin, xmax, ymax] = ['xmin', 'ymin', 'xmax', 'ymax'].map((n) => Number(childText(node, n) ?? 'missing')) as [number, number, number, number];
  if (![xmin, ymin, xmax, ymax].every(Number.isFinite)) {
    issues.push({ severity: 'error', code: 'bad-number', path, message: `${where} has a corner that is not a number and was not imported.` });
    return null;
  }
  const first = frame === 'devkit' ? 1 : 0;
  const inverted = xmin - first > xmax || ymin - first > ymax;
  const x0 = Math.min(xmin, xmax) - first;
  const y0 = Math.min(ymin, ymax) - first;
  const x1 = Math.max(xmin, xmax);
  const y1 = Math.max(ymin, ymax);
  if (x1 <= x0 || y1 <= y0) {
    issues.push({ severity: 'error', code: 'zero-area', path, message: `${where}: the box from (${xmin}, ${ymin}) to (${xmax}, ${ymax}) has no area and was not imported.` });
    return null;
  }
  if (inverted) issues.push({ severity: 'warning', code: 'inverted', path, message: `${where}: the box from (${xmin}, ${ymin}) to (${xmax}, ${ymax}) has its corners the wrong way round; they were swapped.` });
  return { kind: 'box', v: 1, x0, y0, x1, y1 };
}
