import { uuidv7 } from 'uuidv7';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { API_PREFIX, contract, type RouteId } from '@/lib/api/contract';
import { problem } from '@/lib/api/errors';
import { may, permissions, roles, type Role } from '@/lib/api/permissions';
import type { RouteContract } from '@/lib/api/route';
import { MAX_JSON_BYTES } from './body';
import { addItems, boxClass, clientWith, drawBox, operationOf, send, startApi, type Person, type TestApi } from './testing/api';

let api: TestApi;
const people = {} as Record<Role, Person>;
beforeAll(async () => {
  api = await startApi();
  for (const role of roles) people[role] = await api.person(role);
});
afterAll(() => api.stop());

const routes = Object.entries(contract) as [RouteId, RouteContract][];
const SAMPLE: Record<string, string> = { rendition: 'thumb', hash: 'a'.repeat(64), file: 'card.json' };
const pathOf = (route: RouteContract) => API_PREFIX + route.path.replace(/\{(\w+)\}/g, (_, name: string) => SAMPLE[name] ?? uuidv7());

async function statusOf(route: RouteContract, token?: string): Promise<number> {
  const controller = new AbortController();
  const response = await send(pathOf(route), { method: route.method, token, signal: controller.signal, ...(route.body && route.body !== 'stream' && { json: {} }) });
  controller.abort();
  await response.body?.cancel().catch(() => undefined);
  return response.status;
}

describe('permission of every route', () => {
  it.each(routes)('%s', async (id, route) => {
    expect(permissions, id).toContain(route.permission);
    const nobody = await statusOf(route);
    if (route.permission === 'public') {
      expect([401, 403]).not.toContain(nobody);
      return;
    }
    expect(nobody).toBe(401);
    for (const role of roles) {
      const status = await statusOf(route, people[role].token);
      if (may(role, route.permission)) expect([401, 403, 405, 500], `${role} may`).not.toContain(status);
      else expect(status, `${role} may not`).toBe(403);
    }
  });

  it.each(permissions.filter((p) => p !== 'public' && p !== 'self'))('a token narrowed to "%s" opens what needs it, and nothing else', async (scope) => {
    const { secret } = await api.owner.api.createToken({ body: { name: scope, scopes: [scope] } });
    for (const [id, route] of routes) {
      if (route.permission === 'public' || route.permission === 'self') continue;
      const status = await statusOf(route, secret);
      if (route.permission === scope) expect([401, 403], id).not.toContain(status);
      else expect(status, id).toBe(403);
    }
  });

  it('what belongs to another workspace does not exist', async () => {
    const { id: workspaceId } = await api.db.workspace.create({ data: { id: uuidv7(), name: 'Elsewhere' } });
    const project = await api.db.project.create({ data: { id: uuidv7(), workspaceId, name: 'Secret', schemas: { create: { version: 1, schema: { classes: [] } } } } });
    const asset = { hash: 'b'.repeat(64), bytes: 1n, mime: 'image/png', width: 1, height: 1 };
    await api.db.asset.create({ data: asset });
    const item = await api.db.item.create({ data: { id: uuidv7(), projectId: project.id, path: 'x.png', hash: asset.hash, width: 1, height: 1 } });
    const document = await api.db.document.create({ data: { id: uuidv7(), projectId: project.id, itemId: item.id, authorKind: 'team' } });
    const there = { projectId: project.id };
    const version = await api.db.datasetVersion.create({ data: { id: uuidv7(), ...there, number: 1 } });
    /** One thing of each kind that an address names by id. */
    const ids: Record<string, string> = {
      projects: project.id, items: item.id, documents: document.id, versions: version.id,
      conflicts: (await api.db.conflict.create({ data: { id: uuidv7(), documentId: document.id, operationId: uuidv7(), annotationId: uuidv7(), field: '*', lost: {} } })).id,
      imports: (await api.db.import.create({ data: { id: uuidv7(), ...there, source: 's', state: 'receiving', options: {} } })).id,
      batches: (await api.db.batch.create({ data: { id: uuidv7(), ...there, kind: 'import', title: 't' } })).id,
      jobs: (await api.db.job.create({ data: { id: uuidv7(), ...there, kind: 'train', queue: 'train', title: 't', payload: {} } })).id,
      models: (await api.db.modelVersion.create({ data: { id: uuidv7(), ...there, number: 1, name: 'm', task: 'detect', card: {}, metrics: {}, options: {}, objectPrefix: 'models/x/', bytes: 1n, parameters: 1, trainedSeconds: 1 } })).id,
      quality: (await api.db.qualityReport.create({ data: { id: uuidv7(), ...there, request: {} } })).id,
      exports: (await api.db.export.create({ data: { id: uuidv7(), ...there, versionId: version.id, format: 'coco', images: false } })).id,
    };
    // Members, invitations and tokens are looked up within the workspace, and tested with people.
    const paths = routes
      .filter(([, r]) => /\{(project|id)\}/.test(r.path) && !/^\/(members|invitations|tokens)\//.test(r.path))
      .map(([id, r]) => [id, r, API_PREFIX + r.path.replace(/\{(\w+)\}/g, (_, name: string) => (name === 'id' || name === 'project' ? ids[r.path.split('/')[1]!]! : (SAMPLE[name] ?? uuidv7()))) + sampleQuery(id)] as const);
    expect(paths.length).toBeGreaterThan(60);
    for (const [id, route, path] of paths) {
      expect(path, id).not.toContain('undefined');
      const response = await send(path, { method: route.method, token: api.owner.token, ...(route.body && route.body !== 'stream' && { json: sampleBody(id, item.id) }) });
      expect([id, response.status, await response.clone().text()], id).toEqual([id, 404, expect.stringMatching(/There is no such/)]);
    }
  });
});

it('jobs of no project are listed for their workspace, and for no other', async () => {
  const { id: elsewhere } = await api.db.workspace.create({ data: { id: uuidv7(), name: 'Elsewhere, too' } });
  const add = (data: object) => api.db.job.create({ data: { id: uuidv7(), kind: 'listed', queue: 'batch', title: 't', payload: {}, ...data } });
  const project = await api.owner.api.createProject({ body: { name: 'With a job' } });
  const mine = [await add({ workspaceId: api.workspaceId }), await add({ workspaceId: api.workspaceId, state: 'done' })];
  await add({ workspaceId: elsewhere });
  await add({ workspaceId: api.workspaceId, projectId: project.id });
  const list = async (query: object) => (await people.viewer.api.workspaceJobs({ query: { kind: 'listed', ...query } })).items.map((j) => j.id);
  expect(await list({})).toEqual([mine[1]!.id, mine[0]!.id]);
  expect(await list({ state: 'queued' })).toEqual([mine[0]!.id]);
  const first = await people.viewer.api.workspaceJobs({ query: { kind: 'listed', limit: 1 } });
  expect(first.items).toEqual([expect.objectContaining({ id: mine[1]!.id, project: null, state: 'done' })]);
  expect(await list({ limit: 1, cursor: first.next! })).toEqual([mine[0]!.id]);
});

/** A query that passes the contract, where none does not. */
function sampleQuery(id: RouteId): string {
  const queries: Partial<Record<RouteId, string>> = { putImportFile: '?path=a.png', putImportArchive: '?name=a.zip', exportLosses: '?format=coco', uploadModel: '?name=a.onnx' };
  return queries[id] ?? '';
}

/** A body that passes the contract, where an empty one does not. */
function sampleBody(id: RouteId, item: string): unknown {
  const op = { id: uuidv7(), v: 1, type: 'draw', document: uuidv7(), base: 0, changes: [{ kind: 'decide', proposal: uuidv7(), before: null, after: 'rejected', threshold: 0 }], tool: 't', at: new Date().toISOString(), activeMs: 0 };
  const bodies: Partial<Record<RouteId, unknown>> = {
    eraseProject: { confirmName: 'Secret' }, saveSchema: { base: 1, schema: { classes: [] } }, saveGuide: { base: 0, markdown: '', examples: [] },
    trashItems: { items: [item] }, restoreItems: { items: [item] }, eraseItems: { items: [item] }, setStatus: { status: 'done' }, sendOperations: { operations: [op] },
    createExport: { format: 'coco' },
    inspectUpload: { inputSize: { width: 320, height: 320 } },
    tryModel: { choices: { layout: 'yolo', classes: [{ id: '0', name: 'cell' }] }, item }, adoptModel: { source: { kind: 'builtin', builtin: 'coco' }, mapping: {} },
    suggest: { model: uuidv7(), backend: 'cpu', proposals: [] },
    compare: { a: { kind: 'team', id: null }, b: { kind: 'truth', id: null } },
  };
  return bodies[id] ?? {};
}

describe('problems', () => {
  it('are documents with a code, what was wrong, and a request id, and never a stack', async () => {
    const cases: [number, string, Parameters<typeof send>][] = [
      [404, 'not-found', ['/api/v1/nothing/here', { token: api.owner.token }]],
      [401, 'unauthenticated', ['/api/v1/me']],
      [401, 'unauthenticated', ['/api/v1/me', { token: 'fm_wrong' }]],
      [401, 'unauthenticated', ['/api/v1/me', { headers: { authorization: 'Basic abc' } }]],
      [400, 'invalid', ['/api/v1/projects/not-a-uuid', { token: api.owner.token }]],
      [400, 'invalid', ['/api/v1/projects?limit=100000', { token: api.owner.token }]],
      [400, 'invalid', ['/api/v1/projects', { method: 'POST', token: api.owner.token, body: '{"name":', headers: { 'content-type': 'application/json' } }]],
      [415, 'unsupported', ['/api/v1/projects', { method: 'POST', token: api.owner.token, body: 'name=P', headers: { 'content-type': 'application/x-www-form-urlencoded' } }]],
      [413, 'too-large', ['/api/v1/projects', { method: 'POST', token: api.owner.token, body: '{}', headers: { 'content-type': 'application/json', 'content-length': String(MAX_JSON_BYTES + 1) } }]],
      [400, 'invalid', ['/api/v1/projects/%E0%A4%A', { token: api.owner.token }]],
    ];
    for (const [status, code, [path, init]] of cases) {
      const response = await send(path, init);
      const body: unknown = await response.json();
      expect([path, response.status, problem.parse(body).code]).toEqual([path, status, code]);
      expect(response.headers.get('content-type')).toBe('application/problem+json');
      expect(response.headers.get('x-request-id')).toBe(problem.parse(body).requestId);
      expect(JSON.stringify(body)).not.toMatch(/node_modules|\.ts:\d/);
    }
  });

  it('name the place of a fault exactly', async () => {
    const classes = [{ id: uuidv7(), index: 0, name: 'a', color: 'red', kind: 'box' }];
    const response = await send('/api/v1/projects', { method: 'POST', token: api.owner.token, json: { name: ' ', schema: { classes } } });
    expect(await response.json()).toMatchObject({
      status: 400, detail: expect.stringContaining('name'),
      errors: [{ path: 'name', message: 'a project needs a name' }, { path: 'schema.classes.0.color', message: 'must be a colour such as #1c7ed6' }],
    });
  });

  it('stand for methods that an address does not take', async () => {
    const response = await send('/api/v1/me', { method: 'PUT', token: api.owner.token, json: {} });
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe('HEAD, GET, PATCH');
    expect(await response.json()).toMatchObject({ status: 405, detail: '/api/v1/me takes GET, PATCH, not PUT.' });
  });

  it('refuse text that the database cannot keep, wherever it is', async () => {
    const post = (body: string) => send('/api/v1/projects', { method: 'POST', token: api.owner.token, body, headers: { 'content-type': 'application/json' } });
    for (const body of ['{"name":"a\\u0000b"}', '{"name":"half \\ud83d pair"}']) {
      const response = await post(body);
      expect([body, response.status, ((await response.json()) as { errors: unknown }).errors]).toEqual([body, 400, [{ path: 'name', message: expect.stringContaining('not text') }]]);
    }
    expect((await post('{"name":"a whole pair \\ud83d\\ude00 and \\\\u0000"}')).status).toBe(200);
    expect((await send('/api/v1/projects?q=%00', { token: api.owner.token })).status).toBe(400);
  });

  it('answer numbers beyond what the database counts, and times beyond its calendar', async () => {
    const project = await api.owner.api.createProject({ body: { name: 'Numbers', schema: { classes: [boxClass('a')] } } });
    const [item] = (await addItems(api.db, project.id, ['a.png'])) as [string];
    const { team } = await api.owner.api.itemDocuments({ params: { id: item } });
    const get = async (path: string) => (await send(path, { token: api.owner.token })).status;
    expect(await get(`/api/v1/documents/${team.id}/log?after=99999999999`)).toBe(400);
    expect(await get(`/api/v1/projects/${project.id}/schema?version=99999999999`)).toBe(400);
    const { schema } = await api.owner.api.schema({ params: { project: project.id } });
    const odd = { at: '0000-01-01T00:00:00Z', activeMs: 1e15 };
    expect((await api.owner.api.sendOperations({ params: { id: team.id }, body: { operations: [operationOf(team.id, [drawBox(schema.classes[0]!.id)], odd)] } })).results[0]!.outcome).toBe('applied');
    expect((await api.owner.api.log({ params: { id: team.id } })).operations[0]!.operation).toMatchObject(odd);
    const late = drawBox(schema.classes[0]!.id);
    late.after.at = 1e12;
    await expect(api.owner.api.sendOperations({ params: { id: team.id }, body: { operations: [operationOf(team.id, [late])] } })).rejects.toMatchObject({ code: 'invalid' });
  });

  it('hide what went wrong inside', async () => {
    const { createDispatcher } = await import('./dispatch');
    const { handlers } = await import('@/lib/server/routes');
    const broken = createDispatcher({ ...handlers, formats: () => Promise.reject(new Error('the password is hunter2')) });
    const response = await broken(new Request('http://fieldmark.test/api/v1/formats', { headers: { authorization: `Bearer ${api.owner.token}` } }));
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain('hunter2');
  });

  it('HEAD answers as GET without a body, and answers are not kept by caches', async () => {
    const response = await send('/api/v1/me', { method: 'HEAD', token: api.owner.token });
    expect([response.status, await response.text(), response.headers.get('cache-control')]).toEqual([200, '', 'no-store']);
  });
});

describe('Idempotency-Key', () => {
  const create = (name: string, idempotencyKey: string, who = api.owner) => who.api.createProject({ body: { name } }, { idempotencyKey });

  it('gives the first answer again, and makes one project of many requests at once', async () => {
    const key = uuidv7();
    const made = await Promise.all(Array.from({ length: 6 }, () => create('Once', key)));
    expect(new Set(made.map((p) => p.id)).size).toBe(1);
    expect((await create('Once', key)).id).toBe(made[0]!.id);
    expect(await api.db.project.count({ where: { name: 'Once' } })).toBe(1);
    const raw = await send('/api/v1/projects', { method: 'POST', token: api.owner.token, json: { name: 'Once' }, headers: { 'idempotency-key': key } });
    expect(raw.headers.get('idempotency-replayed')).toBe('true');
  });

  it('refuses another body, and belongs to one person', async () => {
    const key = uuidv7();
    const mine = await create('Mine', key);
    await expect(create('Other', key)).rejects.toMatchObject({ code: 'unprocessable' });
    expect((await create('Other', key, people.manager)).id).not.toBe(mine.id);
  });

  it('lets a failed request be tried again', async () => {
    const key = uuidv7();
    const missing = uuidv7();
    const start = () => api.owner.api.startImport({ params: { project: missing }, body: {} }, { idempotencyKey: key });
    await expect(start()).rejects.toMatchObject({ code: 'not-found' });
    await expect(start()).rejects.toMatchObject({ code: 'not-found' });
    expect(await api.db.idempotencyKey.count({ where: { key } })).toBe(0);
  });

  it('leaves nothing of a request whose process died in the middle, so that the same key makes it once', async () => {
    const key = uuidv7();
    const kill = async () => {
      // The connection that is in the middle of the request goes, as it does with its process; by then the project is written.
      const [found] = await api.db.$queryRaw<{ pid: number }[]>`
        select a.pid from pg_stat_activity a join pg_locks l on l.pid = a.pid and l.relation = '"Project"'::regclass and l.mode = 'RowExclusiveLock'
        where a.datname = current_database() and a.pid <> pg_backend_pid()`;
      if (found) await api.db.$executeRaw`select pg_terminate_backend(${found.pid})`;
      return found !== undefined;
    };
    // Somebody holds the key's row back at the end of the request, so that there is a middle to die in.
    await api.db.$executeRawUnsafe(`create function slow_answer() returns trigger language plpgsql as $$ begin perform pg_sleep(20); return new; end $$`);
    await api.db.$executeRawUnsafe('create trigger slow_answer before update on "IdempotencyKey" for each row execute function slow_answer()');
    const dying = create('Died', key).then(() => 'answered', (e: { code: string }) => e.code);
    await expect.poll(kill, { timeout: 10_000 }).toBe(true);
    expect(await dying).not.toBe('answered');
    await api.db.$executeRawUnsafe('drop trigger slow_answer on "IdempotencyKey"');
    expect(await api.db.project.count({ where: { name: 'Died' } })).toBe(0);
    expect(await api.db.idempotencyKey.count({ where: { key } })).toBe(0);
    const made = await create('Died', key);
    expect((await create('Died', key)).id).toBe(made.id);
    expect(await api.db.project.count({ where: { name: 'Died' } })).toBe(1);
  });

  it('covers the job that a request asks for', async () => {
    const key = uuidv7();
    const ask = () => people.manager.api.createDemo(undefined as never, { idempotencyKey: key });
    const [one, two] = await Promise.all([ask(), ask()]);
    expect(two.job).toBe(one.job);
    expect(await api.db.$queryRaw`select count(*)::int as n from pgboss.job where data->>'jobId' = ${one.job}`).toEqual([{ n: 1 }]);
  });

  it('keeps no link or name in the clear', async () => {
    const key = uuidv7();
    const made = await api.owner.api.invite({ body: { role: 'viewer' } }, { idempotencyKey: key });
    expect(await api.owner.api.invite({ body: { role: 'viewer' } }, { idempotencyKey: key })).toEqual(made);
    const row = await api.db.idempotencyKey.findUniqueOrThrow({ where: { userId_key: { userId: api.owner.id, key } } });
    expect(Buffer.from(JSON.stringify(row.response), 'base64').toString('latin1')).not.toContain('join');
    expect(JSON.stringify(row)).not.toContain(new URL(made.url).searchParams.get('token'));
  });

  it('must be a reasonable key', async () => {
    await expect(create('Long', 'x'.repeat(201))).rejects.toMatchObject({ code: 'invalid' });
  });
});

describe('the description of the interface', () => {
  it('is OpenAPI 3.1 and has every route', async () => {
    const document = (await clientWith().openapi({})) as unknown as { openapi: string; paths: Record<string, Record<string, { operationId: string; responses: object }>> };
    expect(document.openapi).toBe('3.1.0');
    const operations = Object.values(document.paths).flatMap((p) => Object.values(p).map((o) => o.operationId));
    expect(operations.sort()).toEqual(routes.map(([id]) => id).sort());
    expect(document.paths['/projects/{project}/items']!.get).toMatchObject({ parameters: expect.arrayContaining([{ name: 'project', in: 'path', required: true, schema: expect.objectContaining({ type: 'string' }) }]) });
  });
});

describe('health', () => {
  it('says what each part is doing, to anyone', async () => {
    const health = await clientWith().health({});
    expect(health).toMatchObject({ ok: true, version: expect.stringMatching(/^\d+\.\d+\.\d+/), schema: expect.stringMatching(/^\d{14}_/), parts: { database: { ok: true }, storage: { ok: true }, events: { ok: true }, workers: [] } });
    expect(health.parts.queues.map((q) => q.name)).toEqual(['quick', 'batch', 'train']);
  });
});

describe('events', () => {
  it('reach people of the workspace alone, and end with the token', async () => {
    const { eventStream } = await import('./eventStream');
    const { authenticate } = await import('@/lib/server/auth/principal');
    const { secret, id } = await api.owner.api.createToken({ body: { name: 'listener', scopes: ['*'] } });
    const request = new Request('http://fieldmark.test/api/v1/events', { headers: { authorization: `Bearer ${secret}` } });
    const response = eventStream((await authenticate(request))!.who, request, 100);
    expect(response.headers.get('content-type')).toMatch(/^text\/event-stream/);
    let text = '';
    const reading = (async () => {
      const decoder = new TextDecoder();
      for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) text += decoder.decode(chunk);
    })();
    const elsewhere = await api.db.project.findFirstOrThrow({ where: { name: 'Secret' } });
    const { notify } = await import('@/lib/server/events');
    await expect.poll(() => text).toContain('connected');
    await expect.poll(async () => (await clientWith().health({})).parts.events.ok).toBe(true);
    await notify(api.db, { type: 'changed', entity: 'project', id: elsewhere.id, projectId: elsewhere.id });
    await notify(api.db, { type: 'changed', entity: 'job', id: 'for-another', userId: uuidv7() });
    const mine = await api.owner.api.createProject({ body: { name: 'Heard' } });
    await expect.poll(() => text).toContain(mine.id);
    expect(text).toContain(`data: {"type":"changed","entity":"project","id":"${mine.id}","projectId":"${mine.id}"}`);
    expect(text).not.toContain(elsewhere.id);
    expect(text).not.toContain('for-another');
    await expect.poll(() => text).toContain(': beat');
    await api.owner.api.revokeToken({ params: { id } });
    await reading; // ends by itself
  });

  it('stop when the reader goes', async () => {
    const controller = new AbortController();
    const response = await send('/api/v1/events', { token: api.owner.token, signal: controller.signal });
    const reader = response.body!.getReader();
    await reader.read();
    controller.abort();
    for (;;) if ((await reader.read().catch(() => ({ done: true }))).done) break;
  });
});
