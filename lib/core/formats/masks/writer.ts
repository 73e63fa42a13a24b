import { chunksOf, encodeText, type Sink } from '../../io';
import type { LabelSchema } from '../../labels';
import { cropMask, maskFromString, maskRows } from '../../masks';
import { writeIndexPng } from '../../media';
import { csvLine } from '../csv';
import type { FormatWriter, WritableDataset, WriteReport } from '../dataset';
import { LossCounter } from '../losses';
import type { ManifestItem } from '../manifest';
import { FileNames } from '../names';
import { masksCapabilities } from './capabilities';
import { OBJECTS_FILE } from './tables';

export const masksWriter: FormatWriter = { id: 'masks', write };

/** Objects of one image that 16 bits can number. */
const MAX_NUMBER = 65_535;

async function write(dataset: WritableDataset, sink: Sink): Promise<WriteReport> {
  const losses = new LossCounter({ name: 'Mask images', capabilities: masksCapabilities }, dataset.schema);
  const names: Record<ManifestItem['split'], FileNames> = { train: new FileNames(), val: new FileNames(), test: new FileNames() };
  const lists: Record<ManifestItem['split'], string[]> = { train: [], val: [], test: [] };
  const table: string[] = [csvLine(['mask', 'instance', 'class'])];
  const classes = new Map(dataset.schema.classes.filter((c) => c.kind === 'mask').map((c) => [c.id, c]));
  const palette = paletteOf(dataset.schema);
  const report = { items: 0, annotations: 0, files: 0 };
  const put = async (path: string, body: Parameters<Sink['write']>[1]) => {
    await sink.write(path, body);
    report.files++;
  };
  let crowded = 0;
  for await (const item of dataset.items()) {
    dataset.signal?.throwIfAborted();
    losses.add(item);
    const image = dataset.image ? await dataset.image(item) : null;
    const file = names[item.split].take(item.path, image?.extension);
    if (image) await put(`${item.split}/${file.path}`, image.body);
    const byClass = palette ? new Uint8Array(item.width * item.height) : new Uint16Array(item.width * item.height);
    const byObject = new Uint16Array(item.width * item.height);
    const objectsPath = `${item.split}instances/${file.stem}.png`;
    let number = 0;
    for (const a of item.annotations) {
      const cls = classes.get(a.classId);
      if (!cls || a.geometry.kind !== 'mask') continue;
      const mask = cropMask(maskFromString(a.geometry.mask), { x: 0, y: 0, width: item.width, height: item.height });
      if (mask.width === 0) continue;
      if (number === MAX_NUMBER) {
        crowded++;
        continue;
      }
      number++;
      for (const { y, x0, x1 } of maskRows(mask)) {
        byClass.fill(cls.index + 1, y * item.width + x0, y * item.width + x1);
        byObject.fill(number, y * item.width + x0, y * item.width + x1);
      }
      table.push(csvLine([objectsPath, number, cls.name]));
      report.annotations++;
    }
    const size = { width: item.width, height: item.height };
    await put(`${item.split}annot/${file.stem}.png`, chunksOf(writeIndexPng({ ...size, indices: byClass, ...(palette && { palette }) })));
    await put(objectsPath, chunksOf(writeIndexPng({ ...size, indices: byObject })));
    lists[item.split].push(`${item.split}/${file.path} ${item.split}annot/${file.stem}.png\n`);
    report.items++;
    dataset.onItem?.(report.items);
  }
  for (const split of ['train', 'val', 'test'] as const) if (lists[split].length > 0) await put(`${split}.txt`, encodeText(lists[split]));
  await put(OBJECTS_FILE, encodeText(table));
  await put('classes.json', encodeText([classesJson(dataset.schema)]));
  const all = losses.losses();
  if (crowded > 0) all.push({ code: 'too-many-objects', message: `An image has room for ${MAX_NUMBER} masks: these are left out.`, count: crowded });
  return { ...report, losses: all };
}

/** Colours by class index + 1, black before them; null when there are more than a palette holds. */
function paletteOf(schema: LabelSchema): number[][] | null {
  const highest = Math.max(-1, ...schema.classes.map((c) => c.index));
  if (highest + 2 > 256) return null;
  const palette: number[][] = Array.from({ length: highest + 2 }, () => [0, 0, 0]);
  for (const c of schema.classes) palette[c.index + 1] = rgbOf(c.color);
  return palette;
}

function rgbOf(color: string): [number, number, number] {
  return [1, 3, 5].map((i) => parseInt(color.slice(i, i + 2), 16)) as [number, number, number];
}

function classesJson(schema: LabelSchema): string {
  const rows = schema.classes.filter((c) => c.kind === 'mask').sort((a, b) => a.index - b.index).map((c) => ({ id: c.index + 1, name: c.name, color: rgbOf(c.color) }));
  return `${JSON.stringify({ classes: [{ id: 0, name: 'background', color: [0, 0, 0] }, ...rows], background: 0, ignore: null }, null, 1)}\n`;
}
