/** Which picture is an image, which a mask, and of which image. */
import { decodeText, extensionOf, fileName, folderOf, hasImageExtension, joinPath, withoutExtension, type SourceEntry } from '../../io';
import type { DatasetIssue, DatasetSplit } from '../dataset';
import { ImageIndex, isHidden } from '../images';
import { folderSplits, splitInName } from '../splits';

/** `classes`: numbers of classes; `objects`: numbers of objects; `one`: a single object; `unsure`: the pixels have to tell. */
export type MaskRole = 'classes' | 'objects' | 'one' | 'unsure';

export interface MaskFile {
  entry: SourceEntry;
  role: MaskRole;
}

export interface MaskLayout {
  images: readonly SourceEntry[];
  byImage: ReadonlyMap<string, readonly MaskFile[]>;
  /** Masks whose image is not there, or could be any of several. */
  orphans: { entry: SourceEntry; ambiguous: readonly string[] }[];
  splitOf: (path: string) => DatasetSplit | undefined;
}

const MASK_FOLDER = /(annot|annotations?|masks?|labels?|labelids|gt|ground_?truth|gtfine|segmentations?|segmentationclass|semantic)$/i;
const OBJECT_FOLDER = /(instances?|instanceids|segmentationobject)$/i;
const SUFFIX = /(_gtFine)?[_-](masks?|gt|labels?|label_?ids|labelTrainIds|instance_?ids|annotations?|seg|segmentation|L)$/i;
const PREFIX = /^(masks?|gt|labels?|seg|annotation)[_-]/i;
const IMAGE_PREFIXES = ['', 'image_', 'img_', 'image-', 'img-'];
const MAX_LIST_BYTES = 100_000_000;

/** Pairs masks with images: by lists of both, by names in folders of masks, by `a_mask.png` beside `a.jpg`. */
export async function maskLayout(entries: readonly SourceEntry[], issues: DatasetIssue[] = []): Promise<MaskLayout> {
  const visible = entries.filter((e) => !isHidden(e.path));
  const pictures = visible.filter((e) => hasImageExtension(e.path));
  const listed = await readLists(visible, issues);
  const stems = new Set(pictures.map((e) => withoutExtension(e.path)));
  const roles = new Map<string, MaskRole>();
  for (const e of pictures) {
    const role = listed.pairs.has(e.path) ? folderRole(e.path) ?? 'unsure' : roleOf(e.path, stems);
    if (role) roles.set(e.path, role);
  }
  const images = new ImageIndex(visible, (path) => roles.has(path));
  const byImage = new Map<string, MaskFile[]>();
  const orphans: MaskLayout['orphans'] = [];
  const add = (image: string, file: MaskFile) => {
    const list = byImage.get(image);
    if (list) list.push(file);
    else byImage.set(image, [file]);
  };
  const single = singleImageFolders(images.images);
  for (const entry of pictures) {
    const role = roles.get(entry.path);
    if (!role) continue;
    const explicit = listed.pairs.get(entry.path);
    const image = explicit !== undefined ? images.at(explicit) : undefined;
    if (image) {
      add(image.path, { entry, role });
      continue;
    }
    const match = imageOf(entry.path, images);
    const only = match.image ? undefined : single.get(folderOf(folderOf(entry.path)));
    if (match.image) add(match.image.path, { entry, role });
    else if (only !== undefined) add(only, { entry, role: 'one' });
    else orphans.push({ entry, ambiguous: match.ambiguous });
  }
  const byFolder = folderSplits(images.images.map((e) => e.path));
  return { images: images.images, byImage, orphans, splitOf: (path) => listed.splits.get(path) ?? byFolder(path) };
}

function folderRole(path: string): MaskRole | null {
  const folders = path.split('/').slice(0, -1);
  return folders.some((f) => OBJECT_FOLDER.test(f)) ? 'objects' : folders.some((f) => MASK_FOLDER.test(f)) ? 'unsure' : null;
}

/** The role of a picture by its name and folder; null when it is an image. Masks are PNG: nothing else keeps numbers. */
function roleOf(path: string, stems: ReadonlySet<string>): MaskRole | null {
  if (extensionOf(path) !== 'png') return null;
  const stem = withoutExtension(path);
  const role = folderRole(path);
  if (role) return /instance_?ids?$/i.test(stem) ? 'objects' : role;
  const base = stem.replace(SUFFIX, '');
  return base !== stem && stems.has(base) ? 'unsure' : null;
}

function imageOf(maskPath: string, images: ImageIndex): { image: SourceEntry } | { image: null; ambiguous: readonly string[] } {
  const first = images.forLabel(maskPath);
  if (first.image) return first;
  const folder = folderOf(maskPath);
  const stem = withoutExtension(fileName(maskPath));
  const base = stem.replace(SUFFIX, '').replace(PREFIX, '');
  let best = first;
  for (const prefix of IMAGE_PREFIXES) {
    if (prefix + base === stem) continue;
    const match = images.forLabel(joinPath(folder, `${prefix}${base}.png`));
    if (match.image) return match;
    if (match.ambiguous.length > 0) best = match;
  }
  return best;
}

/** Folder → its only image, for `X/images/…` beside `X/masks/*`: one mask an object, as in the Data Science Bowl. */
function singleImageFolders(images: readonly SourceEntry[]): Map<string, string> {
  const count = new Map<string, number>();
  const found = new Map<string, string>();
  for (const { path } of images) {
    const folder = folderOf(path);
    if (!/^images?$/i.test(fileName(folder))) continue;
    const parent = folderOf(folder);
    count.set(parent, (count.get(parent) ?? 0) + 1);
    found.set(parent, path);
  }
  return new Map([...found].filter(([parent]) => count.get(parent) === 1));
}

/** `train.txt` and the like: lines of an image and its mask, or of images alone. */
async function readLists(entries: readonly SourceEntry[], issues: DatasetIssue[]): Promise<{ pairs: Map<string, string>; splits: Map<string, DatasetSplit> }> {
  const pairs = new Map<string, string>();
  const splits = new Map<string, DatasetSplit>();
  const lists = entries.filter((e) => extensionOf(e.path) === 'txt' && splitInName(withoutExtension(fileName(e.path))) !== undefined);
  if (lists.length === 0) return { pairs, splits };
  const byPath = new Set(entries.map((e) => e.path));
  const byStem = new Map<string, string>();
  for (const e of entries) if (hasImageExtension(e.path) && !byStem.has(withoutExtension(e.path))) byStem.set(withoutExtension(e.path), e.path);
  for (const list of lists) {
    const split = splitInName(withoutExtension(fileName(list.path)))!;
    let text: string;
    try {
      text = decodeText(await list.bytes(MAX_LIST_BYTES));
    } catch {
      issues.push({ severity: 'error', code: 'unreadable-list', path: list.path, message: `"${list.path}" is not a text file: its split was left out.` });
      continue;
    }
    /** Lists hold paths of their author's machine: the longest tail that is here counts. */
    const resolve = (name: string): string | undefined => {
      const segments = name.replaceAll('\\', '/').split('/').filter((s) => s !== '' && s !== '.');
      for (let i = 0; i < segments.length; i++) {
        const tail = segments.slice(i).join('/');
        for (const path of [joinPath(folderOf(list.path), tail), tail]) {
          const found = byPath.has(path) ? path : byStem.get(withoutExtension(path)) ?? byStem.get(path);
          if (found !== undefined) return found;
        }
      }
      return undefined;
    };
    for (const line of text.split(/\r?\n/)) {
      const words = line.trim().split(/\s+/);
      if (words[0] === '' || words.length > 2) continue;
      const image = resolve(words[0]!);
      if (image === undefined) continue;
      const before = splits.get(image);
      if (before && before !== split) issues.push({ severity: 'warning', code: 'two-splits', path: image, message: `"${image}" is listed under ${before} and under ${split}; it stays in ${before}.` });
      else splits.set(image, split);
      const mask = words[1] === undefined ? undefined : resolve(words[1]);
      if (mask !== undefined && mask !== image && extensionOf(mask) === 'png') pairs.set(mask, image);
    }
  }
  return { pairs, splits };
}
