/** Checkpoints: numbers and tensors in one file that is replaced atomically. */
import { readFile } from 'node:fs/promises';
import { type TensorData, type TypedArray } from '../graph';
import { type Tensors } from '../runtime/engine';
import { writeAtomically } from './files';

const MAGIC = 'FMCKPT01';

interface Header {
  meta: unknown;
  tensors: { name: string; dtype: TensorData['dtype']; shape: readonly number[]; bytes: number }[];
}

export async function writeCheckpoint(file: string, meta: unknown, tensors: Tensors): Promise<void> {
  const header: Header = {
    meta,
    tensors: Object.entries(tensors).map(([name, { dtype, shape, data }]) => ({ name, dtype, shape, bytes: data.byteLength })),
  };
  const json = new TextEncoder().encode(JSON.stringify(header));
  const length = new Uint8Array(Uint32Array.of(json.byteLength).buffer);
  const bytes = Object.values(tensors).map(({ data }) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  await writeAtomically(file, [MAGIC, length, json, ...bytes]);
}

/** Null when there is no file. Throws when it is not a checkpoint or is cut short. */
export async function readCheckpoint(file: string): Promise<{ meta: unknown; tensors: Tensors } | null> {
  let bytes: Buffer;
  try {
    bytes = await readFile(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  if (bytes.subarray(0, MAGIC.length).toString('latin1') !== MAGIC) throw new Error(`${file} is not a checkpoint`);
  const length = bytes.readUInt32LE(MAGIC.length);
  let at = MAGIC.length + 4 + length;
  const header = JSON.parse(bytes.subarray(MAGIC.length + 4, at).toString('utf8')) as Header;
  const arrays = { float32: Float32Array, int32: Int32Array, uint8: Uint8Array, bool: Uint8Array };
  const tensors: Tensors = {};
  for (const { name, dtype, shape, bytes: size } of header.tensors) {
    if (at + size > bytes.byteLength) throw new Error(`${file} is cut short`);
    const copy = bytes.buffer.slice(bytes.byteOffset + at, bytes.byteOffset + at + size) as ArrayBuffer;
    tensors[name] = { dtype, shape, data: new arrays[dtype](copy) as TypedArray };
    at += size;
  }
  return { meta: header.meta, tensors };
}
