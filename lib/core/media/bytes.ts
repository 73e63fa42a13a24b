/** Reading binary headers of hostile files: every read is checked, every fault is a `MediaError`. */

/**
 * truncated: the bytes end too early (more of the file may help); malformed: they contradict themselves; unsupported: a known
 * kind of file or variant that is not read here; unknown: not a kind of file that is recognised; limit: more pixels than allowed.
 */
export type MediaFault = 'truncated' | 'malformed' | 'unsupported' | 'unknown' | 'limit';

/** What is wrong with a media file, in words that continue "image.bmp: …". */
export class MediaError extends Error {
  override readonly name = 'MediaError';
  constructor(readonly fault: MediaFault, message: string, options?: ErrorOptions) {
    super(message, options);
  }
}

/** A window on bytes with one byte order. Reads outside throw a MediaError 'truncated' that names what was read. */
export class ByteReader {
  private readonly view: DataView;

  constructor(readonly bytes: Uint8Array, readonly littleEndian: boolean, private readonly what: string) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get length(): number {
    return this.bytes.length;
  }

  private check(at: number, length: number): void {
    if (!(at >= 0 && at + length <= this.bytes.length)) throw new MediaError('truncated', `the file ends in the middle of ${this.what}`);
  }

  u8(at: number): number {
    this.check(at, 1);
    return this.bytes[at]!;
  }

  u16(at: number): number {
    this.check(at, 2);
    return this.view.getUint16(at, this.littleEndian);
  }

  u24(at: number): number {
    this.check(at, 3);
    const [a, b, c] = [this.bytes[at]!, this.bytes[at + 1]!, this.bytes[at + 2]!];
    return this.littleEndian ? a | (b << 8) | (c << 16) : (a << 16) | (b << 8) | c;
  }

  u32(at: number): number {
    this.check(at, 4);
    return this.view.getUint32(at, this.littleEndian);
  }

  i32(at: number): number {
    this.check(at, 4);
    return this.view.getInt32(at, this.littleEndian);
  }

  /** A 64-bit number; exact up to 2⁵³, and never less than a file could be long beyond that. */
  u64(at: number): number {
    this.check(at, 8);
    return Number(this.view.getBigUint64(at, this.littleEndian));
  }

  /** Whether these ASCII characters stand here; false where the bytes end before. */
  isText(at: number, text: string): boolean {
    if (at + text.length > this.bytes.length) return false;
    for (let i = 0; i < text.length; i++) if (this.bytes[at + i] !== text.charCodeAt(i)) return false;
    return true;
  }

  slice(at: number, length: number): Uint8Array {
    this.check(at, length);
    return this.bytes.subarray(at, at + length);
  }
}

/** Throws unless width and height are above 0 and within the bound. */
export function checkPixels(width: number, height: number, maxPixels: number): void {
  if (!(width > 0 && height > 0)) throw new MediaError('malformed', `its header says ${width} × ${height} pixels`);
  if (width * height > maxPixels) throw new MediaError('limit', `it has ${width} × ${height} pixels; at most ${maxPixels} are read`);
}

/** Pixels that decoders here read unless told otherwise: 16,384². */
export const DEFAULT_MAX_PIXELS = 2 ** 28;
