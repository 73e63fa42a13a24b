/** Models that run where one labels: their files, and what they propose there. */
import { z } from 'zod';
import { geometry } from '@/lib/core/labels';
import { idParam, uuid } from '../common';
import { defineRoute } from '../route';

/** Files of a model for who labels with it: the labelling page runs it on the open image. ONNX models are not among them: only workers run those. */
export const runModelFile = defineRoute({ method: 'GET', path: '/models/{id}/run/{file}', permission: 'label', summary: 'A file of a model, to run it where one labels', params: idParam.extend({ file: z.enum(['model.json', 'weights.bin', 'card.json']) }), response: 'stream' });

/** Like the `prelabel` job for one item, with proposals that a browser computed: the model's earlier undecided ones are replaced. */
export const suggest = defineRoute({
  method: 'POST', path: '/items/{id}/proposals', permission: 'label', summary: 'Keep what a model, run in a browser, proposes for an item', params: idParam,
  body: z.object({
    model: uuid, backend: z.enum(['webgpu', 'webgl', 'wasm', 'cpu']),
    proposals: z.array(z.object({ classId: z.string().max(200), score: z.number().min(0).max(1), geometry })).max(1000),
  }),
  response: z.object({ proposed: z.number().int().describe('kept: the new ones, and those that were there already'), vanishedClass: z.number().int().describe('of a class that the label schema no longer has') }),
});
