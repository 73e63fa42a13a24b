/** Small pictures and label files for tests. */
import sharp from 'sharp';
import { zipSync } from 'fflate';

/** A JPEG of one colour per seed; `orientation` writes EXIF. The stored size is `width` × `height`. */
export async function jpeg(seed: number, width = 64, height = 48, orientation?: number): Promise<Uint8Array> {
  const image = sharp({ create: { width, height, channels: 3, background: { r: (seed * 53) % 256, g: (seed * 97) % 256, b: (seed * 193) % 256 } } });
  return new Uint8Array(await (orientation ? image.withMetadata({ orientation }) : image).jpeg({ quality: 90 }).toBuffer());
}

/** A JPEG of noise: its bytes are pixels to the end. */
export async function noiseJpeg(width: number, height: number): Promise<Uint8Array> {
  const data = Buffer.alloc(width * height * 3);
  for (let i = 0; i < data.length; i++) data[i] = (Math.imul(i + 1, 2654435761) >>> 13) & 255;
  return new Uint8Array(await sharp(data, { raw: { width, height, channels: 3 } }).jpeg({ quality: 90 }).toBuffer());
}

/** A PNG with bright rectangles on dark ground. */
export async function pngWithBoxes(width: number, height: number, boxes: readonly { x0: number; y0: number; x1: number; y1: number; value: number }[]): Promise<Uint8Array> {
  const data = Buffer.alloc(width * height * 3, 20);
  for (const b of boxes) for (let y = b.y0; y < b.y1; y++) for (let x = b.x0; x < b.x1; x++) data.fill(b.value, (y * width + x) * 3, (y * width + x) * 3 + 3);
  return new Uint8Array(await sharp(data, { raw: { width, height, channels: 3 } }).png().toBuffer());
}

export interface VocBox {
  name: string;
  box: [xmin: number, ymin: number, xmax: number, ymax: number];
}
/** A Pascal VOC annotation as LabelImg writes it. */
export function vocXml(filename: string, size: [width: number, height: number], boxes: readonly VocBox[]): Uint8Array {
  const objects = boxes.map(({ name, box: [x0, y0, x1, y1] }) => `<object><name>${name}</name><pose>Unspecified</pose><truncated>0</truncated><difficult>0</difficult><bndbox><xmin>${x0}</xmin><ymin>${y0}</ymin><xmax>${x1}</xmax><ymax>${y1}</ymax></bndbox></object>`);
  return Buffer.from(`<annotation><folder>f</folder><filename>${filename}</filename><size><width>${size[0]}</width><height>${size[1]}</height><depth>3</depth></size><segmented>0</segmented>${objects.join('')}</annotation>`);
}

export const text = (value: string): Uint8Array => Buffer.from(value);
export const zipOf = (files: Record<string, Uint8Array>): Uint8Array => zipSync(files);
