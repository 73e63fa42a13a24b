/**
 * The manifest of a frozen dataset version: JSON lines, a header with the label schema, then one line an item in
 * ascending order of path (by UTF-8 byte). Its SHA-256 is the version's name, so it holds nothing that differs between
 * two freezes of the same content: no ids of versions, no sequence numbers, no revisions, no times.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { split } from '@/lib/api/common';
import { annotationFields, labelSchema, uuid, type Annotation, type LabelSchema } from '@/lib/core/labels';
import { AppError } from '@/lib/api/errors';

export const MANIFEST_VERSION = 1;

export const manifestHeader = z.object({ manifest: z.literal('fieldmark-dataset'), v: z.literal(MANIFEST_VERSION), schema: labelSchema });
export type ManifestHeader = z.infer<typeof manifestHeader>;

const manifestAnnotation = annotationFields.extend({ id: uuid });
export type ManifestAnnotation = z.infer<typeof manifestAnnotation>;

export const manifestItem = z.object({
  path: z.string().min(1),
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  /** Pixels of the full-resolution, orientation-corrected image. */
  width: z.number().int().positive(),
  height: z.number().int().positive(),
  split,
  annotations: z.array(manifestAnnotation),
});
export type ManifestItem = z.infer<typeof manifestItem>;

/** JSON with sorted keys and no white space: equal values give equal bytes. `undefined` members are left out. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((v) => canonicalJson(v === undefined ? null : v)).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).filter(([, v]) => v !== undefined);
    members.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
    return `{${members.map(([k, v]) => `${JSON.stringify(k)}:${canonicalJson(v)}`).join(',')}}`;
  }
  return JSON.stringify(value);
}

/** The annotation as the manifest keeps it: without its revision. */
export function toManifestAnnotation(annotation: Annotation): ManifestAnnotation {
  const { rev: _rev, ...kept } = annotation;
  return kept;
}

/** The first line, with its line feed. Classes are in creation order. */
export function headerLine(schema: LabelSchema): string {
  const classes = [...schema.classes].sort((a, b) => a.index - b.index);
  return `${canonicalJson({ manifest: 'fieldmark-dataset', v: MANIFEST_VERSION, schema: { ...schema, classes } } satisfies ManifestHeader)}\n`;
}

/** One line, with its line feed. Annotations are sorted by id. */
export function itemLine(item: ManifestItem): string {
  const annotations = [...item.annotations].sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
  return `${canonicalJson({ ...item, annotations })}\n`;
}

/** Passes chunks through and knows the SHA-256 and length of what went by. */
export class HashingStream {
  readonly #hash = createHash('sha256');
  bytes = 0;
  async *through(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      this.#hash.update(chunk);
      this.bytes += chunk.byteLength;
      yield chunk;
    }
  }
  /** In lower-case hexadecimal; once, after the last chunk. */
  digest(): string {
    return this.#hash.digest('hex');
  }
}

export interface ManifestReading {
  header: ManifestHeader;
  /** The items in order; read once, to the end or not at all. */
  items: AsyncGenerator<ManifestItem>;
}

/**
 * Reads a manifest line by line; memory holds one line.
 * @throws AppError `unprocessable` naming the line that is not a manifest's
 */
export async function readManifest(chunks: AsyncIterable<Uint8Array>): Promise<ManifestReading> {
  const lines = linesOf(chunks);
  const first = await lines.next();
  if (first.done) throw new AppError('unprocessable', 'The manifest is empty. Freeze the version again.');
  const header = parseLine(manifestHeader, first.value, 1);
  async function* items() {
    let n = 1;
    for await (const line of lines) yield parseLine(manifestItem, line, ++n);
  }
  return { header, items: items() };
}

function parseLine<T>(schema: z.ZodType<T>, line: string, n: number): T {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    throw new AppError('unprocessable', `Line ${n} of the manifest is not JSON. Freeze the version again.`, { cause });
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw new AppError('unprocessable', `Line ${n} of the manifest: ${AppError.fromZod(parsed.error, 'cannot be read').message}. Freeze the version again.`);
  return parsed.data;
}

async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let parts: string[] = [];
  for await (const chunk of chunks) {
    const text = decoder.decode(chunk, { stream: true });
    let from = 0;
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', from)) {
      parts.push(text.slice(from, at));
      const line = parts.join('');
      parts = [];
      from = at + 1;
      if (line) yield line;
    }
    if (from < text.length) parts.push(text.slice(from));
  }
  const rest = parts.join('') + decoder.decode();
  if (rest) yield rest;
}
