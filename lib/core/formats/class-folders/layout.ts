/** Where the class of an image stands in its path. */
import { extensionOf, hasImageExtension, type SourceEntry } from '../../io';
import { isHidden } from '../images';
import type { DatasetSplit } from '../dataset';
import { folderSplits } from '../splits';

const portable = new Set(['pgm', 'ppm', 'pbm', 'pnm']);

export interface ClassFolders {
  /** In ascending order of path. */
  images: { entry: SourceEntry; className: string | null; split?: DatasetSplit }[];
  /** In order of name. */
  classes: string[];
  /** Portable maps passed over because there are images of other kinds. */
  skipped: SourceEntry[];
}

/**
 * Classes by folder: `train/cat/1.jpg` or `cat/1.jpg`, with any folders before; deeper folders belong to the class above them.
 * Portable maps (PGM and the like) are images only where there are no others: many sets keep originals beside converted copies.
 */
export function classFolders(entries: readonly SourceEntry[]): ClassFolders {
  const visible = entries.filter((e) => !isHidden(e.path));
  const usual = visible.filter((e) => hasImageExtension(e.path));
  const maps = visible.filter((e) => portable.has(extensionOf(e.path)));
  const images = usual.length > 0 ? usual : maps;
  const paths = images.map((e) => e.path);
  const splitOf = folderSplits(paths);
  const folders = paths.map((p) => p.split('/').slice(0, -1));
  const common = commonFolders(folders);
  const classes = new Set<string>();
  const placed = images.map((entry, i) => {
    const split = splitOf(entry.path);
    const below = split ? folders[i]!.slice(splitDepth(entry.path, splitOf) + 1) : folders[i]!.slice(common);
    const className = below[0] ?? null;
    if (className !== null) classes.add(className);
    return { entry, className, ...(split && { split }) };
  });
  return { images: placed, classes: [...classes].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0)), skipped: usual.length > 0 ? maps : [] };
}

/** How many folders all paths begin with. */
function commonFolders(folders: readonly (readonly string[])[]): number {
  const first = folders[0];
  if (!first) return 0;
  let n = first.length;
  for (const f of folders) {
    let k = 0;
    while (k < n && k < f.length && f[k] === first[k]) k++;
    n = k;
  }
  return n;
}

/** The place of the folder that gives a path its split: the first one that does so by itself. */
function splitDepth(path: string, splitOf: (path: string) => DatasetSplit | undefined): number {
  const segments = path.split('/');
  for (let i = 0; i < segments.length - 1; i++) if (splitOf([...segments.slice(0, i + 1), 'x'].join('/'))) return i;
  return segments.length - 1;
}
