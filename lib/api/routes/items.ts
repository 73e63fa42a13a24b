import { z } from 'zod';
import { annotation } from '@/lib/core/labels';
import { decisions, operation } from '@/lib/core/ops';
import { flag, idParam, isoTime, itemStatus, pageOf, pageQuery, projectParam, sha256, split, uuid } from '../common';
import { defineRoute } from '../route';

export const itemRow = z.object({
  id: uuid, project: uuid, kind: z.literal('image'), path: z.string(), asset: sha256, width: z.number().int(), height: z.number().int(),
  status: itemStatus, split: split.nullable(), annotations: z.number().int().describe('of the team document'),
  proposals: z.number().int().describe('undecided, of the current model, at any score'),
  createdAt: isoTime, doneAt: isoTime.nullable(), doneBy: z.string().nullable(), deletedAt: isoTime.nullable(),
});
export type ItemRow = z.infer<typeof itemRow>;

const itemFilter = z.object({
  status: itemStatus.optional(), split: split.optional(), classId: uuid.optional(), q: z.string().max(200).optional().describe('part of the path'),
  trash: flag.default(false), proposals: flag.optional().describe('only items with undecided proposals'),
});
export const items = defineRoute({
  method: 'GET', path: '/projects/{project}/items', permission: 'project.view', summary: 'Items by path', params: projectParam,
  query: pageQuery.extend(itemFilter.shape), response: pageOf(itemRow),
});
export const item = defineRoute({ method: 'GET', path: '/items/{id}', permission: 'project.view', summary: 'One item', params: idParam, response: itemRow });
export const neighbours = defineRoute({
  method: 'GET', path: '/items/{id}/neighbours', permission: 'project.view', summary: 'The items before and after, under the same filter', params: idParam,
  query: itemFilter, response: z.object({ previous: uuid.nullable(), next: uuid.nullable(), nextOpen: uuid.nullable(), position: z.number().int(), total: z.number().int() }),
});
export const trashItems = defineRoute({ method: 'POST', path: '/projects/{project}/items/trash', permission: 'project.manage', summary: 'Move items to the trash', params: projectParam, body: z.object({ items: z.array(uuid).min(1).max(10_000) }), response: z.object({ count: z.number().int() }) });
export const restoreItems = defineRoute({ method: 'POST', path: '/projects/{project}/items/restore', permission: 'project.manage', summary: 'Take items out of the trash', params: projectParam, body: z.object({ items: z.array(uuid).min(1).max(10_000) }), response: z.object({ count: z.number().int() }) });
export const eraseItems = defineRoute({ method: 'POST', path: '/projects/{project}/items/erase', permission: 'workspace.manage', summary: 'Erase trashed items for good', params: projectParam, body: z.object({ items: z.array(uuid).min(1).max(10_000) }), response: z.object({ job: uuid }) });

/** 409 `conflict` with `extra.undecided` when proposals at or above `threshold` are undecided and `rejectRest` is off. */
export const setStatus = defineRoute({
  method: 'POST', path: '/items/{id}/status', permission: 'label', summary: 'Mark an item open, in work or done', params: idParam,
  body: z.object({ status: itemStatus, threshold: z.number().min(0).max(1).default(0.5), rejectRest: z.boolean().default(false) }), response: itemRow,
});

export const author = z.object({
  kind: z.enum(['team', 'person', 'model', 'truth', 'import', 'consensus']),
  /** The person, model version or import batch; null for team and truth. */
  id: uuid.nullable(), name: z.string(),
});
export type Author = z.infer<typeof author>;
export const documentRow = z.object({ id: uuid, item: uuid, author, seq: z.number().int(), annotations: z.number().int(), current: z.boolean().describe('of models: the one whose proposals are shown') });

/** The team document is made when it is first asked for. */
export const itemDocuments = defineRoute({ method: 'GET', path: '/items/{id}/documents', permission: 'project.view', summary: 'The documents of an item: team, people, models, imports', params: idParam, response: z.object({ team: documentRow, mine: documentRow.nullable(), others: z.array(documentRow) }) });
export const openMine = defineRoute({ method: 'POST', path: '/items/{id}/documents/mine', permission: 'label', summary: 'My own document of an item, made when absent', params: idParam, response: documentRow });

export const documentState = z.object({ document: documentRow, annotations: z.array(annotation), decisions: z.record(uuid, z.enum(decisions)) });
export const documentOne = defineRoute({ method: 'GET', path: '/documents/{id}', permission: 'project.view', summary: 'A document: its annotations and decisions at `seq`', params: idParam, response: documentState });

export const conflict = z.object({ id: uuid, operation: uuid, annotation: uuid, field: z.string(), lost: z.unknown(), kept: z.unknown(), at: isoTime, by: z.string().nullable(), restoredAt: isoTime.nullable() });
export const operationResult = z.object({
  id: uuid, outcome: z.enum(['applied', 'duplicate', 'refused']), seq: z.number().int().nullable(), reason: z.string().nullable(), conflicts: z.array(conflict.pick({ annotation: true, field: true, lost: true, kept: true })),
});
/** Operations are applied in order, each wholly or not; what came before is answered as `duplicate` and changes nothing. */
export const sendOperations = defineRoute({
  method: 'POST', path: '/documents/{id}/operations', permission: 'label', summary: 'Apply operations to a document', params: idParam,
  body: z.object({ operations: z.array(operation).min(1).max(500) }), response: z.object({ seq: z.number().int(), results: z.array(operationResult) }),
});
/** What happened after `after`: a client that has `seq` 7 asks for what came since. */
export const log = defineRoute({
  method: 'GET', path: '/documents/{id}/log', permission: 'project.view', summary: 'The log of a document, oldest first', params: idParam,
  query: z.object({ after: z.coerce.number().int().min(0).default(0), limit: z.coerce.number().int().min(1).max(1000).default(200) }),
  response: z.object({ seq: z.number().int(), operations: z.array(z.object({ seq: z.number().int(), receivedAt: isoTime, by: z.object({ id: uuid.nullable(), name: z.string() }), operation })) }),
});
export const conflicts = defineRoute({ method: 'GET', path: '/documents/{id}/conflicts', permission: 'project.view', summary: 'Values that later arrivals replaced', params: idParam, query: pageQuery, response: pageOf(conflict) });
export const restoreConflict = defineRoute({ method: 'POST', path: '/conflicts/{id}/restore', permission: 'label', summary: 'Put a lost value back', params: idParam, response: z.object({ seq: z.number().int() }) });

/** Images come from the same origin under immutable addresses: the hash is that of the bytes. */
export const asset = defineRoute({
  method: 'GET', path: '/projects/{project}/assets/{hash}/{rendition}', permission: 'project.view', summary: 'An image: original bytes, what a browser can show, or a thumbnail',
  params: projectParam.extend({ hash: sha256, rendition: z.enum(['original', 'display', 'thumb']) }), response: 'stream',
});
