import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { config } from '@/lib/server/config';
import { png, send, startApi, type TestApi } from '@/lib/server/http/testing/api';
import { countObjects } from '@/lib/server/services/storageUse';
import { objectStore } from '@/lib/server/storage';
import { assetKey, dropAssetIfUnused, ImageRefused, putAsset, type Renditions } from './assets';
import { rangeOf } from './serve';

let api: TestApi;
let project: string;
beforeAll(async () => {
  api = await startApi();
  project = (await api.owner.api.createProject({ body: { name: 'Images' } })).id;
});
afterAll(() => api.stop());

const put = (bytes: Uint8Array, projectId: string | undefined = project) => putAsset(api.db, objectStore(), { body: bytes, projectId });
const reasonOf = (bytes: Uint8Array) => put(bytes).then(() => 'taken', (e: unknown) => (e instanceof ImageRefused ? e.reason : Promise.reject(e)));
const get = (hash: string, rendition: string, headers: Record<string, string> = {}, init: RequestInit = {}) => send(`/api/v1/projects/${project}/assets/${hash}/${rendition}`, { token: api.owner.token, headers, ...init });
const bytesOf = async (response: Response) => new Uint8Array(await response.arrayBuffer());

/** A photograph-like image: noise does not compress to nothing, so that cutting it off cuts pixels. */
const noise = (width: number, height: number) => {
  let seed = 1;
  const data = Buffer.from(Uint8Array.from({ length: width * height * 3 }, () => (seed = (seed * 16807) % 2147483647) & 255));
  return sharp(data, { raw: { width, height, channels: 3 } });
};

/** A 24-bit BMP, bottom row first; the upper half red, the lower half blue. */
function bmp(width: number, height: number): Uint8Array {
  const stride = Math.ceil((width * 3) / 4) * 4;
  const out = Buffer.alloc(54 + stride * height);
  out.write('BM');
  out.writeUInt32LE(out.length, 2);
  out.writeUInt32LE(54, 10);
  out.writeUInt32LE(40, 14);
  out.writeInt32LE(width, 18);
  out.writeInt32LE(height, 22);
  out.writeUInt16LE(1, 26);
  out.writeUInt16LE(24, 28);
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) out.set(y < height / 2 ? [255, 0, 0] : [0, 0, 255], 54 + y * stride + x * 3);
  return out;
}

describe('storing an image', () => {
  it('keeps the bytes once, whoever brings them, and shows them where they belong', async () => {
    const bytes = png(40, 30, 7);
    const hash = createHash('sha256').update(bytes).digest('hex');
    const other = (await api.owner.api.createProject({ body: { name: 'Other' } })).id;
    const file = path.join(api.dataDir, 'image.png');
    await writeFile(file, bytes);
    await objectStore().put('imports/test/1', bytes);
    const [a, b, c, d] = await Promise.all([
      put(bytes), put(bytes, other), putAsset(api.db, objectStore(), { file, projectId: project }), putAsset(api.db, objectStore(), { key: 'imports/test/1', projectId: other, sha256: hash }),
    ]);
    for (const asset of [a, b, c, d]) expect(asset).toMatchObject({ hash, width: 40, height: 30, mime: 'image/png', bytes: BigInt(bytes.length) });
    expect(await objectStore().read(assetKey(hash))).toEqual(Buffer.from(bytes));
    expect((await objectStore().list(`assets/${hash.slice(0, 2)}/`)).objects).toHaveLength(1);
    expect(await api.db.projectAsset.count({ where: { hash } })).toBe(2);
  });

  it.each(['jpeg', 'png', 'webp', 'tiff'] as const)('takes %s, whole', async (format) => {
    const asset = await put(await noise(60, 40).toFormat(format).toBuffer());
    expect(asset).toMatchObject({ width: 60, height: 40, mime: `image/${format}` });
    expect(Object.keys(asset.renditions as Renditions).sort()).toEqual(format === 'tiff' ? ['display', 'thumb'] : ['thumb']);
    const thumb = await sharp(await bytesOf(await get(asset.hash, 'thumb'))).metadata();
    expect(thumb).toMatchObject({ format: 'webp', width: 60, height: 40 });
  });

  it.each(['jpeg', 'png', 'webp', 'tiff'] as const)('refuses %s that is cut off anywhere, and says so', async (format) => {
    const whole = await noise(200, 150).toFormat(format).toBuffer();
    for (const share of [0.02, 0.3, 0.6, 0.97]) {
      const reason = await reasonOf(whole.subarray(0, Math.floor(whole.length * share)));
      expect(['truncated', 'damaged'], `${format} at ${share}: ${reason}`).toContain(reason);
    }
    expect(await reasonOf(whole.subarray(0, Math.floor(whole.length * 0.6)))).toBe('truncated');
  });

  it('refuses what is no image, whatever it is called, and leaves nothing behind', async () => {
    const before = (await objectStore().list('assets/')).objects.length;
    expect(await reasonOf(new Uint8Array(0))).toBe('empty');
    expect(await reasonOf(Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'))).toBe('not-an-image');
    expect(await reasonOf(Buffer.from('PK\x03\x04 and so on', 'latin1'))).toBe('unsupported');
    expect(await reasonOf(await sharp({ create: { width: 4, height: 4, channels: 3, background: 'red' } }).gif().toBuffer())).toBe('unsupported');
    const broken = Buffer.from(png(40, 30));
    broken.fill(0xaa, 50, 60);
    expect(['damaged', 'truncated']).toContain(await reasonOf(broken));
    expect((await objectStore().list('assets/')).objects.length).toBe(before);
  });

  it('refuses more pixels than allowed by the header, before a pixel is decoded', async () => {
    const side = Math.ceil(Math.sqrt(config().limits.maxPixels)) + 1000;
    const bomb = Buffer.from(png(10, 10));
    bomb.writeUInt32BE(side, 16);
    bomb.writeUInt32BE(side, 20);
    const began = performance.now();
    await expect(put(bomb)).rejects.toMatchObject({ reason: 'too-many-pixels', message: expect.stringContaining('500,000,000') });
    expect(performance.now() - began).toBeLessThan(2000);
  });

  it('applies the orientation of EXIF to the size, and gives browsers an upright picture', async () => {
    const half = await sharp({ create: { width: 40, height: 20, channels: 3, background: 'red' } }).composite([{ input: { create: { width: 20, height: 20, channels: 3, background: 'blue' } }, left: 20, top: 0 }]).png().toBuffer();
    for (const format of ['jpeg', 'webp', 'tiff', 'png'] as const) {
      const asset = await put(await sharp(half).withMetadata({ orientation: 6 }).toFormat(format).toBuffer());
      expect([format, asset.width, asset.height, asset.orientation]).toEqual([format, 20, 40, 6]);
      // Browsers follow EXIF in JPEG; of the others they get a picture that is turned already.
      expect([format, 'display' in (asset.renditions as Renditions)]).toEqual([format, format !== 'jpeg']);
      const shown = await bytesOf(await get(asset.hash, 'display'));
      const { data, info } = await sharp(shown).autoOrient().removeAlpha().raw().toBuffer({ resolveWithObject: true });
      expect([info.width, info.height]).toEqual([20, 40]);
      expect(data[0]! > 150 && data[2]! < 100, `${format}: red is above`).toBe(true);
      expect(data.at(-1)! > 150 && data.at(-3)! < 100, `${format}: blue is below`).toBe(true);
    }
  });

  it('reads BMP, and shows it as PNG', async () => {
    const asset = await put(bmp(5, 4));
    expect(asset).toMatchObject({ mime: 'image/bmp', width: 5, height: 4 });
    const response = await get(asset.hash, 'display');
    expect(response.headers.get('content-type')).toBe('image/png');
    const { data } = await sharp(await bytesOf(response)).removeAlpha().raw().toBuffer({ resolveWithObject: true });
    expect([...data.subarray(0, 3)]).toEqual([255, 0, 0]);
    expect([...data.subarray(-3)]).toEqual([0, 0, 255]);
    expect(await reasonOf(bmp(50, 40).subarray(0, 3000))).toBe('truncated');
  });

  it('stretches deep images, so that a 12-bit micrograph is not shown black', async () => {
    const values = Uint16Array.from({ length: 64 * 64 }, (_, i) => 500 + (i % 64) * 30);
    const deep = await sharp(values, { raw: { width: 64, height: 64, channels: 1 } }).toColourspace('grey16').png().toBuffer();
    const asset = await put(deep);
    const shown = await sharp(await bytesOf(await get(asset.hash, 'display'))).stats();
    expect([shown.channels[0]!.min, shown.channels[0]!.max]).toEqual([0, 255]);
    expect(await bytesOf(await get(asset.hash, 'original'))).toEqual(new Uint8Array(deep));
  });

  it('makes a rendition that got lost again', async () => {
    const asset = await put(png(300, 200, 99));
    const { thumb } = asset.renditions as Renditions;
    await objectStore().delete(thumb!.key);
    expect((await get(asset.hash, 'thumb')).status).toBe(200);
    expect(await objectStore().stat(thumb!.key)).not.toBeNull();
  });

  it('lets go of bytes that nobody needs, and only of those', async () => {
    const asset = await put(png(33, 44, 5));
    expect(await dropAssetIfUnused(api.db, objectStore(), asset.hash)).toBe(0);
    await api.db.projectAsset.deleteMany({ where: { hash: asset.hash } });
    const before = (await objectStore().list('')).objects.length;
    expect(await dropAssetIfUnused(api.db, objectStore(), asset.hash)).toBeGreaterThan(Number(asset.bytes));
    expect(await api.db.asset.count({ where: { hash: asset.hash } })).toBe(0);
    expect((await objectStore().list('')).objects.length).toBe(before - 2);
    await put(png(33, 44, 5));
    expect((await get(asset.hash, 'original')).status).toBe(200);
  });

  it('streams a body of unknown length', async () => {
    const bytes = png(50, 50, 12);
    const asset = await putAsset(api.db, objectStore(), { body: Readable.toWeb(Readable.from([bytes.slice(0, 20), bytes.slice(20)])) as ReadableStream<Uint8Array>, projectId: project });
    expect(asset.hash).toBe(createHash('sha256').update(bytes).digest('hex'));
  });
});

describe('serving an image', () => {
  it('says that it never changes, and lets nothing in it run', async () => {
    const asset = await put(png(20, 20, 1));
    const response = await get(asset.hash, 'original');
    expect(response.status).toBe(200);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'image/png', 'cache-control': 'private, max-age=31536000, immutable, no-transform', 'x-content-type-options': 'nosniff', 'content-security-policy': "default-src 'none'; sandbox",
      'content-length': String(asset.bytes), 'cross-origin-resource-policy': 'same-origin',
    });
    const cached = await get(asset.hash, 'original', { 'if-none-match': `W/"x", ${response.headers.get('etag')}` });
    expect([cached.status, await cached.text()]).toEqual([304, '']);
    const head = await get(asset.hash, 'thumb', {}, { method: 'HEAD' });
    expect([head.status, await head.text(), Number(head.headers.get('content-length')) > 0]).toEqual([200, '', true]);
  });

  it('gives parts of it', async () => {
    const bytes = png(20, 20, 2);
    const asset = await put(bytes);
    const part = await get(asset.hash, 'original', { range: 'bytes=1-3' });
    expect([part.status, part.headers.get('content-range'), await part.text()]).toEqual([206, `bytes 1-3/${bytes.length}`, 'PNG']);
    expect((await get(asset.hash, 'original', { range: 'bytes=99999-' })).status).toBe(416);
    expect(rangeOf('bytes=-5', 100)).toEqual({ start: 95, end: 100 });
    expect(rangeOf('bytes=90-200', 100)).toEqual({ start: 90, end: 100 });
    expect(rangeOf('bytes=5-3', 100)).toBeNull();
    expect(rangeOf('bytes=0-1,4-5', 100)).toBeNull();
    expect(rangeOf('bytes=-0', 100)).toBe('beyond');
  });

  it('keeps it from projects that it is not in', async () => {
    const asset = await put(png(21, 20, 3));
    const other = (await api.owner.api.createProject({ body: { name: 'No images' } })).id;
    expect((await send(`/api/v1/projects/${other}/assets/${asset.hash}/original`, { token: api.owner.token })).status).toBe(404);
    expect((await send(`/api/v1/projects/${project}/assets/${asset.hash}/original`)).status).toBe(401);
  });
});

describe('disk use', () => {
  it('is told by project, with what the trash holds', async () => {
    const asset = await put(await noise(300, 300).png().toBuffer());
    const item = await api.db.item.create({ data: { id: crypto.randomUUID(), projectId: project, path: 'big.png', hash: asset.hash, width: 300, height: 300, deletedAt: new Date() } });
    const use = await api.owner.api.storageUse({});
    // The rows say what the store holds: no other objects were made here.
    const { objects } = await objectStore().list('');
    const lying = objects.filter(({ key }) => /^(assets|renditions)\//.test(key)).reduce((n, o) => n + o.size, 0);
    expect(use).toMatchObject({ kind: 'disk', objectBytes: lying, counted: null, freeBytes: expect.any(Number) });
    const thumb = (asset.renditions as { thumb: { bytes: number } }).thumb.bytes;
    const shown = (projectUse: typeof use) => projectUse.projects.find((p) => p.id === project)!.bytes;
    expect(shown(use)).toBeLessThanOrEqual(lying);
    expect(use.trashBytes).toBe(Number(asset.bytes) + thumb);
    // The same bytes in an item that stays are not the trash's.
    const kept = await api.db.item.create({ data: { id: crypto.randomUUID(), projectId: project, path: 'same.png', hash: asset.hash, width: 300, height: 300 } });
    expect(await api.owner.api.storageUse({})).toMatchObject({ trashBytes: 0, objectBytes: lying });
    const other = (await api.owner.api.createProject({ body: { name: 'Shows it too' } })).id;
    await api.db.projectAsset.create({ data: { projectId: other, hash: asset.hash } });
    const both = await api.owner.api.storageUse({});
    expect([both.objectBytes, shown(both), both.projects.find((p) => p.id === other)!.bytes]).toEqual([lying, shown(use), Number(asset.bytes) + thumb]);
    await api.owner.api.trashProject({ params: { project: other } });
    expect((await api.owner.api.storageUse({})).trashBytes).toBe(Number(asset.bytes) + thumb);
    await api.db.projectAsset.delete({ where: { projectId_hash: { projectId: other, hash: asset.hash } } });
    await api.db.item.deleteMany({ where: { id: { in: [item.id, kept.id] } } });
    expect((await api.owner.api.storageUse({})).trashBytes).toBe(0);
  });

  it('is counted in the store once a day, never for a page', async () => {
    const { objects } = await objectStore().list('');
    const now = Date.now();
    expect(await countObjects(api.db, objectStore(), { now })).toBe(true);
    const counted = { objects: objects.length, bytes: objects.reduce((n, o) => n + o.size, 0), at: new Date(now).toISOString() };
    expect((await api.owner.api.storageUse({})).counted).toEqual(counted);
    await objectStore().put('elsewhere/left.bin', new Uint8Array(5));
    const list = vi.spyOn(objectStore(), 'list');
    expect((await api.owner.api.storageUse({})).counted).toEqual(counted);
    expect(await countObjects(api.db, objectStore(), { now: now + 3600_000 })).toBe(false);
    expect(list).not.toHaveBeenCalled();
    list.mockRestore();
    expect(await countObjects(api.db, objectStore(), { now: now + 86_400_000, stopped: () => true })).toBe(false);
    expect(await countObjects(api.db, objectStore(), { now: now + 86_400_000 })).toBe(true);
    expect((await api.owner.api.storageUse({})).counted).toMatchObject({ objects: objects.length + 1, bytes: counted.bytes + 5 });
    await objectStore().delete('elsewhere/left.bin');
  });
});

const data = path.resolve(process.env['FIELDMARK_TEST_DATA'] ?? '../shared/data', 'detection/bccd');
describe.skipIf(!existsSync(data))('real photographs', () => {
  it('come in with their own sizes', async () => {
    const folder = [path.join(data, 'JPEGImages'), path.join(data, 'BCCD/JPEGImages'), path.join(data, 'images')].find(existsSync);
    expect(folder, `images below ${data}`).toBeDefined();
    const files = (await readdir(folder!)).filter((f) => /\.jpe?g$/i.test(f)).slice(0, 5);
    expect(files.length).toBe(5);
    for (const file of files) {
      const bytes = await readFile(path.join(folder!, file));
      expect(await put(bytes)).toMatchObject({ mime: 'image/jpeg', width: 640, height: 480 });
    }
  });
});
