/**
 * Tensors that wait on disk for their turn: targets of thousands of images are mostly zeros, too much for memory and little
 * once deflated. The file is of one process, and goes with it.
 */
import { type FileHandle, mkdir, open, rm } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { deflateRaw, inflateRaw } from 'node:zlib';
import { type TensorData, type TypedArray } from '../../graph';
import type { Tensors } from '../../runtime/engine';

const deflate = promisify(deflateRaw);
const inflate = promisify(inflateRaw) as (bytes: Uint8Array) => Promise<Buffer>;
const arrays = { float32: Float32Array, int32: Int32Array, uint8: Uint8Array, bool: Uint8Array };
let opened = 0;

export class Spool {
  /** Where each entry begins and how long it is. */
  private readonly entries: { at: number; bytes: number }[] = [];
  private layout: { name: string; dtype: TensorData['dtype']; shape: readonly number[]; bytes: number }[] | null = null;
  private end = 0;

  private constructor(private readonly file: string, private readonly handle: FileHandle) {}

  /** A new, empty one in the folder. */
  static async open(dir: string): Promise<Spool> {
    await mkdir(dir, { recursive: true });
    const file = path.join(dir, `${process.pid}.${opened++}.spool.tmp`);
    const handle = await open(file, 'w+');
    // Where open files can be removed, nothing is left of a process that was killed.
    await rm(file, { force: true }).catch(() => undefined);
    return new Spool(file, handle);
  }

  /** Keeps tensors of the same names, types and shapes as those before. Returns the number they are asked for by. */
  async add(tensors: Tensors): Promise<number> {
    this.layout ??= Object.entries(tensors).map(([name, { dtype, shape, data }]) => ({ name, dtype, shape, bytes: data.byteLength }));
    const parts = this.layout.map(({ name, bytes }) => {
      const { data } = tensors[name]!;
      if (data.byteLength !== bytes) throw new Error(`${name} has ${data.byteLength} bytes, and those before had ${bytes}`);
      return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    });
    const deflated = await deflate(Buffer.concat(parts), { level: 1 });
    const at = this.end;
    this.end += deflated.byteLength;
    const number = this.entries.push({ at, bytes: deflated.byteLength }) - 1;
    await this.handle.write(deflated, 0, deflated.byteLength, at);
    return number;
  }

  async get(number: number): Promise<Tensors> {
    const { at, bytes } = this.entries[number]!;
    const deflated = Buffer.alloc(bytes);
    await this.handle.read(deflated, 0, bytes, at);
    const content = await inflate(deflated);
    let from = content.byteOffset;
    return Object.fromEntries(this.layout!.map(({ name, dtype, shape, bytes: size }) => {
      const copy = content.buffer.slice(from, from + size) as ArrayBuffer;
      from += size;
      return [name, { dtype, shape, data: new arrays[dtype](copy) as TypedArray }];
    }));
  }

  async close(): Promise<void> {
    await this.handle.close();
    await rm(this.file, { force: true });
  }
}
