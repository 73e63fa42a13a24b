/** The interface for tests: a database, data folder and object store of the file's own, and typed clients in front of the real dispatcher. */
import { deflateSync } from 'node:zlib';
import { uuidv7 } from 'uuidv7';
import { createClient, type Client } from '@/lib/api/client';
import type { Role, TokenScope } from '@/lib/api/permissions';
import type { LabelClass, LabelSchema } from '@/lib/core/labels';
import { OPERATION_VERSION, type Change, type Operation } from '@/lib/core/ops';
import { handleAuth } from '@/lib/server/auth/auth';
import { createSetupLink } from '@/lib/server/auth/links';
import { createApiToken } from '@/lib/server/auth/tokens';
import { config } from '@/lib/server/config';
import type { PrismaClient } from '@/lib/server/db/client';
import { dispatch } from '@/lib/server/routes';
import { createTestDatabase, temporaryFolder } from '@/lib/server/testing';
import { runShutdown } from '@/lib/server/web/lifecycle';

export const HOST = 'http://fieldmark.test';
export const PASSWORD = 'correct horse battery';

/** Sends a request to what would answer it. */
export function send(path: string, init: RequestInit & { cookie?: string; token?: string; json?: unknown } = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  if (init.cookie) headers.set('cookie', init.cookie);
  if (init.token) headers.set('authorization', `Bearer ${init.token}`);
  if (init.json !== undefined) headers.set('content-type', 'application/json');
  const request = new Request(path.startsWith('http') ? path : HOST + path, { ...init, headers, ...(init.json !== undefined && { body: JSON.stringify(init.json) }), ...(init.body instanceof ReadableStream && { duplex: 'half' }) } as RequestInit);
  return new URL(request.url).pathname.startsWith('/api/auth/') ? handleAuth(request) : dispatch(request);
}

const sendToClient = ((input: string, init?: RequestInit) => send(input, init)) as typeof fetch;

/** A typed client in the name of a token, or of nobody. */
export const clientWith = (token?: string): Client => createClient({ baseUrl: HOST, token, fetch: sendToClient });

/** Signs in as a browser on plain http does; gives the cookie to send. */
export async function signIn(email: string, password = PASSWORD): Promise<string> {
  const response = await send('/api/auth/sign-in/email', { method: 'POST', json: { email, password }, headers: { origin: HOST } });
  if (!response.ok) throw new Error(`Sign-in answered ${response.status}: ${await response.text()}`);
  return response.headers.getSetCookie().map((c) => c.split(';')[0]).join('; ');
}

export interface Person {
  id: string;
  email: string;
  token: string;
  api: Client;
}

export interface TestApi {
  db: PrismaClient;
  dataDir: string;
  /** The owner, who made the installation by its set-up link. */
  owner: Person;
  workspaceId: string;
  /** Adds a person with a role, and a token with these scopes. */
  person(role: Role, scopes?: TokenScope[]): Promise<Person>;
  stop(): Promise<void>;
}

export async function startApi(): Promise<TestApi> {
  const { folder, remove } = await temporaryFolder();
  process.env['FIELDMARK_DATA'] = folder;
  const test = await createTestDatabase();
  if (config().databaseUrl !== test.url) throw new Error('The settings were read before the test began.');
  const { db } = test;
  const setupToken = await createSetupLink(db);
  await clientWith().setup({ body: { token: setupToken, name: 'Olga Owner', email: 'owner@example.org', password: PASSWORD, workspace: 'Lab' } });
  const membership = await db.membership.findFirstOrThrow({ include: { user: true } });
  const { workspaceId } = membership;
  const withToken = async (userId: string, email: string, scopes: TokenScope[] = ['*']): Promise<Person> => {
    const { secret } = await createApiToken(db, { userId, workspaceId, name: 'test', scopes, days: null });
    return { id: userId, email, token: secret, api: clientWith(secret) };
  };
  let n = 0;
  return {
    db, dataDir: folder, workspaceId,
    owner: await withToken(membership.userId, membership.user.email),
    async person(role, scopes) {
      const id = uuidv7();
      const email = `${role}${++n}@example.org`;
      await db.user.create({ data: { id, name: `${role} ${n}`, email } });
      await db.membership.create({ data: { id: uuidv7(), workspaceId, userId: id, role } });
      return withToken(id, email, scopes);
    },
    async stop() {
      await runShutdown();
      await test.drop();
      await remove();
    },
  };
}

// Things to label -----------------------------------------------------------------------------------------------------

export const boxClass = (name: string, over: Partial<LabelClass> = {}): LabelClass => ({ id: uuidv7(), index: 0, name, color: '#1c7ed6', kind: 'box', description: '', attributes: [], ...over });
export const maskClass = (name: string): LabelClass => boxClass(name, { kind: 'mask' });
export const landmarkClass = (name: string, points: string[]): LabelClass => boxClass(name, { kind: 'landmarks', skeleton: { points: points.map((p) => ({ id: uuidv7(), name: p })), edges: [], pairs: [] } });
export const schemaOf = (...classes: LabelClass[]): LabelSchema => ({ classes: classes.map((c, index) => ({ ...c, index })) });

/** A grey PNG of this size whose one pixel value makes its bytes differ from those of others. */
export function png(width: number, height: number, shade = 128): Uint8Array<ArrayBuffer> {
  const crcTable = Array.from({ length: 256 }, (_, n) => Array.from({ length: 8 }).reduce<number>((c) => (c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1), n) >>> 0);
  const crc = (bytes: Uint8Array) => ~bytes.reduce((c, b) => crcTable[(c ^ b) & 255]! ^ (c >>> 8), 0xffffffff) >>> 0;
  const chunk = (type: string, data: Uint8Array) => {
    const out = Buffer.alloc(12 + data.length);
    out.writeUInt32BE(data.length, 0);
    out.write(type, 4, 'latin1');
    out.set(data, 8);
    out.writeUInt32BE(crc(out.subarray(4, 8 + data.length)), 8 + data.length);
    return out;
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 0, 0, 0, 0], 8);
  const pixels = Buffer.alloc((width + 1) * height, shade & 255);
  for (let y = 0; y < height; y++) pixels[y * (width + 1)] = 0;
  pixels.writeUInt8((shade >> 8) & 255, 1);
  return new Uint8Array(Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), chunk('IHDR', header), chunk('IDAT', deflateSync(pixels)), chunk('IEND', Buffer.alloc(0))]));
}

/** Items without an import: rows alone, with an asset row of made-up bytes. The project's counts follow. */
export async function addItems(db: PrismaClient, projectId: string, paths: string[], over: { width?: number; height?: number; hash?: string } = {}): Promise<string[]> {
  const ids: string[] = [];
  const width = over.width ?? 640;
  const height = over.height ?? 480;
  for (const path of paths) {
    const hash = over.hash ?? Buffer.from(uuidv7().replaceAll('-', '') + uuidv7().replaceAll('-', ''), 'hex').toString('hex');
    await db.asset.createMany({ data: [{ hash, bytes: 10n, mime: 'image/png', width, height }], skipDuplicates: true });
    await db.projectAsset.createMany({ data: [{ projectId, hash }], skipDuplicates: true });
    const { id } = await db.item.create({ data: { id: uuidv7(), projectId, path, hash, width, height } });
    ids.push(id);
  }
  await db.project.update({ where: { id: projectId }, data: { itemCount: { increment: paths.length }, openCount: { increment: paths.length } } });
  return ids;
}

/** An operation as an editor sends it. */
export function operationOf(document: string, changes: Change[], over: Partial<Operation> = {}): Operation {
  return { id: uuidv7(), v: OPERATION_VERSION, type: 'draw', document, base: 0, changes, tool: 'test', at: new Date().toISOString(), activeMs: 10, undoes: null, batch: null, ...over };
}

/** A change that draws a box. */
export function drawBox(classId: string, x0 = 10, y0 = 10, x1 = 50, y1 = 40, annotation = uuidv7()): Extract<Change, { kind: 'create' }> {
  return {
    kind: 'create', annotation,
    after: { classId, geometry: { kind: 'box', v: 1, x0, y0, x1, y1 }, attributes: {}, truncated: false, occluded: false, difficult: false, crowd: false, group: null, track: null, at: null, score: null, origin: null },
  };
}
