import { z } from 'zod';
import { idParam, isoTime, pageOf, pageQuery, projectParam, uuid } from '../common';
import { defineRoute } from '../route';

export const importOutcome = z.enum(['imported', 'warning', 'skipped', 'refused']);
export const importRow = z.object({
  id: uuid, project: uuid, source: z.string(), state: z.enum(['receiving', 'queued', 'running', 'done', 'failed', 'cancelled', 'reverted']),
  createdAt: isoTime, finishedAt: isoTime.nullable(), job: uuid.nullable(), received: z.object({ files: z.number().int(), bytes: z.number() }),
  counts: z.object({ imported: z.number().int(), warnings: z.number().int(), skipped: z.number().int(), refused: z.number().int(), annotations: z.number().int() }),
  message: z.string().nullable(),
});
export const startImport = defineRoute({
  method: 'POST', path: '/projects/{project}/imports', permission: 'data.import', idempotent: true, summary: 'Open an import, then put files into it', params: projectParam,
  body: z.object({ source: z.string().max(300).default('upload'), options: z.object({
    format: z.string().default('auto').describe('the annotation format beside the images; auto looks'),
    createClasses: z.boolean().default(true).describe('classes that the files name and the project lacks are added'),
    markDone: z.boolean().default(false).describe('items with annotations arrive as done'),
    document: z.enum(['team', 'import', 'truth']).default('team').describe('whose document the annotations go to'),
    vocFrame: z.enum(['labelimg', 'devkit']).default('labelimg'),
  }).prefault({}) }),
  response: importRow,
});
/** The same path twice replaces the first: sending again after a lost connection is safe. */
export const putImportFile = defineRoute({
  method: 'PUT', path: '/imports/{id}/files', permission: 'data.import', summary: 'One file by its path within the folder', params: idParam,
  query: z.object({ path: z.string().min(1).max(1000) }), body: 'stream', response: z.object({ path: z.string(), bytes: z.number(), sha256: z.string() }),
});
export const putImportArchive = defineRoute({
  method: 'PUT', path: '/imports/{id}/archive', permission: 'data.import', summary: 'A zip of a folder', params: idParam,
  query: z.object({ name: z.string().min(1).max(300) }), body: 'stream', response: z.object({ name: z.string(), bytes: z.number() }),
});
export const commitImport = defineRoute({ method: 'POST', path: '/imports/{id}/commit', permission: 'data.import', summary: 'All files are there: import them', params: idParam, response: importRow });
export const imports = defineRoute({ method: 'GET', path: '/projects/{project}/imports', permission: 'project.view', summary: 'Imports, newest first', params: projectParam, query: pageQuery, response: pageOf(importRow) });
export const importOne = defineRoute({ method: 'GET', path: '/imports/{id}', permission: 'project.view', summary: 'One import', params: idParam, response: importRow });
export const importEntries = defineRoute({
  method: 'GET', path: '/imports/{id}/entries', permission: 'project.view', summary: 'The report: what happened to which file, and why', params: idParam,
  query: pageQuery.extend({ outcome: importOutcome.optional() }),
  response: pageOf(z.object({ n: z.number().int(), path: z.string(), outcome: importOutcome, code: z.string(), message: z.string(), item: uuid.nullable() })),
});
export const cancelImport = defineRoute({ method: 'POST', path: '/imports/{id}/cancel', permission: 'data.import', summary: 'Stop an import; what is not yet in stays out', params: idParam, response: importRow });
/** Imports and pre-labels write one operation a document under a batch, which is taken back as one. */
export const batches = defineRoute({
  method: 'GET', path: '/projects/{project}/batches', permission: 'project.view', summary: 'Batches: imports, pre-labels, reassignments', params: projectParam, query: pageQuery,
  response: pageOf(z.object({ id: uuid, kind: z.string(), title: z.string(), createdAt: isoTime, by: z.string().nullable(), documents: z.number().int(), annotations: z.number().int(), revertedAt: isoTime.nullable() })),
});
export const revertBatch = defineRoute({ method: 'POST', path: '/batches/{id}/revert', permission: 'project.manage', summary: 'Take a batch back: one inverse operation a document', params: idParam, response: z.object({ job: uuid }) });
