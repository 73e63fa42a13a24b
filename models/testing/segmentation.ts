/** For tests and benches: the camvid street frames and the dsb2018 nuclei as training examples. */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { splitFraction } from '@/lib/core/labels';
import { maskFromBitmap, maskFromIndices } from '@/lib/core/masks';
import { readIndexPng } from '@/lib/core/media';
import { type Example, type Label, type TaskClass } from '../tasks/types';

const CAMVID_IGNORED = 11;

export const CAMVID_CLASSES: TaskClass[] = ['Sky', 'Building', 'Pole', 'Road', 'Pavement', 'Tree', 'SignSymbol', 'Fence', 'Car', 'Pedestrian', 'Bicyclist'].map((name) => ({ id: name, name }));

/** One split: a mask of each class in a frame; what is unlabelled is ignored. */
export async function camvidSplit(folder: string, split: 'train' | 'val' | 'test'): Promise<Example[]> {
  const lines = (await readFile(path.join(folder, `${split}.txt`), 'utf8')).split('\n').filter(Boolean);
  return Promise.all(lines.map(async (line): Promise<Example> => {
    const [image, annotation] = line.split(' ') as [string, string];
    const { width, height, indices } = readIndexPng(await readFile(path.join(folder, annotation)));
    const of = (value: number) => maskFromIndices(indices, width, height, value);
    const present = new Set(indices);
    const labels = CAMVID_CLASSES.flatMap(({ id }, k): Label[] => (present.has(k) ? [{ kind: 'mask', classId: id, mask: of(k) }] : []));
    if (present.has(CAMVID_IGNORED)) labels.push({ kind: 'ignore', mask: of(CAMVID_IGNORED) });
    return { id: image, image: { path: path.join(folder, image) }, width, height, labels };
  }));
}

export const NUCLEI_CLASSES: TaskClass[] = [{ id: 'nucleus', name: 'Nucleus' }];

/** Images whose place on [0, 1) by the hash of their file is in [from, to); a mask of each nucleus. */
export async function nuclei(folder: string, from: number, to: number): Promise<Example[]> {
  const names = (await readdir(path.join(folder, 'images'))).sort();
  const examples = await Promise.all(names.map(async (name): Promise<Example[]> => {
    const file = path.join(folder, 'images', name);
    const place = splitFraction(createHash('sha256').update(await readFile(file)).digest('hex'));
    if (place < from || place >= to) return [];
    const { width, height, indices } = readIndexPng(await readFile(path.join(folder, 'labels', `${path.parse(name).name}.png`)));
    const labels = nucleiOf(indices, width);
    return [{ id: name, image: { path: file }, width, height, labels }];
  }));
  return examples.flat();
}

/** One mask for each number above 0. */
function nucleiOf(indices: ArrayLike<number>, width: number): Label[] {
  const bounds = new Map<number, { x0: number; y0: number; x1: number; y1: number }>();
  for (let i = 0; i < indices.length; i++) {
    const value = indices[i]!;
    if (value === 0) continue;
    const [x, y] = [i % width, Math.floor(i / width)];
    const own = bounds.get(value);
    if (own) {
      own.x0 = Math.min(own.x0, x);
      own.x1 = Math.max(own.x1, x);
      own.y1 = y;
    } else bounds.set(value, { x0: x, y0: y, x1: x, y1: y });
  }
  return [...bounds].map(([value, { x0, y0, x1, y1 }]) => {
    const [w, h] = [x1 - x0 + 1, y1 - y0 + 1];
    const bitmap = Uint8Array.from({ length: w * h }, (_, i) => (indices[(y0 + Math.floor(i / w)) * width + x0 + (i % w)] === value ? 1 : 0));
    return { kind: 'mask', classId: 'nucleus', mask: maskFromBitmap(bitmap, w, h, { x: x0, y: y0 }) };
  });
}
