/** Projects made beside the browser, for tests that are not about making them. */
import { readFile } from 'node:fs/promises';
import { expect } from '@playwright/test';
import { demoSchema } from '@/lib/core/demo';
import type { LabelSchema } from '@/lib/core/labels';
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
