/** For tests and benches: the udacity faces with 68 landmarks as training examples. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { sniffImage } from '@/lib/core/media';
import { type Example, type LabelledPoint, type TaskClass } from '../tasks/types';

/** Left and right partners of the 68 points (iBUG 300-W, numbered from 0): jaw, brows, nostrils, eyes, outer and inner lips. */
const PARTNERS: [number, number][] = [
  ...Array.from({ length: 8 }, (_, i): [number, number] => [i, 16 - i]),
  ...Array.from({ length: 5 }, (_, i): [number, number] => [17 + i, 26 - i]),
  [31, 35], [32, 34],
  [36, 45], [37, 44], [38, 43], [39, 42], [40, 47], [41, 46],
  [48, 54], [49, 53], [50, 52], [55, 59], [56, 58],
  [60, 64], [61, 63], [65, 67],
];

export const FACE68: TaskClass = { id: 'face', name: 'Face', points: Array.from({ length: 68 }, (_, i) => `p${i}`), swaps: PARTNERS };

/** One split in the order of its table; every image is one face. */
export async function facesSplit(folder: string, split: 'training' | 'test'): Promise<Example[]> {
  const rows = (await readFile(path.join(folder, `${split}_frames_keypoints.csv`), 'utf8')).trim().split('\n').slice(1);
  return Promise.all(rows.map(async (row): Promise<Example> => {
    const [name, ...numbers] = row.split(',');
    const file = path.join(folder, split, name!);
    const info = sniffImage(await readFile(file));
    if ('error' in info) throw new Error(`${name}: ${info.error}`);
    const { width, height } = info;
    const points = Array.from({ length: 68 }, (_, k): LabelledPoint => ({ x: Number(numbers[2 * k]), y: Number(numbers[2 * k + 1]), v: 2 }));
    return { id: name!, image: { path: file }, width, height, labels: [{ kind: 'landmarks', classId: FACE68.id, points }] };
  }));
}
