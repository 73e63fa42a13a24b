import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { DiskStore, S3Store, type ObjectStore } from '@/lib/server/storage';
import { defineBench, type Row } from '../define';

const SMALL = 1000;
const SMALL_BYTES = 40_000; // a thumbnail
const LARGE_BYTES = 200_000_000;
const CONCURRENCY = 16;

async function each(count: number, act: (i: number) => Promise<unknown>): Promise<number> {
  let next = 0;
  const began = performance.now();
  await Promise.all(
    Array.from({ length: CONCURRENCY }, async () => {
      while (next < count) await act(next++);
    }),
  );
  return count / ((performance.now() - began) / 1000);
}

async function* chunks(total: number) {
  const chunk = randomBytes(1 << 20);
  for (let sent = 0; sent < total; sent += chunk.length) yield chunk.subarray(0, Math.min(chunk.length, total - sent));
}

async function measure(store: ObjectStore, of: string): Promise<Row[]> {
  const body = randomBytes(SMALL_BYTES);
  const key = (i: number) => `bench/${(i * 7919) % 256}/${i}`;
  const put = await each(SMALL, (i) => store.put(key(i), body));
  const get = await each(SMALL, (i) => store.read(key(i)));
  const began = performance.now();
  await store.put('bench-large', chunks(LARGE_BYTES));
  const written = performance.now();
  for await (const chunk of await store.get('bench-large')) void chunk;
  const read = performance.now();
  const listing = performance.now();
  let listed = 0;
  for (let cursor: string | undefined, first = true; first || cursor; first = false) {
    const page = await store.list('bench/', { cursor, limit: 200 });
    listed += page.objects.length;
    cursor = page.cursor;
  }
  const listMs = performance.now() - listing;
  if (listed !== SMALL) throw new Error(`Listed ${listed} of ${SMALL} objects`);
  await store.deleteMany([...Array.from({ length: SMALL }, (_, i) => key(i)), 'bench-large']);
  const megabytesPerSecond = (ms: number) => LARGE_BYTES / 1e6 / (ms / 1000);
  return [
    { metric: `${of}: put ${SMALL} objects of 40 kB, durable, 16 at a time`, value: put, unit: 'objects/s' },
    { metric: `${of}: get them`, value: get, unit: 'objects/s' },
    { metric: `${of}: list them in pages of 200`, value: listMs, unit: 'ms' },
    { metric: `${of}: put 200 MB from a stream`, value: megabytesPerSecond(written - began), unit: 'MB/s' },
    { metric: `${of}: get 200 MB`, value: megabytesPerSecond(read - written), unit: 'MB/s' },
  ];
}

export default defineBench({
  name: 'server/storage',
  async run(ctx) {
    const rows = await measure(new DiskStore(path.join(ctx.tempDir, 'objects')), 'disk');
    const endpoint = process.env['S3_TEST_ENDPOINT'];
    if (!endpoint) {
      ctx.log('S3 is not measured: set S3_TEST_ENDPOINT.');
      return rows;
    }
    const s3 = new S3Store({ endpoint: new URL(endpoint), accessKey: process.env['S3_TEST_ACCESS_KEY'] ?? 'minio', secretKey: process.env['S3_TEST_SECRET_KEY'] ?? 'minio123', bucket: 'fieldmark-bench', region: 'us-east-1' });
    return [...rows, ...(await measure(s3, 'S3'))];
  },
});
