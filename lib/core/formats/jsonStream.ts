/**
 * Reads a large JSON file whose outermost value is an object, member by member: arrays come element by element, so that only one
 * element is in memory at a time.
 */

export class JsonStreamError extends Error {
  override readonly name = 'JsonStreamError';
}

/** One element of a top-level array, or the whole value of a top-level member that is no array. */
export interface JsonPiece {
  key: string;
  /** The JSON text of the piece. */
  text: string;
  /** Whether it is an element of an array. An empty array yields nothing. */
  element: boolean;
}

const QUOTE = 0x22, BACKSLASH = 0x5c, OPEN_BRACE = 0x7b, CLOSE_BRACE = 0x7d, OPEN_BRACKET = 0x5b, CLOSE_BRACKET = 0x5d, COMMA = 0x2c, COLON = 0x3a;
const isSpace = (c: number) => c === 0x20 || c === 0x0a || c === 0x0d || c === 0x09;

type Place = 'start' | 'key' | 'colon' | 'value' | 'member' | 'element' | 'end';

/**
 * @param maxPiece longest piece, in bytes
 * @throws JsonStreamError when the text is not an object of JSON; faults inside a piece show when the caller parses it
 */
export async function* jsonPieces(chunks: AsyncIterable<Uint8Array>, maxPiece = 256_000_000): AsyncGenerator<JsonPiece> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let buffer = new Uint8Array(4096);
  let length = 0;
  let place: Place = 'start';
  /** Depth of brackets inside the current piece. */
  let depth = 0;
  let inString = false;
  let escaped = false;
  let key = '';
  let offset = 0;

  const take = (): string => {
    let end = length;
    while (end > 0 && isSpace(buffer[end - 1]!)) end--;
    try {
      return decoder.decode(buffer.subarray(0, end));
    } catch {
      throw new JsonStreamError(`the text near byte ${offset} is not UTF-8`);
    } finally {
      length = 0;
    }
  };
  const push = (c: number) => {
    if (length === buffer.length) {
      if (length >= maxPiece) throw new JsonStreamError(`one value is larger than ${maxPiece} bytes`);
      const grown = new Uint8Array(length * 2);
      grown.set(buffer);
      buffer = grown;
    }
    buffer[length++] = c;
  };
  const unexpected = (c: number): never => {
    throw new JsonStreamError(`"${String.fromCharCode(c)}" at byte ${offset} is out of place`);
  };

  for await (const chunk of chunks) {
    for (let i = 0; i < chunk.length; i++, offset++) {
      const c = chunk[i]!;
      if (inString) {
        push(c);
        if (escaped) escaped = false;
        else if (c === BACKSLASH) escaped = true;
        else if (c === QUOTE) {
          inString = false;
          if (place === 'key') {
            key = JSON.parse(take()) as string;
            place = 'colon';
          }
        }
        continue;
      }
      if (length === 0 && isSpace(c)) continue;
      switch (place) {
        case 'start':
          if (offset < 3 && (c === 0xef || c === 0xbb || c === 0xbf)) break;
          if (c !== OPEN_BRACE) throw new JsonStreamError('it does not begin with "{"');
          place = 'key';
          break;
        case 'key':
          if (c === QUOTE) {
            inString = true;
            push(c);
          } else if (c === CLOSE_BRACE) place = 'end';
          else if (c !== COMMA) unexpected(c);
          break;
        case 'colon':
          if (c !== COLON) unexpected(c);
          place = 'value';
          break;
        case 'value':
          if (c === OPEN_BRACKET) {
            place = 'element';
            break;
          }
          place = 'member';
          [depth, inString] = begin(c);
          push(c);
          break;
        case 'member':
        case 'element': {
          const closes: number = place === 'member' ? CLOSE_BRACE : CLOSE_BRACKET;
          if (depth === 0 && (c === COMMA || c === closes)) {
            if (length > 0) yield { key, text: take(), element: place === 'element' };
            else if (place === 'member') unexpected(c);
            if (place === 'member') place = c === COMMA ? 'key' : 'end';
            else if (c === closes) place = 'key';
            break;
          }
          if (c === QUOTE) inString = true;
          else if (c === OPEN_BRACE || c === OPEN_BRACKET) depth++;
          else if (c === CLOSE_BRACE || c === CLOSE_BRACKET) {
            if (depth === 0) unexpected(c);
            depth--;
          }
          push(c);
          break;
        }
        case 'end':
          if (!isSpace(c)) unexpected(c);
      }
    }
  }
  if (place !== 'end') throw new JsonStreamError('it is cut off');
}

/** Depth and string state after the first character of a value. */
function begin(c: number): [depth: number, inString: boolean] {
  return [c === OPEN_BRACE ? 1 : 0, c === QUOTE];
}
