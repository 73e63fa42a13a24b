/** The formats. A new one is a folder here and a line below. */
import type { Source } from '../io';
import { classFolders } from './class-folders';
import { coco } from './coco';
import { DatasetError, type Format, type FormatReader, type FormatWriter } from './dataset';
import { landmarksCsv } from './landmarks-csv';
import { masks } from './masks';
import { voc } from './voc';
import { yolo } from './yolo';

export * from './dataset';
export * from './manifest';
export * from './losses';
export * from './classes';
export { folderSplits, splitOfName } from './splits';
export { headOf, imageInfoOf } from './imageInfo';

export const formats: readonly Format[] = [voc, coco, yolo, masks, landmarksCsv, classFolders];

/** The format with this id, or undefined. */
export function findFormat(id: string): Format | undefined {
  return formats.find((f) => f.id === id);
}
/** @throws DatasetError that lists the formats there are */
export function formatOf(id: string): Format {
  const format = findFormat(id);
  if (!format) throw new DatasetError(`There is no format "${id}". Formats: ${formats.map((f) => f.id).join(', ')}.`);
  return format;
}
/** @throws DatasetError when the format is unknown or cannot be read */
export function readerOf(id: string): FormatReader {
  const { reader } = formatOf(id);
  if (!reader) throw new DatasetError(`"${id}" can be written, but not read. Formats that can: ${formats.filter((f) => f.reader).map((f) => f.id).join(', ')}.`);
  return reader;
}
/** @throws DatasetError when the format is unknown or cannot be written */
export function writerOf(id: string): FormatWriter {
  const { writer } = formatOf(id);
  if (!writer) throw new DatasetError(`"${id}" can be read, but not written. Formats that can: ${formats.filter((f) => f.writer).map((f) => f.id).join(', ')}.`);
  return writer;
}

export interface DetectedFormat {
  format: Format;
  confidence: number;
  reason: string;
}

/** Formats that a source may be in, likeliest first; those that it cannot be in are left out. */
export async function detectFormats(source: Source): Promise<DetectedFormat[]> {
  const found: DetectedFormat[] = [];
  for (const format of formats) {
    if (!format.reader) continue;
    const { confidence, reason } = await format.reader.detect(source);
    if (confidence > 0) found.push({ format, confidence, reason });
  }
  return found.sort((a, b) => b.confidence - a.confidence);
}
