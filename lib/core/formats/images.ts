/** Finding the image that a label file speaks of. */
import { comparePaths, fileName, folderOf, hasImageExtension, withoutExtension, type SourceEntry } from '../io';
import type { DatasetSplit } from './dataset';
import { splitOfName } from './splits';

export type ImageMatch = { image: SourceEntry } | { image: null; ambiguous: readonly string[] };

/** The images of a source by path, by name, and by name without extension. Case counts, unless nothing else fits. */
export class ImageIndex {
  readonly images: readonly SourceEntry[];
  private readonly byPath = new Map<string, SourceEntry>();
  private readonly byName = new Map<string, SourceEntry[]>();
  private readonly byStem = new Map<string, SourceEntry[]>();

  /** @param isLabel whether a picture is a label (a mask, a segmentation), not an image */
  constructor(entries: readonly SourceEntry[], isLabel: (path: string) => boolean = () => false) {
    this.images = entries.filter((e) => hasImageExtension(e.path) && !isHidden(e.path) && !isLabel(e.path));
    for (const image of this.images) {
      this.byPath.set(image.path, image);
      const name = fileName(image.path).toLowerCase();
      push(this.byName, name, image);
      push(this.byStem, withoutExtension(name), image);
    }
  }

  at(path: string): SourceEntry | undefined {
    return this.byPath.get(path);
  }

  /**
   * The image of a label file with the same name but for the extension: in the same folder; else where the paths differ in one
   * folder's name only (`Annotations/a.xml`, `JPEGImages/a.jpg`); else the only one of that name anywhere.
   */
  forLabel(labelPath: string): ImageMatch {
    const stem = withoutExtension(fileName(labelPath));
    return this.nearest(labelPath, this.withStem(stem));
  }

  /**
   * The image called `name` (with its extension, possibly with folders) that lies nearest to a label file.
   * @param split where several lie equally near, the one in a folder named after the split is meant
   */
  named(name: string, labelPath: string, split?: DatasetSplit): ImageMatch {
    const clean = name.replaceAll('\\', '/').replace(/^(\.?\/)+/, '');
    const exact = [...ancestors(folderOf(labelPath)).map((f) => `${f}/${clean}`), clean].map((p) => this.byPath.get(p)).find((e) => e !== undefined);
    if (exact) return { image: exact };
    const all = this.byName.get(fileName(clean).toLowerCase()) ?? [];
    const tail = all.filter((e) => e.path.endsWith(`/${clean}`));
    const candidates = tail.length > 0 ? tail : all;
    const ofSplit = split && candidates.length > 1 ? candidates.filter((e) => folderOf(e.path).split('/').some((s) => splitOfName(s) === split)) : [];
    return this.nearest(labelPath, ofSplit.length > 0 ? ofSplit : candidates);
  }

  private withStem(stem: string): SourceEntry[] {
    const all = this.byStem.get(stem.toLowerCase()) ?? [];
    const exact = all.filter((e) => withoutExtension(fileName(e.path)) === stem);
    return exact.length > 0 ? exact : all;
  }

  private nearest(labelPath: string, candidates: readonly SourceEntry[]): ImageMatch {
    if (candidates.length === 0) return { image: null, ambiguous: [] };
    const folder = folderOf(labelPath).split('/').filter((s) => s !== '');
    let best: SourceEntry[] = [];
    let bestDistance = Infinity;
    for (const candidate of candidates) {
      const d = folderDistance(folder, folderOf(candidate.path).split('/').filter((s) => s !== ''));
      if (d < bestDistance) [best, bestDistance] = [[candidate], d];
      else if (d === bestDistance) best.push(candidate);
    }
    return best.length === 1 ? { image: best[0]! } : { image: null, ambiguous: best.map((e) => e.path).sort(comparePaths) };
  }
}

/** Files that operating systems add: `__MACOSX/._a.jpg`, `.DS_Store`. */
export function isHidden(path: string): boolean {
  return path.split('/').some((s) => s.startsWith('.') || s === '__MACOSX');
}

/** 0: the same folder; 1: one folder's name replaced or a level more or less; then by how many levels lie between. */
function folderDistance(a: readonly string[], b: readonly string[]): number {
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head++;
  let tail = 0;
  while (tail < a.length - head && tail < b.length - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail++;
  return Math.max(a.length, b.length) - head - tail;
}

function ancestors(folder: string): string[] {
  const segments = folder.split('/').filter((s) => s !== '');
  return segments.map((_, i) => segments.slice(0, segments.length - i).join('/'));
}

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}
