/** COCO JSON: one file a split, classes by index + 1. See README.md. */
import { boxToXywh } from '../../geometry/box';
import { encodeText, extensionOf, withoutExtension, type Sink } from '../../io';
import { geometryBounds, type AnnotationFields, type LabelClass, type LabelSchema } from '../../labels';
import { cropMask, maskArea, maskFromString, toCocoRle } from '../../masks';
import { attributesByName } from '../attributes';
import type { FormatWriter, WritableDataset, WriteReport } from '../dataset';
import { LossCounter } from '../losses';
import type { ManifestAnnotation, ManifestItem } from '../manifest';
import { FileNames } from '../names';
import { cocoCapabilities } from './capabilities';

export const cocoWriter: FormatWriter = { id: 'coco', write };

const splits = ['train', 'val', 'test'] as const;

/** Category id of a class: its index + 1, because 0 means background to many trainers. */
export function categoryId(cls: Pick<LabelClass, 'index'>): number {
  return cls.index + 1;
}

async function write(dataset: WritableDataset, sink: Sink): Promise<WriteReport> {
  const report = { items: 0, annotations: 0, files: 0 };
  const losses = new LossCounter({ name: 'COCO', capabilities: cocoCapabilities }, dataset.schema);
  const classes = new Map(dataset.schema.classes.map((c) => [c.id, c]));
  const present = new Set<ManifestItem['split']>();
  const names = new FileNames();
  /** Only names that differ from the item's path. */
  const renamed = new Map<string, string>();

  for await (const item of dataset.items()) {
    dataset.signal?.throwIfAborted();
    present.add(item.split);
    losses.add(item);
    if (dataset.image) {
      const image = await dataset.image(item);
      if (image) {
        const name = image.extension && image.extension !== extensionOf(item.path) ? names.take(`${withoutExtension(item.path)}.${image.extension}`).path : item.path;
        if (name !== item.path) renamed.set(item.path, name);
        await sink.write(`images/${item.split}/${name}`, image.body);
        report.files++;
      }
    }
    report.items++;
    dataset.onItem?.(report.items);
  }

  for (const split of splits) {
    if (!present.has(split) && !(split === 'train' && present.size === 0)) continue;
    await sink.write(`annotations/instances_${split}.json`, encodeText(fileText(split)));
    report.files++;
  }
  return { ...report, losses: losses.losses() };

  async function* fileText(split: ManifestItem['split']): AsyncGenerator<string> {
    yield `{\n"info": ${JSON.stringify(infoOf(dataset.info))},\n"licenses": [],\n"categories": [`;
    yield listed([...dataset.schema.classes].sort((a, b) => a.index - b.index).map((c) => JSON.stringify(categoryOf(c))));
    yield '],\n"images": [';
    let first = true;
    // Ids are places in the whole dataset, so that an image keeps its id whichever split it is in.
    let imageId = 0;
    for await (const item of dataset.items()) {
      imageId++;
      if (item.split !== split) continue;
      yield `${first ? '\n' : ',\n'}${JSON.stringify({ id: imageId, file_name: renamed.get(item.path) ?? item.path, width: item.width, height: item.height, sha256: item.hash })}`;
      first = false;
    }
    yield '\n],\n"annotations": [';
    first = true;
    imageId = 0;
    let annotationId = 0;
    for await (const item of dataset.items()) {
      dataset.signal?.throwIfAborted();
      imageId++;
      for (const a of item.annotations) {
        annotationId++;
        const cls = classes.get(a.classId);
        if (item.split !== split || !cls) continue;
        const body = annotationOf(a, cls, item, dataset.schema);
        if (!body) continue;
        yield `${first ? '\n' : ',\n'}${JSON.stringify({ id: annotationId, image_id: imageId, category_id: categoryId(cls), ...body })}`;
        first = false;
        report.annotations++;
      }
    }
    yield '\n]\n}\n';
  }
}

function listed(lines: readonly string[]): string {
  return lines.map((line) => `\n${line}`).join(',') + '\n';
}

function infoOf(info: WritableDataset['info']): Record<string, unknown> {
  return { description: info.description ? `${info.name}: ${info.description}` : info.name, url: '', version: info.version === undefined ? '' : String(info.version), contributor: '', date_created: '', ...(info.manifest && { manifest: info.manifest }) };
}

function categoryOf(cls: LabelClass): Record<string, unknown> {
  return {
    id: categoryId(cls), name: cls.name, supercategory: '', color: cls.color,
    ...(cls.skeleton && {
      keypoints: cls.skeleton.points.map((p) => p.name),
      skeleton: cls.skeleton.edges.map(([a, b]) => [a + 1, b + 1]),
      ...(cls.skeleton.pairs.length > 0 && { pairs: cls.skeleton.pairs.map(([a, b]) => [a + 1, b + 1]) }),
    }),
  };
}

/** Everything of an annotation but its ids; null when nothing of a mask is inside the image. */
function annotationOf(a: ManifestAnnotation, cls: LabelClass, item: ManifestItem, schema: LabelSchema): Record<string, unknown> | null {
  const shape = shapeOf(a.geometry, item);
  if (!shape) return null;
  const attributes = attributesByName(schema, a);
  return {
    ...shape,
    iscrowd: a.crowd ? 1 : 0,
    ...(Object.keys(attributes).length > 0 && { attributes }),
    ...(a.truncated && { truncated: true }),
    ...(a.occluded && { occluded: true }),
    ...(a.difficult && { difficult: true }),
    ...(a.group !== null && { group: a.group }),
    ...(a.score !== null && { score: a.score }),
  };
}

function shapeOf(geometry: AnnotationFields['geometry'], item: ManifestItem): Record<string, unknown> | null {
  if (geometry.kind === 'box') {
    const bbox = boxToXywh(geometry);
    return { bbox, area: bbox[2] * bbox[3], segmentation: [] };
  }
  if (geometry.kind === 'mask') {
    const mask = cropMask(maskFromString(geometry.mask), { x: 0, y: 0, width: item.width, height: item.height });
    if (mask.width === 0) return null;
    return { bbox: [mask.x, mask.y, mask.width, mask.height], area: maskArea(mask), segmentation: toCocoRle(mask, item) };
  }
  const bounds = boxToXywh(geometryBounds(geometry));
  return {
    bbox: bounds, area: bounds[2] * bounds[3], segmentation: [],
    keypoints: geometry.points.flatMap((p) => [p.x, p.y, p.v]),
    num_keypoints: geometry.points.filter((p) => p.v > 0).length,
  };
}
