/**
 * Model files from a folder, a file or an address that a person gives: model.json and the weights it names beside it.
 * Everything read is bounded, and weights are only ever looked for beside their model.json.
 */
import { open, stat } from 'node:fs/promises';
import path from 'node:path';
import { download } from './download';
import { ModelSourceError } from './error';

/** A model.json may be this large, and all its weights together this. */
const MAX_JSON_BYTES = 64 * 2 ** 20;
const MAX_WEIGHT_BYTES = 2 * 2 ** 30;

export { ModelSourceError };

export interface ModelSource {
  /** The parsed model.json. */
  json: unknown;
  /** The bytes of a file of the manifest. */
  read(file: string): Promise<Uint8Array>;
}

/** Whether a place is an address rather than a path. */
export const isAddress = (place: string): boolean => /^https?:\/\//i.test(place);

async function readFileBounded(file: string, limit: number): Promise<Uint8Array> {
  const handle = await open(file).catch((error: NodeJS.ErrnoException) => {
    throw new ModelSourceError(error.code === 'ENOENT' ? `There is no file ${file}.` : `${file} cannot be read: ${error.message}`);
  });
  try {
    const { size } = await handle.stat();
    if (size > limit) throw new ModelSourceError(`${file} has ${size} bytes; at most ${limit} are read.`);
    return await handle.readFile();
  } finally {
    await handle.close();
  }
}

/** A name in a manifest stands for a file beside model.json, or below it. */
function checkName(name: string): void {
  if (path.posix.isAbsolute(name) || name.split(/[\\/]/).includes('..') || name.includes(':') || name.includes('\0')) {
    throw new ModelSourceError(`The model names its weights "${name}", which does not lie beside it.`);
  }
}

/** What servers send in place of a file that they do not give: told by its content, whatever type it is said to be. */
const isPage = (bytes: Uint8Array): boolean => /^\s*<(!doctype|html|head|body|\?xml)/i.test(Buffer.from(bytes.subarray(0, 200)).toString('latin1').replace(/^\xef\xbb\xbf/, ''));

function parse(bytes: Uint8Array, place: string): unknown {
  if (isPage(bytes)) throw new ModelSourceError(`${place} is a web page, not a model. Give the address of the model.json itself.`);
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    throw new ModelSourceError(`${place} is not JSON. Give the model.json of a TensorFlow.js model, or the folder with it.`);
  }
}

/** Opens a model.json on disk, the folder of one, or one at an http(s) address. Rejects with a `ModelSourceError`. */
export async function openModelSource(place: string, signal?: AbortSignal): Promise<ModelSource> {
  let total = 0;
  const budget = () => MAX_WEIGHT_BYTES - total;
  const counted = (bytes: Uint8Array) => {
    total += bytes.byteLength;
    return bytes;
  };
  if (isAddress(place)) {
    if (!URL.canParse(place)) throw new ModelSourceError(`${place} is not an address that can be read.`);
    const address = new URL(place);
    return {
      json: parse(await download(address, { limit: MAX_JSON_BYTES, signal }), place),
      async read(file) {
        checkName(file);
        const beside = new URL(file, address);
        beside.search = address.search;
        const bytes = counted(await download(beside, { limit: budget(), signal }));
        if (isPage(bytes)) throw new ModelSourceError(`${file} beside ${place} is a web page, not weights.`);
        return bytes;
      },
    };
  }
  const isFolder = (await stat(place).catch(() => null))?.isDirectory() ?? false;
  const file = isFolder ? path.join(place, 'model.json') : place;
  return {
    json: parse(await readFileBounded(file, MAX_JSON_BYTES), file),
    async read(name) {
      checkName(name);
      return counted(await readFileBounded(path.join(path.dirname(file), name), budget()));
    },
  };
}
