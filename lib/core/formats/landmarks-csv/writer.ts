import { encodeText, extensionOf, withoutExtension, type Sink } from '../../io';
import type { LabelClass } from '../../labels';
import { csvLine } from '../csv';
import type { FormatWriter, WritableDataset, WriteReport } from '../dataset';
import { LossCounter } from '../losses';
import type { ManifestItem } from '../manifest';
import { FileNames, SafeNames } from '../names';
import { landmarksCsvCapabilities } from './capabilities';

export const landmarksCsvWriter: FormatWriter = { id: 'landmarks-csv', write };

const splits = ['train', 'val', 'test'] as const;

async function write(dataset: WritableDataset, sink: Sink): Promise<WriteReport> {
  const losses = new LossCounter({ name: 'Landmark CSV', capabilities: landmarksCsvCapabilities }, dataset.schema);
  const names = new FileNames();
  /** Only names that differ from the item's path. */
  const renamed = new Map<string, string>();
  const classes = dataset.schema.classes.filter((c) => c.kind === 'landmarks' && c.skeleton).sort((a, b) => a.index - b.index);
  const present = new Set<ManifestItem['split']>();
  const report = { items: 0, annotations: 0, files: 0 };

  for await (const item of dataset.items()) {
    dataset.signal?.throwIfAborted();
    losses.add(item);
    present.add(item.split);
    if (dataset.image) {
      const image = await dataset.image(item);
      if (image) {
        const name = image.extension && image.extension !== extensionOf(item.path) ? names.take(`${withoutExtension(item.path)}.${image.extension}`).path : item.path;
        if (name !== item.path) renamed.set(item.path, name);
        await sink.write(`${item.split}/${name}`, image.body);
        report.files++;
      }
    }
    report.items++;
    dataset.onItem?.(report.items);
  }
  const safe = new SafeNames();
  for (const cls of classes) {
    const suffix = classes.length > 1 ? `_${safe.take(cls.name)}` : '';
    for (const split of splits) {
      if (!present.has(split) && !(split === 'train' && present.size === 0)) continue;
      await sink.write(`${split}${suffix}.csv`, encodeText(rows(cls, split)));
      report.files++;
    }
  }
  return { ...report, losses: losses.losses() };

  /** Image, then x and y of every point, then visibility, so that a trainer that knows only points reads the first columns. */
  async function* rows(cls: LabelClass, split: ManifestItem['split']): AsyncGenerator<string> {
    const points = cls.skeleton!.points.map((p) => p.name);
    yield csvLine(['image', ...points.flatMap((p) => [`${p}_x`, `${p}_y`]), ...points.map((p) => `${p}_v`), 'class']);
    for await (const item of dataset.items()) {
      dataset.signal?.throwIfAborted();
      if (item.split !== split) continue;
      for (const a of item.annotations) {
        if (a.classId !== cls.id || a.geometry.kind !== 'landmarks') continue;
        const placed = a.geometry.points;
        yield csvLine([renamed.get(item.path) ?? item.path, ...placed.flatMap((p): (string | number)[] => (p.v === 0 ? ['', ''] : [p.x, p.y])), ...placed.map((p) => p.v), cls.name]);
        report.annotations++;
      }
    }
  }
}
