/** Projects made beside the browser, for tests that are not about making them. */
import { readFile } from 'node:fs/promises';
import { expect } from '@playwright/test';
import { uuidv7 } from 'uuidv7';
import { demoSchema } from '@/lib/core/demo';
import type { LabelSchema } from '@/lib/core/labels';
import { OPERATION_VERSION, type Change, type Operation } from '@/lib/core/ops';
import type { Client } from '@/lib/api/client';
import type { ItemRow } from '@/lib/api/routes/items';
import type { DemoPicture } from './images';

/** Waits until a job has ended well. */
export async function jobDone(api: Client, id: string, timeout = 60_000): Promise<void> {
  await expect.poll(async () => {
    const job = await api.job({ params: { id } });
    if (job.state === 'failed' || job.state === 'cancelled') throw new Error(`The job "${job.title}" ${job.state}: ${job.error ?? job.message}`);
    return job.state;
  }, { timeout, intervals: [150, 300, 600] }).toBe('done');
}

/** A project with these pictures; gives its items in the pictures' order. */
export async function projectWith(api: Client, name: string, pictures: readonly DemoPicture[], schema: LabelSchema = demoSchema): Promise<{ project: string; items: ItemRow[] }> {
  const { id: project } = await api.createProject({ body: { name, schema } });
  const { id } = await api.startImport({ params: { project }, body: { source: 'tests' } });
  for (const picture of pictures) await api.putImportFile({ params: { id }, query: { path: picture.name }, body: new Uint8Array(await readFile(picture.file)), contentType: 'image/png' });
  const { job } = await api.commitImport({ params: { id } });
  await jobDone(api, job!);
  const { items } = await api.items({ params: { project }, query: { limit: 100 } });
  const byPath = new Map(items.map((i) => [i.path, i]));
  return { project, items: pictures.map((p) => byPath.get(p.name) ?? fail(`${p.name} was not imported`)) };
}

function fail(message: string): never {
  throw new Error(message);
}

/** Labels an item with what is known to be on it, in one operation, and marks it done. */
export async function labelWithTruth(api: Client, item: ItemRow, picture: DemoPicture, { kinds = ['box'], done = true }: { kinds?: string[]; done?: boolean } = {}): Promise<void> {
  const { team } = await api.itemDocuments({ params: { id: item.id } });
  const changes: Change[] = picture.annotations.filter((a) => kinds.includes(a.geometry.kind)).map(({ object: _, ...after }) => ({ kind: 'create', annotation: uuidv7(), after }));
  const operation: Operation = { id: uuidv7(), v: OPERATION_VERSION, type: 'draw', document: team.id, base: team.seq, changes, tool: 'box', at: new Date().toISOString(), activeMs: 0, undoes: null, batch: null };
  const { results } = await api.sendOperations({ params: { id: team.id }, body: { operations: [operation] } });
  expect(results[0]).toMatchObject({ outcome: 'applied' });
  if (done) await api.setStatus({ params: { id: item.id }, body: { status: 'done' } });
}
