/** Datasets for tests of formats. */
import path from 'node:path';
import { existsSync } from 'node:fs';
import fc from 'fast-check';
import sharp from 'sharp';
import { FolderSource } from '@/lib/server/archives';
import type { AnnotationFields, Geometry, LabelSchema } from '../../labels';
import { maskFromBitmap, maskToString } from '../../masks';
import type { Orientation } from '../../geometry/orientation';
import type { SourceEntry } from '../../io';
import type { DatasetReading, ImageInfo, InterchangeItem, WritableDataset } from '../dataset';
import type { ManifestItem } from '../manifest';

export const testData = process.env['FIELDMARK_TEST_DATA'] ?? path.resolve(import.meta.dirname, '../../../../../shared/data');
export const hasTestData = existsSync(testData);
export const realData = (folder: string) => new FolderSource(path.join(testData, folder));

/** `n` → a UUID that ends in it. */
export const id = (n: number) => `00000000-0000-7000-8000-${n.toString(16).padStart(12, '0')}`;

/** Size and orientation by sharp: another implementation than the product's own. */
export async function imageInfo(entry: SourceEntry): Promise<ImageInfo | null> {
  try {
    const { width, height, orientation } = await sharp(await entry.bytes()).metadata();
    return { width, height, orientation: (orientation ?? 1) as Orientation };
  } catch {
    return null;
  }
}

/** Classes of every kind; index 2 was removed. */
export const schema: LabelSchema = {
  classes: [
    { id: id(1), index: 0, name: 'cell', color: '#e03131', kind: 'box', description: '', attributes: [
      { id: id(10), name: 'stain', type: 'select', options: [{ id: id(11), name: 'weak' }, { id: id(12), name: 'strong & <odd>' }] },
      { id: id(13), name: 'count', type: 'number' },
    ] },
    { id: id(2), index: 1, name: 'nucleus', color: '#1c7ed6', kind: 'mask', description: '', attributes: [] },
    { id: id(3), index: 3, name: 'axis "long"', color: '#2f9e44', kind: 'landmarks', description: '', attributes: [], skeleton: {
      points: [{ id: id(20), name: 'left end' }, { id: id(21), name: 'centre' }, { id: id(22), name: 'right end' }], edges: [[0, 1], [1, 2]], pairs: [[0, 2]] } },
  ],
};

export function annotation(n: number, classId: string, geometry: Geometry, more: Partial<AnnotationFields> = {}) {
  return { id: id(n), classId, geometry, attributes: {}, truncated: false, occluded: false, difficult: false, crowd: false, group: null, track: null, at: null, score: null, origin: null, ...more };
}

export function manifestItemOf(itemPath: string, more: Partial<ManifestItem> = {}): ManifestItem {
  return { path: itemPath, hash: 'ab'.repeat(32), mime: 'image/png', width: 640, height: 480, orientation: 1, split: 'train', annotations: [], ...more };
}

export function writable(items: readonly ManifestItem[], more: Partial<WritableDataset> = {}): WritableDataset {
  return {
    schema, info: { name: 'Test set', version: 3 },
    async *items() {
      yield* items;
    },
    ...more,
  };
}

export async function itemsOf(reading: DatasetReading): Promise<InterchangeItem[]> {
  const out: InterchangeItem[] = [];
  for await (const item of reading.items()) out.push(item);
  return out;
}

const edge = (side: number) => fc.double({ min: 0, max: side, noNaN: true });
export const arbitrarySize = fc.record({ width: fc.integer({ min: 1, max: 20_000 }), height: fc.integer({ min: 1, max: 20_000 }) });

/** A box of at least a hundredth of a pixel inside an image of this size. */
export function arbitraryBox({ width, height }: { width: number; height: number }): fc.Arbitrary<Geometry> {
  return fc.tuple(edge(width), edge(height), edge(width), edge(height))
    .map(([a, b, c, d]) => ({ kind: 'box' as const, v: 1 as const, x0: Math.min(a, c), y0: Math.min(b, d), x1: Math.max(a, c), y1: Math.max(b, d) }))
    .filter((b) => b.x1 - b.x0 > 0.01 && b.y1 - b.y0 > 0.01);
}

/** A mask of at least one pixel inside the image. */
export function arbitraryMask({ width, height }: { width: number; height: number }): fc.Arbitrary<Geometry> {
  const w = Math.min(width, 9);
  const h = Math.min(height, 7);
  return fc.tuple(fc.integer({ min: 0, max: width - w }), fc.integer({ min: 0, max: height - h }), fc.array(fc.boolean(), { minLength: w * h, maxLength: w * h }))
    .filter(([, , bits]) => bits.some(Boolean))
    .map(([x, y, bits]) => ({ kind: 'mask' as const, v: 1 as const, mask: maskToString(maskFromBitmap(bits.map(Number), w, h, { x, y })) }));
}

export function arbitraryLandmarks({ width, height }: { width: number; height: number }, points: number): fc.Arbitrary<Geometry> {
  const point = fc.tuple(edge(width), edge(height), fc.constantFrom(0 as const, 1 as const, 2 as const)).map(([x, y, v]) => (v === 0 ? { x: 0, y: 0, v } : { x, y, v }));
  return fc.array(point, { minLength: points, maxLength: points }).map((list) => ({ kind: 'landmarks' as const, v: 1 as const, points: list }));
}
