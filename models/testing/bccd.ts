/** For tests and benches: the bccd blood-cell set as training examples, in its own splits. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { type BoxLabel, type Example } from '../tasks/types';

export const BCCD_CLASSES = [{ id: 'RBC', name: 'RBC' }, { id: 'WBC', name: 'WBC' }, { id: 'Platelets', name: 'Platelets' }];

/** Folder of the real test data, or null when it is not on this machine. */
export function testDataFolder(name: string): string | null {
  const folder = path.resolve(process.env.FIELDMARK_TEST_DATA ?? '../shared/data', name);
  return existsSync(folder) ? folder : null;
}

const tag = (xml: string, name: string): string => new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1] ?? '';

/** One split; VOC edges as LabelImg writes them (x0 = xmin, x1 = xmax). */
export async function bccdSplit(folder: string, split: 'train' | 'val' | 'test'): Promise<Example[]> {
  const names = (await readFile(path.join(folder, 'ImageSets/Main', `${split}.txt`), 'utf8')).split(/\s+/).filter(Boolean);
  return Promise.all(names.map(async (id) => {
    const xml = await readFile(path.join(folder, 'Annotations', `${id}.xml`), 'utf8');
    const labels: BoxLabel[] = [...xml.matchAll(/<object>([\s\S]*?)<\/object>/g)].map(([, object]) => ({
      kind: 'box', classId: tag(object!, 'name'), x0: Number(tag(object!, 'xmin')), y0: Number(tag(object!, 'ymin')), x1: Number(tag(object!, 'xmax')), y1: Number(tag(object!, 'ymax')),
    }));
    return { id, image: { path: path.join(folder, 'JPEGImages', `${id}.jpg`) }, width: Number(tag(xml, 'width')), height: Number(tag(xml, 'height')), labels };
  }));
}
