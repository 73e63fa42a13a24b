/** What looking more than once, or letting models vote, gains and costs: measured on request, on images a model was not trained on. */
import { z } from 'zod';
import { viewings } from '@/lib/core/labels';
import { idParam, uuid } from '../common';
import { defineRoute } from '../route';

export const viewingRow = z.object({
  viewing: z.enum(viewings),
  vote: z.array(uuid).describe('further models that voted, in order of id'),
  values: z.record(z.string(), z.number().nullable()).describe('figures by name'),
  milliseconds: z.number().describe('wall time an image, decoding included'),
  times: z.number().describe('that time over the one of a single look by the model alone, measured in the same run'),
});
export const viewingReport = z.object({
  version: uuid.describe('the frozen version whose images were looked at'), versionNumber: z.number().int(), split: z.enum(['val', 'test']), images: z.number().int(), threads: z.number().int(),
  rows: z.array(viewingRow),
});
export type ViewingReport = z.infer<typeof viewingReport>;

export const modelViewings = defineRoute({
  method: 'GET', path: '/models/{id}/viewings', permission: 'project.view', summary: 'What flip averaging, ten crops and voting gain and cost with a model; null when nobody has measured yet', params: idParam,
  response: z.object({ report: viewingReport.nullable() }),
});
export const measureViewings = defineRoute({
  method: 'POST', path: '/models/{id}/viewings', permission: 'train', summary: 'Measure ways of looking on the test images (else the val images), beside a single look of the model alone', params: idParam,
  body: z.object({ viewings: z.array(z.enum(viewings)).min(1).max(viewings.length).default([...viewings]), vote: z.array(uuid).max(8).default([]) }), response: z.object({ job: uuid }),
});
