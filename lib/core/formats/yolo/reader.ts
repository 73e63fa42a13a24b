/** YOLO: Darknet and Ultralytics layouts; boxes, polygons and keypoints in shares of the image. See README.md. */
import { comparePaths, decodeText, extensionOf, fileName, folderOf, joinPath, type Source, type SourceEntry } from '../../io';
import { DatasetError, type DatasetIssue, type DatasetReading, type DatasetSplit, type FormatDetection, type FormatReader, type InterchangeClass, type InterchangeItem, type ReadOptions } from '../dataset';
import { finishItem, unlabelledItem } from '../finish';
import { ImageIndex, isHidden } from '../images';
import { folderSplits } from '../splits';
import { isPlaceholder, readYoloConfig, type YoloConfig } from './classNames';
import { looksLikeLabels, readLabels } from './labels';
import { orientedSize } from '../../geometry/orientation';

export const yoloReader: FormatReader = { id: 'yolo', detect, read };

/** A label file of one image is never larger. */
const MAX_LABEL_BYTES = 64_000_000;
const NAME_LISTS = new Set(['classes.txt', 'obj.names', 'labels.txt', '_darknet.labels', 'predefined_classes.txt']);

const isConfig = (path: string) => ['yaml', 'yml'].includes(extensionOf(path)) && !isHidden(path);
const isNameList = (path: string) => (NAME_LISTS.has(fileName(path).toLowerCase()) || extensionOf(path) === 'names') && !isHidden(path);
const byDepth = (a: SourceEntry, b: SourceEntry) => a.path.split('/').length - b.path.split('/').length || comparePaths(a.path, b.path);

async function detect(source: Source): Promise<FormatDetection> {
  const entries = await source.list();
  const { labels } = labelFiles(entries, new ImageIndex(entries));
  if (labels.size === 0) return { confidence: 0, reason: 'no text file stands beside an image of the same name' };
  let hits = 0;
  let looked = 0;
  for (const file of labels.values()) {
    if (file.size === 0) continue;
    if (looks(await textOf(file))) hits++;
    if (++looked === 5) break;
  }
  if (looked > 0 && hits === 0) return { confidence: 0, reason: 'the text files beside the images are not YOLO labels' };
  const named = entries.some((e) => isConfig(e.path) || isNameList(e.path));
  return { confidence: looked === 0 ? 0.3 : (named ? 0.9 : 0.7) * (hits / looked), reason: `${labels.size} label files of numbers beside images of the same name` };
}

const looks = (text: string | null) => text !== null && looksLikeLabels(text);

async function textOf(entry: SourceEntry): Promise<string | null> {
  try {
    return decodeText(await entry.bytes(MAX_LABEL_BYTES));
  } catch {
    return null;
  }
}

/** Text files by the path of the image they are named after; the others might be labels whose image is missing. */
function labelFiles(entries: readonly SourceEntry[], images: ImageIndex) {
  const labels = new Map<string, SourceEntry>();
  const others: SourceEntry[] = [];
  for (const entry of entries) {
    if (extensionOf(entry.path) !== 'txt' || isHidden(entry.path) || isNameList(entry.path)) continue;
    const match = images.forLabel(entry.path);
    if (match.image && !labels.has(match.image.path)) labels.set(match.image.path, entry);
    else others.push(entry);
  }
  return { labels, others };
}

async function read(source: Source, options: ReadOptions = {}): Promise<DatasetReading> {
  const { imageInfo } = options;
  if (!imageInfo) throw new DatasetError('YOLO labels are shares of the image: its size is needed to read them.');
  const entries = await source.list();
  const images = new ImageIndex(entries);
  const issues: DatasetIssue[] = [];
  const { config, root } = await readConfig(entries, issues);
  const { labels, others } = labelFiles(entries, images);
  const splitOf = await readSplits(entries, images, config, root, issues);
  const names = config?.names ?? [];
  const className = (index: number) => names[index] ?? `class ${index}`;
  const keypoints = config?.keypoints ?? null;
  const kind = keypoints ? 'landmarks' : 'box';
  const classes = names.flatMap((name, index): InterchangeClass[] => (isPlaceholder(name, index) ? [] : [{ name, index, kind, ...(keypoints && { skeleton: { points: Array.from({ length: keypoints.count }, (_, i) => `point ${i + 1}`), edges: [], pairs: [] } }) }]));

  async function* items(): AsyncGenerator<InterchangeItem> {
    for (const image of images.images) {
      options.signal?.throwIfAborted();
      const split = splitOf(image.path);
      let item: InterchangeItem = { ...unlabelledItem(image), ...(split && { split }) };
      const file = labels.get(image.path);
      if (file) {
        const info = await imageInfo!(image);
        const text = await textOf(file);
        if (text === null) item = { ...item, issues: [{ severity: 'error', code: 'unreadable', path: file.path, message: `"${file.path}" is not a text file: its labels were left out.` }] };
        else if (!info) item = { ...item, issues: [{ severity: 'error', code: 'no-size', path: image.path, message: `"${image.path}" cannot be measured: its labels were left out.` }] };
        else {
          const size = orientedSize(info, info.orientation);
          item = { ...item, labelled: true, ...size, annotations: readLabels(text, { path: file.path, size, className, keypoints, issues: item.issues }) };
        }
      }
      yield finishItem(item, options);
    }
    for (const file of others) {
      options.signal?.throwIfAborted();
      const match = images.forLabel(file.path);
      const text = await textOf(file);
      if (!looks(text) || text!.trim() === '') continue;
      const reason = match.image ? `"${labels.get(match.image.path)!.path}" already speaks of "${match.image.path}"` : match.ambiguous.length > 0 ? `several images could be meant: ${match.ambiguous.slice(0, 3).map((p) => `"${p}"`).join(', ')}` : 'its image is not there';
      yield { path: file.path, image: null, width: null, height: null, frame: 'oriented', labelled: true, annotations: [], issues: [{ severity: 'error', code: match.image ? 'second-label-file' : match.ambiguous.length > 0 ? 'ambiguous-image' : 'no-image', path: file.path, message: `"${file.path}" was left out: ${reason}.` }] };
    }
  }
  return { classes, issues, items };
}

/** The data.yaml nearest to the root, else a list of names. */
async function readConfig(entries: readonly SourceEntry[], issues: DatasetIssue[]): Promise<{ config: YoloConfig | null; root: string }> {
  let found: { config: YoloConfig; path: string } | null = null;
  for (const entry of entries.filter((e) => isConfig(e.path)).sort(byDepth)) {
    try {
      const config = readYoloConfig(decodeText(await entry.bytes(4_000_000)));
      if (!config) continue;
      if (found) issues.push({ severity: 'warning', code: 'second-config', path: entry.path, message: `"${entry.path}" was not read: "${found.path}" names the classes.` });
      else found = { config, path: entry.path };
    } catch (error) {
      issues.push({ severity: 'error', code: 'unreadable', path: entry.path, message: `"${entry.path}" cannot be read as YAML: ${error instanceof Error ? error.message.split('\n')[0] : String(error)}` });
    }
  }
  if (found) return { config: found.config, root: folderOf(found.path) };
  for (const entry of entries.filter((e) => isNameList(e.path)).sort(byDepth)) {
    const text = await textOf(entry);
    if (text === null) continue;
    const names = text.split(/\r?\n/).map((line) => line.trim());
    while (names.at(-1) === '') names.pop();
    return { config: { names, splits: [], keypoints: null }, root: folderOf(entry.path) };
  }
  issues.push({ severity: 'warning', code: 'no-names', message: 'There is neither a data.yaml nor a classes.txt: classes are called "class 0", "class 1" and so on.' });
  return { config: null, root: '' };
}

/** By the folders and lists of data.yaml, by train.txt and its like, else by folders' names. */
async function readSplits(entries: readonly SourceEntry[], images: ImageIndex, config: YoloConfig | null, root: string, issues: DatasetIssue[]): Promise<(path: string) => DatasetSplit | undefined> {
  const listed = new Map<string, DatasetSplit>();
  const lists: { split: DatasetSplit; entry: SourceEntry }[] = entries.flatMap((entry) => {
    const match = /^(train|val|valid|test)\.txt$/.exec(fileName(entry.path));
    return match ? [{ split: match[1] === 'valid' ? 'val' as const : (match[1] as DatasetSplit), entry }] : [];
  });
  const folders: { split: DatasetSplit; prefix: string }[] = [];
  for (const { split, paths } of config?.splits ?? []) {
    for (const path of paths) {
      const clean = path.replaceAll('\\', '/').replace(/^([A-Za-z]:)?\/+/, '').split('/').filter((s) => s !== '.' && s !== '..' && s !== '').join('/');
      const entry = entries.find((e) => e.path === joinPath(root, clean));
      if (entry) {
        if (!lists.some((l) => l.entry === entry)) lists.push({ split, entry });
        continue;
      }
      // Only the end of an absolute path means anything here: try ever shorter ones.
      const segments = clean.split('/');
      for (let i = 0; i < segments.length; i++) {
        const prefix = `${joinPath(root, ...segments.slice(i))}/`;
        if (!images.images.some((e) => e.path.startsWith(prefix))) continue;
        folders.push({ split, prefix });
        break;
      }
    }
  }
  for (const { split, entry } of lists) {
    const text = await textOf(entry);
    for (const line of (text ?? '').split(/\r?\n/)) {
      if (line.trim() === '') continue;
      const match = images.named(line.trim(), entry.path);
      if (!match.image) continue;
      const before = listed.get(match.image.path);
      if (before && before !== split) issues.push({ severity: 'warning', code: 'two-splits', path: match.image.path, message: `"${match.image.path}" is listed under ${before} and under ${split}; it stays in ${before}.` });
      else listed.set(match.image.path, split);
    }
  }
  const byFolder = folderSplits(images.images.map((i) => i.path));
  return (path) => {
    const own = listed.get(path);
    if (own) return own;
    const named = new Set(folders.filter((f) => path.startsWith(f.prefix)).map((f) => f.split));
    // A config that gives train and val the same folder says nothing.
    return named.size === 1 ? [...named][0] : byFolder(path);
  };
}
