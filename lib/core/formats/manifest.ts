/**
 * The manifest of a frozen dataset version: JSON lines, a head and then one line an item in ascending order of path. The same
 * data gives the same bytes, and the SHA-256 of the bytes is the version's name. It holds no times, no people, no revisions.
 */
import { z } from 'zod';
import { annotationFields, labelSchema, uuid, type Annotation, type LabelSchema } from '../labels';
import { comparePaths } from '../io';

export const MANIFEST_VERSION = 1;

export const manifestHead = z.object({ fieldmark: z.literal('dataset'), v: z.literal(MANIFEST_VERSION), schema: labelSchema });
export type ManifestHead = z.infer<typeof manifestHead>;

export const manifestAnnotation = annotationFields.extend({ id: uuid });
export type ManifestAnnotation = z.infer<typeof manifestAnnotation>;

export const manifestItem = z.object({
  path: z.string().min(1).max(1000),
  /** SHA-256 of the image file. */
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  mime: z.string(),
  /** Of the upright image. */
  width: z.number().int().min(1),
  height: z.number().int().min(1),
  /** EXIF orientation of the stored file. */
  orientation: z.number().int().min(1).max(8).default(1),
  split: z.enum(['train', 'val', 'test']),
  annotations: z.array(manifestAnnotation),
});
export type ManifestItem = z.infer<typeof manifestItem>;

/** JSON with the keys of every object in order, so that equal values are equal text. `undefined` members are left out. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((v) => canonicalJson(v === undefined ? null : v)).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const record = value as Record<string, unknown>;
    const keys = Object.keys(record).filter((k) => record[k] !== undefined).sort(comparePaths);
    return `{${keys.map((k) => `${JSON.stringify(k)}:${canonicalJson(record[k])}`).join(',')}}`;
  }
  if (typeof value === 'number' && !Number.isFinite(value)) throw new RangeError(`${value} is not a number of JSON`);
  return JSON.stringify(value);
}

/** An annotation as the manifest keeps it: without its revision. */
export function toManifestAnnotation(annotation: Annotation): ManifestAnnotation {
  return manifestAnnotation.parse(annotation);
}

/** The first line, with its line break. */
export function manifestHeadLine(schema: LabelSchema): string {
  const classes = [...schema.classes].sort((a, b) => a.index - b.index);
  return `${canonicalJson({ fieldmark: 'dataset', v: MANIFEST_VERSION, schema: { classes } })}\n`;
}

/** The line of an item, with its line break. Annotations are ordered by id, so that storage order does not show. */
export function manifestItemLine(item: ManifestItem): string {
  return `${canonicalJson({ ...item, annotations: [...item.annotations].sort((a, b) => comparePaths(a.id, b.id)) })}\n`;
}

/** Splits chunks of UTF-8 text into lines, without their line breaks. An empty last line is left out. */
export async function* textLines(chunks: AsyncIterable<Uint8Array>, maxLength = 256_000_000): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let rest: string[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    let text = decoder.decode(chunk, { stream: true });
    for (;;) {
      const end = text.indexOf('\n');
      if (end < 0) break;
      rest.push(text.slice(0, end));
      yield rest.join('');
      rest = [];
      length = 0;
      text = text.slice(end + 1);
    }
    rest.push(text);
    length += text.length;
    if (length > maxLength) throw new RangeError(`a line has more than ${maxLength} characters`);
  }
  const last = rest.join('') + decoder.decode();
  if (last !== '') yield last;
}

/** A manifest opened: its head, and the items that follow. @throws when a line is not what it should be, naming it */
export async function readManifest(chunks: AsyncIterable<Uint8Array>): Promise<{ head: ManifestHead; items: AsyncGenerator<ManifestItem> }> {
  const lines = textLines(chunks);
  const first = await lines.next();
  if (first.done) throw new Error('the manifest is empty');
  const parse = <T>(schema: z.ZodType<T>, line: string, n: number): T => {
    try {
      return schema.parse(JSON.parse(line));
    } catch (error) {
      throw new Error(`line ${n} of the manifest is damaged`, { cause: error });
    }
  };
  const head = parse(manifestHead, first.value, 1);
  async function* items() {
    let n = 1;
    for await (const line of lines) yield parse(manifestItem, line, ++n);
  }
  return { head, items: items() };
}
