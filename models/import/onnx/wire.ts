/**
 * The wire format of protocol buffers (protobuf.dev, "Encoding"), read from bytes that nobody vouches for: nothing is
 * copied, nothing recurses by itself, and every length is checked against its message.
 */

/** The bytes are no message. */
export class WireError extends Error {
  override readonly name = 'WireError';
}

/** One field of a message: its number, and its value as a number (wire types 0, 1, 5) or as bytes (2). */
export interface Field {
  id: number;
  /** Varints beyond 2^53 lose precision; ONNX has none that matter here. */
  value: number;
  /** Empty for numbers. */
  bytes: Uint8Array;
  /** 0 varint, 1 eight bytes, 2 bytes, 5 four bytes. */
  wire: number;
}

const NOTHING = new Uint8Array(0);

/** Reads the varint at `at`; signed 64 bits. Returns the value and where the next byte is. */
function varint(bytes: Uint8Array, at: number): [value: number, next: number] {
  let low = 0;
  let high = 0;
  for (let i = 0; i < 10; i++) {
    const byte = bytes[at + i];
    if (byte === undefined) throw new WireError('the file is cut short');
    const bits = byte & 127;
    if (i < 4) low += bits * 2 ** (7 * i);
    else if (i === 4) {
      low += (bits & 15) * 2 ** 28;
      high += bits >> 4;
    } else high += bits * 2 ** (7 * i - 32);
    if (byte < 128) {
      const wrapped = high % 2 ** 32;
      return [(wrapped >= 2 ** 31 ? wrapped - 2 ** 32 : wrapped) * 2 ** 32 + low, at + i + 1];
    }
  }
  throw new WireError('a number has more than ten bytes');
}

/** The fields of a message in order. Throws a `WireError` where the bytes are no message. */
export function* fields(bytes: Uint8Array): Generator<Field> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  while (at < bytes.length) {
    const [key, start] = varint(bytes, at);
    const [id, wire] = [Math.floor(key / 8), key & 7];
    if (id < 1) throw new WireError('a field has no number');
    let value = 0;
    let content: Uint8Array = NOTHING;
    if (wire === 0) [value, at] = varint(bytes, start);
    else if (wire === 1 || wire === 5) {
      const size = wire === 1 ? 8 : 4;
      if (start + size > bytes.length) throw new WireError('the file is cut short');
      value = wire === 1 ? view.getFloat64(start, true) : view.getFloat32(start, true);
      at = start + size;
    } else if (wire === 2) {
      const [length, from] = varint(bytes, start);
      if (length < 0 || from + length > bytes.length) throw new WireError('the file is cut short');
      content = bytes.subarray(from, from + length);
      at = from + length;
    } else {
      throw new WireError(`wire type ${wire} is not used by ONNX`);
    }
    yield { id, value, bytes: content, wire };
  }
}

const decoder = new TextDecoder();
export const text = ({ bytes }: Field): string => decoder.decode(bytes);

/** Numbers of a repeated field, one by one or packed. */
export function* numbers({ wire, value, bytes }: Field): Generator<number> {
  if (wire !== 2) {
    yield value;
    return;
  }
  let at = 0;
  while (at < bytes.length) {
    const [next, after] = varint(bytes, at);
    yield next;
    at = after;
  }
}
