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
  /** By path with one folder's name left open; built when many images share a name. */
  private byHole: Map<string, SourceEntry[]> | null = null;

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
    const candidates = this.withStem(stem);
    return (candidates.length > MANY && this.closeBy(labelPath, new Set(candidates))) || this.nearest(labelPath, candidates);
  }

  /** What `nearest` finds at a distance of 0 or 1, without looking at every image of the name; null when there is nothing. */
  private closeBy(labelPath: string, candidates: ReadonlySet<SourceEntry>): ImageMatch | null {
    if (!this.byHole) {
      this.byHole = new Map();
      for (const image of this.images) for (const key of holes(image.path)) push(this.byHole, key, image);
    }
    const found = new Set(holes(labelPath).flatMap((key) => this.byHole!.get(key) ?? []).filter((e) => candidates.has(e)));
    return found.size > 0 ? this.nearest(labelPath, [...found]) : null;
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

/** From so many images of one name on, an index is worth its memory. */
const MANY = 16;

/** The path without extension, whole and with each of its folders' names left open. */
function holes(path: string): string[] {
  const segments = withoutExtension(path).toLowerCase().split('/');
  return [segments.join('/'), ...segments.slice(0, -1).map((_, i) => [...segments.slice(0, i), '', ...segments.slice(i + 1)].join('/'))];
}

/** 0: the same folder; 1: one folder's name replaced; then by how many levels lie between, a different depth counting a half more. */
function folderDistance(a: readonly string[], b: readonly string[]): number {
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head++;
  let tail = 0;
  while (tail < a.length - head && tail < b.length - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail++;
  return Math.max(a.length, b.length) - head - tail + (a.length === b.length ? 0 : 0.5);
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
