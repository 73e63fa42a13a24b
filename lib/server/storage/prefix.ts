import type { ObjectStat, ObjectStore } from './types';

/** Every object whose key begins with the prefix ('' for all), in ascending order, read a page at a time. */
export async function* objectsUnder(store: Pick<ObjectStore, 'list'>, prefix: string): AsyncGenerator<ObjectStat> {
  let cursor: string | undefined;
  do {
    const page = await store.list(prefix, { cursor });
    yield* page.objects;
    cursor = page.cursor;
  } while (cursor !== undefined);
}

/** Removes every object whose key begins with the prefix. */
export async function removePrefix(store: Pick<ObjectStore, 'list' | 'deleteMany'>, prefix: string): Promise<void> {
  let cursor: string | undefined;
  do {
    const page = await store.list(prefix, { cursor });
    await store.deleteMany(page.objects.map((o) => o.key));
    cursor = page.cursor;
  } while (cursor !== undefined);
}
