/** Models that were not trained here: networks that come with the product, and people's own ONNX files. */
import { z } from 'zod';
import { projectParam, uuid } from '../common';
import { defineRoute } from '../route';

const uploadParam = projectParam.extend({ upload: uuid });

/** What a person decides about a file: layout of its outputs, classes, input size, normalisation. The job checks it, and says what is wrong. */
const choices = z.looseObject({ layout: z.string().max(60), classes: z.array(z.looseObject({ id: z.string().max(200), name: z.string().max(200) })).min(1).max(10_000) });

export const uploadModel = defineRoute({
  method: 'POST', path: '/projects/{project}/models/uploads', permission: 'train', summary: 'Upload an ONNX model; the job says how it can be read (its result: `report`)', params: projectParam,
  query: z.object({ name: z.string().min(1).max(300) }), body: 'stream', response: z.object({ upload: uuid, bytes: z.number().int(), job: uuid }),
});
export const inspectUpload = defineRoute({
  method: 'POST', path: '/projects/{project}/models/uploads/{upload}/inspect', permission: 'train', summary: 'Look at an uploaded model again, at another input size (result of the job: `report`)', params: uploadParam,
  body: z.object({ inputSize: z.object({ width: z.number().int().min(8).max(4096), height: z.number().int().min(8).max(4096) }) }), response: z.object({ job: uuid }),
});
export const tryModel = defineRoute({
  method: 'POST', path: '/projects/{project}/models/uploads/{upload}/try', permission: 'train', summary: 'Run an uploaded model on one image without keeping it (result of the job: `labels`)', params: uploadParam,
  body: z.object({ choices, item: uuid, minScore: z.number().min(0).max(1).default(0.25) }), response: z.object({ job: uuid }),
});
export const adoptModel = defineRoute({
  method: 'POST', path: '/projects/{project}/models', permission: 'train', idempotent: true, summary: 'Keep a built-in or an uploaded model as a model version of the project (result of the job: `model`)', params: projectParam,
  body: z.object({
    name: z.string().trim().max(100).default(''),
    source: z.discriminatedUnion('kind', [
      z.object({ kind: z.literal('builtin'), builtin: z.string().max(60) }),
      z.object({ kind: z.literal('upload'), upload: uuid, choices }),
    ]),
    mapping: z.record(z.string().max(200), uuid.nullable()).describe('class of the model to class of the project; null or left out: not proposed'),
  }), response: z.object({ job: uuid }),
});
