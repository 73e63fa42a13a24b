import { z } from 'zod';
import { labelSchema } from '@/lib/core/labels';
import { flag, isoTime, pageOf, pageQuery, projectParam, sha256, uuid } from '../common';
import { defineRoute } from '../route';

const projectName = z.string().trim().min(1, 'a project needs a name').max(120);

export const projectRow = z.object({
  id: uuid, name: z.string(), description: z.string(), createdAt: isoTime, updatedAt: isoTime, deletedAt: isoTime.nullable(),
  counts: z.object({ items: z.number().int(), open: z.number().int(), work: z.number().int(), done: z.number().int(), annotations: z.number().int() }),
  schemaVersion: z.number().int(), guideVersion: z.number().int(), demo: z.boolean(),
  cover: z.array(z.object({ item: uuid, hash: sha256 })).describe('the first few images, for a card'),
});
export type ProjectRow = z.infer<typeof projectRow>;

export const projects = defineRoute({
  method: 'GET', path: '/projects', permission: 'workspace.view', summary: 'Projects of the workspace',
  query: pageQuery.extend({ trash: flag.default(false), q: z.string().max(100).optional() }), response: pageOf(projectRow),
});
export const createProject = defineRoute({
  method: 'POST', path: '/projects', permission: 'project.manage', idempotent: true, summary: 'Create a project',
  body: z.object({ name: projectName, description: z.string().max(5000).default(''), schema: labelSchema.optional() }), response: projectRow,
});
export const project = defineRoute({ method: 'GET', path: '/projects/{project}', permission: 'project.view', summary: 'One project', params: projectParam, response: projectRow });
export const updateProject = defineRoute({
  method: 'PATCH', path: '/projects/{project}', permission: 'project.manage', summary: 'Rename or describe a project', params: projectParam,
  body: z.object({ name: projectName.optional(), description: z.string().max(5000).optional() }), response: projectRow,
});
export const trashProject = defineRoute({ method: 'DELETE', path: '/projects/{project}', permission: 'project.manage', summary: 'Move a project to the trash', params: projectParam, response: 'empty' });
export const restoreProject = defineRoute({ method: 'POST', path: '/projects/{project}/restore', permission: 'project.manage', summary: 'Take a project out of the trash', params: projectParam, response: projectRow });
export const eraseProject = defineRoute({
  method: 'POST', path: '/projects/{project}/erase', permission: 'workspace.manage', summary: 'Erase a trashed project for good: rows, log and objects',
  params: projectParam, body: z.object({ confirmName: z.string() }), response: z.object({ job: uuid }),
});
export const createDemo = defineRoute({ method: 'POST', path: '/demo', permission: 'project.manage', idempotent: true, summary: 'Add the demo project, whose images the product draws', response: z.object({ job: uuid }) });

const schemaVersion = z.object({ version: z.number().int(), schema: labelSchema, createdAt: isoTime, createdBy: z.string().nullable(), nextIndex: z.number().int().describe('the index that the next new class gets') });
export const schema = defineRoute({
  method: 'GET', path: '/projects/{project}/schema', permission: 'project.view', summary: 'The label schema, newest or of a version', params: projectParam,
  query: z.object({ version: z.coerce.number().int().optional() }), response: schemaVersion,
});
export const classUse = defineRoute({
  method: 'GET', path: '/projects/{project}/schema/use', permission: 'project.view', summary: 'How many annotations use each class', params: projectParam,
  response: z.object({
    classes: z.array(z.object({
      classId: uuid, annotations: z.number().int().describe('labels of the team'), items: z.number().int(),
      elsewhere: z.number().int().describe('of models, ground truth, imports and single people, and on items in the trash'),
    })),
  }),
});
/** What to do with the annotations of a class that is taken out. */
export const removal = z.discriminatedUnion('action', [
  z.object({ classId: uuid, action: z.literal('delete') }),
  z.object({ classId: uuid, action: z.literal('reassign'), to: uuid }),
]);
export const saveSchema = defineRoute({
  method: 'PUT', path: '/projects/{project}/schema', permission: 'project.manage', summary: 'Save a new version of the label schema',
  params: projectParam,
  body: z.object({ base: z.number().int().describe('the version that was edited; refused when another was saved meanwhile'), schema: labelSchema, removals: z.array(removal).default([]) }),
  response: schemaVersion,
});

const guideBody = z.object({
  markdown: z.string().max(200_000),
  examples: z.array(z.object({ classId: uuid, asset: sha256, caption: z.string().max(500).default('') })).max(500),
});
const guideVersion = guideBody.extend({ version: z.number().int(), createdAt: isoTime.nullable(), createdBy: z.string().nullable() });
export const guide = defineRoute({
  method: 'GET', path: '/projects/{project}/guide', permission: 'project.view', summary: 'The project guide', params: projectParam,
  query: z.object({ version: z.coerce.number().int().optional() }), response: guideVersion,
});
export const saveGuide = defineRoute({ method: 'PUT', path: '/projects/{project}/guide', permission: 'project.manage', summary: 'Save a new version of the guide', params: projectParam, body: guideBody.extend({ base: z.number().int() }), response: guideVersion });
export const addGuideImage = defineRoute({
  method: 'POST', path: '/projects/{project}/guide/images', permission: 'project.manage', summary: 'Store an example picture', params: projectParam, body: 'stream',
  response: z.object({ asset: sha256, width: z.number().int(), height: z.number().int() }),
});
