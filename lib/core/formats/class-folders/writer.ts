import { encodeText, fileName, withoutExtension, type Sink } from '../../io';
import { findClass } from '../../labels';
import { csvLine } from '../csv';
import type { FormatWriter, WritableDataset, WriteReport } from '../dataset';
import { LossCounter } from '../losses';
import type { ManifestItem } from '../manifest';
import { FileNames, SafeNames } from '../names';
import { classFoldersCapabilities } from './capabilities';

export const classFoldersWriter: FormatWriter = { id: 'class-folders', write };

/** The same as the folders, as a list: `image,class,split`. */
export const LIST_FILE = 'labels.csv';

async function write(dataset: WritableDataset, sink: Sink): Promise<WriteReport> {
  const losses = new LossCounter({ name: 'Class folders', capabilities: classFoldersCapabilities }, dataset.schema);
  const names = new FileNames();
  const report = { items: 0, annotations: 0, files: 0 };
  const lines: string[] = [csvLine(['image', 'class', 'split'])];

  // In the order of the schema, whatever the items are.
  const safe = new SafeNames();
  const folders = new Map([...dataset.schema.classes].sort((a, b) => a.index - b.index).map((c) => [c.id, safe.take(c.name)]));

  let done = 0;
  for await (const item of dataset.items()) {
    dataset.signal?.throwIfAborted();
    losses.add(item);
    const classId = classOf(item);
    if (classId !== null) {
      const image = dataset.image ? await dataset.image(item) : null;
      const folder = `${item.split}/${folders.get(classId) ?? classId}`;
      const path = names.take(`${folder}/${flatName(item.path)}`, image?.extension).path;
      if (image) {
        await sink.write(path, image.body);
        report.files++;
      }
      lines.push(csvLine([path, findClass(dataset.schema, classId)?.name ?? classId, item.split]));
      report.items++;
    }
    dataset.onItem?.(++done);
  }
  await sink.write(LIST_FILE, encodeText(lines));
  report.files++;
  return { ...report, losses: losses.losses() };
}

/** The one class that an image's objects have; null when they have none or several. */
function classOf(item: ManifestItem): string | null {
  const classes = new Set(item.annotations.map((a) => a.classId));
  return classes.size === 1 ? [...classes][0]! : null;
}

/** A path as one name, so that an item's own folders are not taken for classes or splits. */
function flatName(path: string): string {
  const name = path.replaceAll('/', '__');
  return fileName(withoutExtension(name)) === '' ? `image${name}` : name;
}
