/** Pictures with known ground truth, drawn by the product itself. */
import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import sharp from 'sharp';
import { demoClassIds, drawDemoImage, type DemoAnnotation } from '@/lib/core/demo';
import type { BoxGeometry } from '@/lib/core/labels';

export interface DemoPicture {
  name: string;
  file: string;
  width: number;
  height: number;
  sha256: string;
  annotations: DemoAnnotation[];
}

/** Writes `count` micrographs as PNG files into a folder; the same seed gives the same pixels. */
export async function demoImages(count: number, folder: string, seed = 7): Promise<DemoPicture[]> {
  await mkdir(folder, { recursive: true });
  const pictures: DemoPicture[] = [];
  for (let index = 0; index < count; index++) {
    const { name, width, height, rgba, annotations } = drawDemoImage(seed, index);
    const bytes = await sharp(Buffer.from(rgba.buffer, rgba.byteOffset, rgba.byteLength), { raw: { width, height, channels: 4 } }).removeAlpha().png().toBuffer();
    const file = path.join(folder, name);
    await writeFile(file, bytes);
    pictures.push({ name, file, width, height, sha256: createHash('sha256').update(bytes).digest('hex'), annotations });
  }
  return pictures;
}

export type CellKind = 'red' | 'white' | 'platelet';

/** The boxes of one kind of cell, largest first. */
export function boxesOf(picture: DemoPicture, kind: CellKind): BoxGeometry[] {
  const boxes = picture.annotations.filter((a) => a.classId === demoClassIds[kind]).map((a) => a.geometry).filter((g) => g.kind === 'box');
  return boxes.sort((a, b) => (b.x1 - b.x0) * (b.y1 - b.y0) - (a.x1 - a.x0) * (a.y1 - a.y0));
}

/** The long axis of the first whole white cell's nucleus: its left end, centre and right end. */
export function axisOf(picture: DemoPicture): { x: number; y: number }[] {
  const axis = picture.annotations.find((a) => a.classId === demoClassIds.axis && !a.truncated)?.geometry;
  if (axis?.kind !== 'landmarks') throw new Error(`${picture.name} has no whole white cell`);
  return axis.points.map(({ x, y }) => ({ x, y }));
}
