import { Readable } from 'node:stream';
import { AppError } from '@/lib/api/errors';
import { db } from '@/lib/server/db/client';
import { requireProject, type Who } from '@/lib/server/services/access';
import { objectStore, type ByteRange } from '@/lib/server/storage';
import { assetKey, ensureRendition, showsOriginal, type Renditions } from './assets';

interface Served {
  key: string;
  mime: string;
  bytes: number;
}

/**
 * An image of a project. The address names the bytes, so the answer never changes; it is private to the person, and where
 * a browser opens it as a page, nothing in it can run.
 */
export async function serveAsset(who: Who, params: { project: string; hash: string; rendition: 'original' | 'display' | 'thumb' }, request: Request): Promise<Response> {
  await requireProject(who, params.project, { trashed: true });
  const shown = await db().projectAsset.findUnique({ where: { projectId_hash: { projectId: params.project, hash: params.hash } }, include: { asset: true } });
  if (!shown) throw new AppError('not-found', 'There is no such image in this project.');
  const { asset } = shown;

  const etag = `"${asset.hash.slice(0, 32)}-${params.rendition}"`;
  const headers = new Headers({
    etag,
    'cache-control': 'private, max-age=31536000, immutable, no-transform', // a range is one of the bytes as they are
    'x-content-type-options': 'nosniff',
    'content-security-policy': "default-src 'none'; sandbox",
    'cross-origin-resource-policy': 'same-origin',
    'accept-ranges': 'bytes',
  });
  if (request.headers.get('if-none-match')?.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag)) return new Response(null, { status: 304, headers });

  const original: Served = { key: assetKey(asset.hash), mime: asset.mime, bytes: Number(asset.bytes) };
  const served = params.rendition === 'original' || (params.rendition === 'display' && showsOriginal(asset)) ? original : await rendition(asset.hash, params.rendition, asset.renditions as Renditions);
  headers.set('content-type', served.mime);
  const range = rangeOf(request.headers.get('range'), served.bytes);
  if (range === 'beyond') return new Response(null, { status: 416, headers: { 'content-range': `bytes */${served.bytes}` } });
  headers.set('content-length', String((range ? range.end : served.bytes) - (range?.start ?? 0)));
  if (range) headers.set('content-range', `bytes ${range.start}-${range.end - 1}/${served.bytes}`);
  if (request.method === 'HEAD') return new Response(null, { status: range ? 206 : 200, headers });
  const stream = await objectStore().get(served.key, range ?? undefined);
  return new Response(Readable.toWeb(stream) as ReadableStream<Uint8Array>, { status: range ? 206 : 200, headers });
}

async function rendition(hash: string, name: 'display' | 'thumb', kept: Renditions): Promise<Served> {
  const known = kept[name];
  if (known && (await objectStore().stat(known.key))) return known;
  const made = await ensureRendition(db(), objectStore(), hash, name);
  if (!made) throw new AppError('not-found', 'The image cannot be shown.');
  return made;
}

/** A single range of bytes (RFC 9110, 14.2); null for the whole, which is also the answer to what is not understood. */
export function rangeOf(header: string | null, size: number): (ByteRange & { end: number }) | null | 'beyond' {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header?.trim() ?? '');
  if (!match || (match[1] === '' && match[2] === '')) return null;
  const start = match[1] === '' ? Math.max(0, size - Number(match[2])) : Number(match[1]);
  const end = match[1] === '' || match[2] === '' ? size : Math.min(size, Number(match[2]) + 1);
  if (match[1] !== '' && match[2] !== '' && Number(match[2]) < start) return null;
  return start >= size || end <= start ? 'beyond' : { start, end };
}
