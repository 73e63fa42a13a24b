/** For tests and benches: the camvid street frames and the dsb2018 nuclei as training examples. */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { masksByValue } from '@/lib/core/formats/masks/pixels';
import { splitFraction } from '@/lib/core/labels';
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
    const labels = [...masksByValue({ width, height, values: indices })].map(([value, mask]): Label =>
      (value === CAMVID_IGNORED ? { kind: 'ignore', mask } : { kind: 'mask', classId: CAMVID_CLASSES[value]!.id, mask }));
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
    const masks = masksByValue({ width, height, values: indices });
    masks.delete(0);
    return [{ id: name, image: { path: file }, width, height, labels: [...masks.values()].map((mask) => ({ kind: 'mask', classId: 'nucleus', mask })) }];
  }));
  return examples.flat();
}
