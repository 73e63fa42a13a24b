import { z } from 'zod';
import { augmentSchema } from '@/lib/core/augmentation';
import { taskNames } from '@/lib/core/labels';
import { isoTime } from '../common';
import { defineRoute } from '../route';

const part = z.object({ ok: z.boolean(), detail: z.string(), latencyMs: z.number().optional() });

export const health = defineRoute({
  method: 'GET', path: '/health', permission: 'public',
  summary: 'What each part of the installation is doing',
  response: z.object({
    ok: z.boolean(), version: z.string(), schema: z.string(), startedAt: isoTime,
    parts: z.object({
      web: part, database: part, storage: part, events: part,
      workers: z.array(z.object({ id: z.string(), host: z.string(), seenAt: isoTime, ok: z.boolean(), running: z.array(z.object({ kind: z.string(), job: z.string().nullable() })) })),
      queues: z.array(z.object({ name: z.string(), waiting: z.number().int(), running: z.number().int() })),
    }),
  }),
});

/** What the newest worker says it can train with. The web process loads no model library, and so cannot say. */
export const learning = defineRoute({
  method: 'GET', path: '/learning', permission: 'workspace.view', summary: 'Engine, tasks and backbones to train with; null until a worker has told',
  response: z.object({
    abilities: z.object({
      engine: z.string(),
      tasks: z.array(z.object({ name: z.enum(taskNames), title: z.string(), description: z.string(), backbone: z.string(), learningRate: z.number(), batch: z.number().int(), augmentation: augmentSchema.optional().describe('how strongly training images vary; absent where the worker is older') })),
      backbones: z.array(z.object({
        name: z.string(), title: z.string(), family: z.string(), paper: z.string(), multiple: z.number().int(), minimalSize: z.number().int(), usualSize: z.number().int(),
        trained: z.string().nullable().describe('what the weights that come with it were trained on'),
      })),
    }).nullable(),
  }),
});

export const events = defineRoute({
  method: 'GET', path: '/events', permission: 'self',
  summary: 'Server-sent events: ids of what changed, for everything the person may see',
  response: 'events',
});

export const openapi = defineRoute({ method: 'GET', path: '/openapi.json', permission: 'public', summary: 'This interface as OpenAPI 3.1', response: z.looseObject({ openapi: z.string() }) });

export const storageUse = defineRoute({
  method: 'GET', path: '/storage', permission: 'workspace.view', summary: 'Disk use, in bytes',
  response: z.object({
    kind: z.enum(['disk', 's3']), objectBytes: z.number().describe('of images, models, exports and uploads, as their rows say'),
    counted: z.object({ objects: z.number().int(), bytes: z.number(), at: isoTime }).nullable().describe('all that lies in the store, when it was last counted'),
    databaseBytes: z.number(), freeBytes: z.number().nullable(),
    trashBytes: z.number(), projects: z.array(z.object({ id: z.string(), name: z.string(), bytes: z.number() })),
  }),
});
