/** Class names of a YOLO dataset: a list in which every index from 0 on has a name. */
import { parse as parseYaml } from 'yaml';
import type { LabelClass } from '../../labels';

/** The name that stands for an index no class has (any more). */
export function placeholderName(index: number, taken: ReadonlySet<string> = new Set()): string {
  let name = `unused_${index}`;
  while (taken.has(name)) name = `_${name}`;
  return name;
}
export function isPlaceholder(name: string, index: number): boolean {
  return new RegExp(`^_*unused_${index}$`).test(name);
}

/**
 * Names by class index. An index is a class's order of creation and never reused, so there may be gaps; Ultralytics refuses a
 * dictionary with gaps ("class dataset requires class indices 0-…"), so they are filled with placeholders.
 */
export function namesByIndex(classes: readonly Pick<LabelClass, 'index' | 'name'>[]): string[] {
  const taken = new Set(classes.map((c) => c.name));
  const names: string[] = [];
  for (const c of classes) names[c.index] = c.name;
  return Array.from(names, (name, i) => name ?? placeholderName(i, taken));
}

export interface YoloConfig {
  names: string[];
  /** As given: folders or list files, relative to somewhere that only the author knew. */
  splits: { split: 'train' | 'val' | 'test'; paths: string[] }[];
  /** Keypoints: how many, and how many numbers each. */
  keypoints: { count: number; numbers: 2 | 3 } | null;
}

/** data.yaml. Null when it is not one (no names). @throws when it is not YAML */
export function readYoloConfig(text: string): YoloConfig | null {
  // A label schema needs no aliases; a hostile one would use them.
  const data: unknown = parseYaml(text, { maxAliasCount: 10 });
  if (typeof data !== 'object' || data === null || Array.isArray(data)) return null;
  const record = data as Record<string, unknown>;
  const given = record['names'];
  const names: string[] = [];
  if (Array.isArray(given)) given.forEach((name, i) => (names[i] = String(name)));
  else if (typeof given === 'object' && given !== null) {
    for (const [key, name] of Object.entries(given)) if (/^\d{1,5}$/.test(key)) names[Number(key)] = String(name);
  } else return null;
  const pathsOf = (value: unknown): string[] => (typeof value === 'string' ? [value] : Array.isArray(value) ? value.filter((v): v is string => typeof v === 'string') : []);
  const shape = record['kpt_shape'];
  const keypoints = Array.isArray(shape) && Number.isInteger(shape[0]) && (shape[1] === 2 || shape[1] === 3) ? { count: shape[0] as number, numbers: shape[1] as 2 | 3 } : null;
  return {
    names: Array.from(names, (name, i) => name ?? placeholderName(i)),
    splits: (['train', 'val', 'test'] as const).map((split) => ({ split, paths: pathsOf(record[split] ?? (split === 'val' ? record['validation'] : undefined)) })),
    keypoints,
  };
}
