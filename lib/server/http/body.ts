import { AppError } from '@/lib/api/errors';

/** Most bytes of a JSON body: five hundred operations with masks fit; a file does not belong in JSON. */
export const MAX_JSON_BYTES = 64 * 1024 * 1024;

const megabytes = (bytes: number) => `${Math.round(bytes / 1e6).toLocaleString('en-GB')} MB`;
const tooLarge = (limit: number, what: string) => new AppError('too-large', `${what} is larger than ${megabytes(limit)}. Send it in smaller parts${what === 'The upload' ? ', or raise FIELDMARK_MAX_UPLOAD_MB' : ''}.`);

/** The body as it comes, cut off with an error when it is longer than `limit` bytes. */
export function limitedStream(request: Request, limit: number, what = 'The upload'): ReadableStream<Uint8Array> {
  const declared = Number(request.headers.get('content-length') ?? 0);
  if (declared > limit) throw tooLarge(limit, what);
  if (!request.body) return new ReadableStream({ start: (controller) => controller.close() });
  let read = 0;
  return request.body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        read += chunk.byteLength;
        if (read > limit) controller.error(tooLarge(limit, what));
        else controller.enqueue(chunk);
      },
    }),
  );
}

export async function readText(request: Request, limit = MAX_JSON_BYTES): Promise<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let text = '';
  const reader = limitedStream(request, limit, 'The body').getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return text + decoder.decode();
      text += decoder.decode(value, { stream: true });
    }
  } catch (error) {
    if (error instanceof TypeError) throw new AppError('invalid', 'The body is not UTF-8 text.', { cause: error });
    throw error;
  }
}

/** The parsed JSON body and its text; nothing sent is an empty object. */
export async function readJson(request: Request): Promise<{ value: unknown; text: string }> {
  const type = request.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase();
  const text = await readText(request);
  if (text === '') return { value: {}, text };
  if (type !== 'application/json') throw new AppError('unsupported', `The body must be application/json, not ${type || 'of no declared type'}.`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new AppError('invalid', `The body is not JSON: ${(error as Error).message}`, { cause: error });
  }
  // Only escapes can put into a string what PostgreSQL cannot keep; most bodies have none and are not walked.
  if (/\\u(0000|d[89a-f])/i.test(text)) assertStorable(value, '');
  return { value, text };
}

const LONE_SURROGATE = /\p{Surrogate}/u;

/** @throws AppError when a string holds a NUL or half a surrogate pair, which PostgreSQL's text and JSON cannot keep */
export function assertStorable(value: unknown, path: string): void {
  if (typeof value === 'string') {
    if (value.includes('\0') || LONE_SURROGATE.test(value)) {
      const where = path || 'the value';
      throw new AppError('invalid', `${where}: holds a character that is not text (NUL, or half of a pair)`, { errors: [{ path, message: 'holds a character that is not text' }] });
    }
  } else if (Array.isArray(value)) value.forEach((v, i) => assertStorable(v, path ? `${path}.${i}` : String(i)));
  else if (typeof value === 'object' && value !== null) {
    for (const [key, v] of Object.entries(value)) {
      assertStorable(key, path);
      assertStorable(v, path ? `${path}.${key}` : key);
    }
  }
}
