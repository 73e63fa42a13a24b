/** Objects of a store as a source: those under a prefix, or named ones. */
import { BaseSource, safePath, sourceEntry, type SourceEntry } from '@/lib/core/io';

/** The part of the object store that is needed here. */
export interface ReadableObjects {
  get(key: string): Promise<AsyncIterable<Uint8Array>>;
  list(prefix: string, options?: { cursor?: string }): Promise<{ objects: { key: string; size: number }[]; cursor?: string }>;
}

async function* contentOf(store: Pick<ReadableObjects, 'get'>, key: string): AsyncGenerator<Uint8Array> {
  yield* await store.get(key);
}

/** Objects whose key begins with the prefix; paths are what follows it. */
export class PrefixSource extends BaseSource {
  constructor(private readonly store: ReadableObjects, private readonly prefix: string) {
    super();
  }
  protected override async load(): Promise<SourceEntry[]> {
    const entries: SourceEntry[] = [];
    let cursor: string | undefined;
    do {
      const page = await this.store.list(this.prefix, cursor === undefined ? {} : { cursor });
      for (const { key, size } of page.objects) entries.push(sourceEntry(safePath(key.slice(this.prefix.length)), size, () => contentOf(this.store, key)));
      cursor = page.cursor;
    } while (cursor !== undefined);
    return entries;
  }
}

/** Objects under paths of their own, such as the files of an upload. */
export class ObjectsSource extends BaseSource {
  constructor(private readonly store: Pick<ReadableObjects, 'get'>, private readonly files: readonly { path: string; key: string; bytes: number }[]) {
    super();
  }
  protected override async load(): Promise<SourceEntry[]> {
    return this.files.map(({ path, key, bytes }) => sourceEntry(safePath(path), bytes, () => contentOf(this.store, key)));
  }
}
