/** Objects of a store as a source. */
import { BaseSource, safePath, sourceEntry, type SourceEntry } from '@/lib/core/io';

/** The part of the object store that is needed here. */
export interface ReadableObjects {
  get(key: string): Promise<AsyncIterable<Uint8Array>>;
}

async function* contentOf(store: ReadableObjects, key: string): AsyncGenerator<Uint8Array> {
  yield* await store.get(key);
}

/** Objects under paths of their own, such as the files of an upload. */
export class ObjectsSource extends BaseSource {
  constructor(private readonly store: ReadableObjects, private readonly files: readonly { path: string; key: string; bytes: number }[]) {
    super();
  }
  protected override async load(): Promise<SourceEntry[]> {
    return this.files.map(({ path, key, bytes }) => sourceEntry(safePath(path), bytes, () => contentOf(this.store, key)));
  }
}
