/** Splits that come with the data. */
import type { DatasetSplit } from './dataset';

const names: Record<string, DatasetSplit> = { train: 'train', training: 'train', val: 'val', valid: 'val', validation: 'val', dev: 'val', test: 'test', testing: 'test' };

/** `valid` → `val`, `train2017` → `train`, and the like; undefined for any other word. */
export function splitOfName(name: string): DatasetSplit | undefined {
  const word = name.toLowerCase().replace(/\d{4}$/, '');
  return Object.hasOwn(names, word) ? names[word] : undefined;
}

/** The split that a file's name speaks of: `instances_val2017.json` → `val`; undefined when it names none, or two. */
export function splitInName(name: string): DatasetSplit | undefined {
  const found = new Set(name.split(/[^A-Za-z0-9]+/).flatMap((word) => splitOfName(word) ?? []));
  return found.size === 1 ? [...found][0] : undefined;
}

/**
 * The split of each path by its folders. A folder called `train` or `test` counts only when the same parent also has a folder
 * of another split: a lone `test` is somebody's folder, not a split.
 */
export function folderSplits(paths: Iterable<string>): (path: string) => DatasetSplit | undefined {
  const byParent = new Map<string, Set<DatasetSplit>>();
  const candidates = (path: string): { parent: string; split: DatasetSplit }[] => {
    const segments = path.split('/');
    return segments.slice(0, -1).flatMap((segment, i) => {
      const split = splitOfName(segment);
      return split ? [{ parent: segments.slice(0, i).join('/'), split }] : [];
    });
  };
  for (const path of paths) {
    for (const { parent, split } of candidates(path)) {
      let splits = byParent.get(parent);
      if (!splits) byParent.set(parent, (splits = new Set()));
      splits.add(split);
    }
  }
  return (path) => candidates(path).find(({ parent }) => (byParent.get(parent)?.size ?? 0) > 1)?.split;
}
