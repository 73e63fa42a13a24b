import { chunksOf, encodeText, type Sink } from '../../io';
import { findClass, type LabelSchema } from '../../labels';
import { attributesByName } from '../attributes';
import type { FormatWriter, WritableDataset, WriteReport } from '../dataset';
import { LossCounter } from '../losses';
import { FileNames } from '../names';
import type { ManifestAnnotation, ManifestItem } from '../manifest';
import { escapeXml } from '../xml';
import { vocCapabilities } from './capabilities';

export const vocWriter: FormatWriter = { id: 'voc', write };

async function write(dataset: WritableDataset, sink: Sink): Promise<WriteReport> {
  const names = new FileNames();
  const losses = new LossCounter({ name: 'Pascal VOC', capabilities: vocCapabilities }, dataset.schema);
  const lists: Record<ManifestItem['split'], string[]> = { train: [], val: [], test: [] };
  const report = { items: 0, annotations: 0, files: 0 };
  const put = async (path: string, body: Parameters<Sink['write']>[1]) => {
    await sink.write(path, body);
    report.files++;
  };
  for await (const item of dataset.items()) {
    dataset.signal?.throwIfAborted();
    losses.add(item);
    const image = dataset.image ? await dataset.image(item) : null;
    const file = names.take(item.path, image?.extension);
    const boxes = item.annotations.filter((a) => a.geometry.kind === 'box');
    await put(`Annotations/${file.stem}.xml`, encodeText(annotationXml(item, file.path, boxes, dataset.schema)));
    if (image) await put(`JPEGImages/${file.path}`, image.body);
    lists[item.split].push(file.stem);
    report.annotations += boxes.length;
    report.items++;
    dataset.onItem?.(report.items);
  }
  const text = new TextEncoder();
  for (const split of ['train', 'val', 'test'] as const) await put(`ImageSets/Main/${split}.txt`, chunksOf(text.encode(lists[split].map((s) => `${s}\n`).join(''))));
  return { ...report, losses: losses.losses() };
}

function* annotationXml(item: ManifestItem, path: string, boxes: readonly ManifestAnnotation[], schema: LabelSchema): Generator<string> {
  const slash = path.lastIndexOf('/');
  const folder = slash < 0 ? 'JPEGImages' : `JPEGImages/${path.slice(0, slash)}`;
  yield `<annotation>\n\t<folder>${escapeXml(folder)}</folder>\n\t<filename>${escapeXml(path.slice(slash + 1))}</filename>\n\t<source>\n\t\t<database>Fieldmark</database>\n\t</source>\n`;
  yield `\t<size>\n\t\t<width>${item.width}</width>\n\t\t<height>${item.height}</height>\n\t\t<depth>3</depth>\n\t</size>\n\t<segmented>0</segmented>\n`;
  for (const a of boxes) {
    if (a.geometry.kind !== 'box') continue;
    const cls = findClass(schema, a.classId);
    const { x0, y0, x1, y1 } = a.geometry;
    yield `\t<object>\n\t\t<name>${escapeXml(cls?.name ?? a.classId)}</name>\n\t\t<pose>Unspecified</pose>\n\t\t<truncated>${+a.truncated}</truncated>\n\t\t<occluded>${+a.occluded}</occluded>\n\t\t<difficult>${+a.difficult}</difficult>\n`;
    yield `\t\t<bndbox>\n\t\t\t<xmin>${x0}</xmin>\n\t\t\t<ymin>${y0}</ymin>\n\t\t\t<xmax>${x1}</xmax>\n\t\t\t<ymax>${y1}</ymax>\n\t\t</bndbox>\n`;
    const values = Object.entries(attributesByName(schema, a));
    if (values.length > 0) {
      yield '\t\t<attributes>\n';
      for (const [name, value] of values) yield `\t\t\t<attribute>\n\t\t\t\t<name>${escapeXml(name)}</name>\n\t\t\t\t<value>${escapeXml(String(value))}</value>\n\t\t\t</attribute>\n`;
      yield '\t\t</attributes>\n';
    }
    yield '\t</object>\n';
  }
  yield '</annotation>\n';
}
