import path from 'node:path';
import { config, type Config } from '@/lib/server/config';
import { DiskStore } from './disk';
import { S3Store } from './s3';
import type { ObjectStore } from './types';

export { InvalidKeyError, ObjectNotFoundError, assertKey } from './keys';
export { HashingStream } from './hashing';
export { objectsUnder, removePrefix } from './prefix';
export { collect, nodeStream, withLocalFile } from './streams';
export { DiskStore, S3Store };
export type { ByteRange, ListOptions, ListPage, ObjectBody, ObjectStat, ObjectStore, PutOptions } from './types';

/** The store that the settings name: S3 when `S3_ENDPOINT` is set, else files in the data folder. */
export function createStore(settings: Pick<Config, 's3' | 'dataDir'>): ObjectStore {
  return settings.s3 ? new S3Store(settings.s3) : new DiskStore(path.join(/* turbopackIgnore: true */ settings.dataDir, 'objects'));
}

const KEY = Symbol.for('fieldmark.store');
type Holder = { [KEY]?: ObjectStore };

/** The object store of this process. */
export function objectStore(): ObjectStore {
  return ((globalThis as Holder)[KEY] ??= createStore(config()));
}
