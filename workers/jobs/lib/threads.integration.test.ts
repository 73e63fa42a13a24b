import os from 'node:os';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { uuidv7 } from 'uuidv7';
import { addItems, boxClass, drawBox, operationOf, schemaOf } from '@/lib/server/http/testing/api';
import { logger } from '@/lib/server/log';
import { labellingQuery } from '@/lib/server/repositories/labelling';
import { applyOperations, ensureDocument } from '@/lib/server/services/documents';
import { createProject } from '@/lib/server/services/projects';
import { createTestWorkspace, type TestWorkspace } from '@/lib/server/testing';
import { threadsNow } from './threads';

let at: TestWorkspace;
let documentId: string;
const userId = uuidv7();
const cell = boxClass('cell');
const ask = () => threadsNow({ db: at.db, log: logger('test') });

beforeAll(async () => {
  at = await createTestWorkspace();
  await at.db.user.create({ data: { id: userId, name: 'Ada', email: 'ada@example.org' } });
  const { id: projectId } = await createProject(at.db, { name: 'Cells', schema: schemaOf(cell), workspaceId: at.who.workspaceId, userId });
  const [itemId] = await addItems(at.db, projectId, ['a.png']);
  documentId = (await ensureDocument(at.db, { itemId: itemId!, authorKind: 'team', authorId: null })).id;
});
afterAll(() => at.close());
afterEach(async () => {
  vi.restoreAllMocks();
  await at.db.operation.updateMany({ data: { receivedAt: new Date(Date.now() - 6 * 60_000) } });
});

const draw = ({ by, batch }: { by: string | null; batch: string | null }) =>
  applyOperations(at.db, { documentId, operations: [operationOf(documentId, [drawBox(cell.id)], { batch })], userId: by });

it('a core is left to people while they label, and only then', async () => {
  vi.spyOn(os, 'availableParallelism').mockReturnValue(4);
  expect(await ask()).toBe(4);
  await draw({ by: userId, batch: null });
  expect(await ask()).toBe(3);
  await at.db.operation.updateMany({ data: { receivedAt: new Date(Date.now() - 4 * 60_000) } });
  expect(await ask()).toBe(3);
  await at.db.operation.updateMany({ data: { receivedAt: new Date(Date.now() - 6 * 60_000) } });
  expect(await ask()).toBe(4);
});

it('what jobs write is nobody at work, even in the name of a person', async () => {
  vi.spyOn(os, 'availableParallelism').mockReturnValue(4);
  await draw({ by: userId, batch: uuidv7() });
  await draw({ by: null, batch: null });
  expect(await ask()).toBe(4);
});

it('a model has one thread at least, and lets people go first where that cannot be asked', async () => {
  vi.spyOn(os, 'availableParallelism').mockReturnValue(1);
  await draw({ by: userId, batch: null });
  expect(await ask()).toBe(1);
  vi.spyOn(os, 'availableParallelism').mockReturnValue(4);
  const away = { $queryRaw: () => Promise.reject(new Error('the database is away')) };
  expect(await threadsNow({ db: away as never, log: logger('test') })).toBe(3);
});

it('the newest rows are found by their time, without the whole log being read', async () => {
  await at.db.$executeRaw`
    insert into "Operation" ("documentId", seq, id, type, body, "userId", "madeAt", "receivedAt")
    select ${documentId}::uuid, 1000 + n, gen_random_uuid(), 'draw', '{}', ${userId}::uuid, now(), now() - make_interval(mins => 21000 - n) from generate_series(1, 20000) n`;
  await at.db.$executeRaw`vacuum analyze "Operation"`;
  const plan = await at.db.$queryRaw<Record<string, string>[]>`explain ${labellingQuery()}`;
  expect(JSON.stringify(plan)).toContain('Operation_receivedAt_idx');
});
