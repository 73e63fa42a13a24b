/** YOLO: data.yaml, images/ and labels/ by split, one text file an image. See README.md. */
import { chunksOf, withoutExtension, extensionOf, type Sink } from '../../io';
import { clipBox, type Box, type Size } from '../../geometry/box';
import type { FormatWriter, WritableDataset, WriteReport } from '../dataset';
import { LossCounter } from '../losses';
import type { ManifestItem } from '../manifest';
import { FileNames } from '../names';
import { yoloCapabilities } from './capabilities';
import { namesByIndex } from './classNames';

export const yoloWriter: FormatWriter = { id: 'yolo', write };

const splits = ['train', 'val', 'test'] as const;

async function write(dataset: WritableDataset, sink: Sink): Promise<WriteReport> {
  const encoder = new TextEncoder();
  const indices = new Map(dataset.schema.classes.map((c) => [c.id, c.index]));
  const names: Record<ManifestItem['split'], FileNames> = { train: new FileNames(), val: new FileNames(), test: new FileNames() };
  const losses = new LossCounter({ name: 'YOLO', capabilities: yoloCapabilities }, dataset.schema);
  const report = { items: 0, annotations: 0, files: 0 };
  const present = new Set<string>();
  let renamed = 0;

  for await (const item of dataset.items()) {
    dataset.signal?.throwIfAborted();
    losses.add(item);
    present.add(item.split);
    const image = dataset.image ? await dataset.image(item) : null;
    const wanted = imagePath(item.path);
    const file = names[item.split].take(wanted, image?.extension);
    if (withoutExtension(file.path) !== withoutExtension(item.path)) renamed++;
    const lines = item.annotations.flatMap((a) => {
      const index = indices.get(a.classId);
      const box = a.geometry.kind === 'box' ? clipBox(a.geometry, item) : null;
      return box && index !== undefined ? [`${index} ${normalised(box, item)}\n`] : [];
    });
    if (image) {
      await sink.write(`images/${item.split}/${file.path}`, image.body);
      report.files++;
    }
    // An empty file says: looked at, nothing there.
    await sink.write(`labels/${item.split}/${file.stem}.txt`, chunksOf(encoder.encode(lines.join(''))));
    report.files++;
    report.annotations += lines.length;
    report.items++;
    dataset.onItem?.(report.items);
  }

  const classNames = namesByIndex(dataset.schema.classes);
  const config = [
    `# ${dataset.info.name.replace(/\s+/g, ' ')}${dataset.info.version === undefined ? '' : `, version ${dataset.info.version}`}\n`,
    // Ultralytics wants train and val; without "path" it looks beside this file.
    ...splits.filter((s) => s !== 'test' || present.has(s)).map((s) => `${s}: images/${s}\n`),
    `nc: ${classNames.length}\n`,
    classNames.length > 0 ? 'names:\n' : 'names: {}\n',
    ...classNames.map((name, i) => `  ${i}: ${JSON.stringify(name)}\n`),
  ].join('');
  await sink.write('data.yaml', chunksOf(encoder.encode(config)));
  report.files++;
  const all = losses.losses();
  if (renamed > 0) all.push({ code: 'renamed', message: 'YOLO names a label file after its image, and finds it by the folder "images": these files are renamed.', count: renamed });
  return { ...report, losses: all };
}

/** Trainers find labels by replacing the last folder called `images`; an item's own folder of that name must not be it. */
function imagePath(path: string): string {
  const segments = path.split('/');
  const name = segments.pop()!;
  const folder = segments.map((s) => (s === 'images' ? 'images_' : s));
  const ext = extensionOf(name);
  return [...folder, ext === '' ? `${name}.jpg` : name].join('/');
}

/** `cx cy w h` as shares of the image, with digits enough that an edge moves by less than a thousandth of a pixel. */
export function normalised(box: Box, image: Size): string {
  const digits = (side: number) => Math.max(6, Math.ceil(Math.log10(side)) + 3);
  const share = (value: number, side: number) => (value / side).toFixed(digits(side));
  return [share((box.x0 + box.x1) / 2, image.width), share((box.y0 + box.y1) / 2, image.height), share(box.x1 - box.x0, image.width), share(box.y1 - box.y0, image.height)].join(' ');
}
