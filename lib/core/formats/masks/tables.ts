/** Tables beside mask images: what the numbers of objects are, and which images belong to the set. */
import { fileName, withoutExtension, type SourceEntry } from '../../io';
import { CsvError, csvRows } from '../csv';
import type { DatasetIssue, DatasetSplit } from '../dataset';
import { splitOfName } from '../splits';

/** `instances.csv`: mask, number, class. */
export const OBJECTS_FILE = 'instances.csv';
/** `index.csv`: a row an image. */
const INDEX_FILE = 'index.csv';

export interface MaskTables {
  /** Mask file → number → class name. */
  classOf: ReadonlyMap<string, ReadonlyMap<number, string>>;
  /** Names (without folders and extension) of the images that belong to the set; null when no table says. */
  listed: ReadonlySet<string> | null;
  splits: ReadonlyMap<string, DatasetSplit>;
  /** The index counts instances: masks hold numbers of objects. */
  countsObjects: boolean;
}

/** Reads the tables at the root. Those of another meaning are passed over. */
export async function readTables(entries: readonly SourceEntry[], issues: DatasetIssue[]): Promise<MaskTables> {
  const classOf = new Map<string, Map<number, string>>();
  const splits = new Map<string, DatasetSplit>();
  let listed: Set<string> | null = null;
  let countsObjects = false;
  for (const entry of entries) {
    if (entry.path !== OBJECTS_FILE && entry.path !== INDEX_FILE) continue;
    try {
      let head: string[] | null = null;
      for await (const { cells } of csvRows(entry.open())) {
        if (!head) {
          head = cells.map((c) => c.toLowerCase());
          continue;
        }
        const cell = (...names: string[]) => names.map((n) => cells[head!.indexOf(n)]).find((c) => c !== undefined && c !== '');
        if (entry.path === OBJECTS_FILE) {
          const [mask, number, name] = [cell('mask'), Number(cell('instance')), cell('class')];
          if (mask === undefined || name === undefined || !Number.isInteger(number)) continue;
          let ofMask = classOf.get(mask);
          if (!ofMask) classOf.set(mask, (ofMask = new Map()));
          ofMask.set(number, name);
          continue;
        }
        const name = cell('image', 'file', 'filename', 'file_name', 'id');
        if (name === undefined) continue;
        const stem = withoutImageExtension(fileName(name));
        (listed ??= new Set<string>()).add(stem);
        countsObjects ||= head.includes('instances');
        const split = splitOfName(cell('split', 'subset') ?? '');
        if (split) splits.set(stem, split);
      }
    } catch (error) {
      if (!(error instanceof CsvError)) throw error;
      issues.push({ severity: 'warning', code: 'unreadable-list', path: entry.path, message: `"${entry.path}" was left out: ${error.message}.` });
    }
  }
  return { classOf, listed, splits, countsObjects };
}

/** Ids hold dots at times: only what is an image's extension is taken off. */
function withoutImageExtension(name: string): string {
  return /\.(jpe?g|png|tiff?|bmp|webp|gif)$/i.test(name) ? withoutExtension(name) : name;
}
