import { z } from 'zod';
import { split } from '@/lib/api/common';
import { adoptModel, inspectUpload, tryModel } from '@/lib/api/routes/adoptedModels';
import { trainOptions } from '@/lib/api/routes/rounds';
import { measureViewings } from '@/lib/api/routes/viewings';
import { uuid, viewings } from '@/lib/core/labels';
import type { QueueName } from './queues';

/** The contract of one kind of job: where it waits and what it is given. The handler is in `workers/jobs/`. */
export interface JobKindContract<Payload extends z.ZodType = z.ZodType> {
  readonly queue: QueueName;
  readonly payload: Payload;
  /**
   * Runs models that anybody may have made: its process is ended when it takes more memory than `FIELDMARK_MODEL_MEMORY_MB`, and a
   * `trial`, which somebody waits for, when it takes longer than `FIELDMARK_MODEL_SECONDS`.
   */
  readonly runsModels?: 'trial' | 'work';
}

/**
 * Every kind of job the product knows. The web process enqueues by this table; a worker refuses to start when a kind
 * has no handler, or two, or when its handler declares another queue or payload.
 */
export const jobKinds = {
  /** Answers at once with what it was given; the health page and the command line use it to see that work gets done. */
  echo: { queue: 'quick', payload: z.object({ text: z.string().max(200), milliseconds: z.number().int().min(0).max(60_000).default(0) }) },

  /** Reads what was uploaded under an import and makes items of it. */
  import: { queue: 'batch', payload: z.object({ import: uuid }) },
  /** Takes a batch back: one inverse operation a document. */
  revert: { queue: 'batch', payload: z.object({ batch: uuid }) },
  /** K-means on the boxes of done items. */
  anchors: { queue: 'quick', payload: z.object({ maxK: z.number().int().min(1).max(20), seed: z.number().int() }) },
  /** Writes the manifest of a dataset version. */
  freeze: { queue: 'batch', payload: z.object({ version: uuid }) },
  /** Trains a model on a dataset version, which is frozen first when it is not yet. */
  train: { queue: 'train', payload: z.object({ version: uuid, name: z.string(), options: trainOptions }) },
  prelabel: {
    queue: 'batch',
    runsModels: 'work',
    payload: z.object({
      model: uuid,
      scope: z.discriminatedUnion('kind', [
        z.object({ kind: z.literal('open') }),
        z.object({ kind: z.literal('all') }),
        z.object({ kind: z.literal('split'), split }),
        z.object({ kind: z.literal('items'), items: z.array(uuid) }),
      ]),
      minScore: z.number(),
      nmsIou: z.number(),
      maxPerImage: z.number().int(),
      viewing: z.enum(viewings),
      vote: z.array(uuid),
    }),
  },
  /** Says how an uploaded model can be read. */
  inspectModel: { queue: 'quick', runsModels: 'trial', payload: inspectUpload.body.partial().extend({ upload: uuid }) },
  /** Runs an uploaded model on one image. */
  tryModel: { queue: 'quick', runsModels: 'trial', payload: tryModel.body.extend({ upload: uuid }) },
  /** Keeps a built-in or uploaded model as a model version. */
  adoptModel: { queue: 'quick', runsModels: 'trial', payload: adoptModel.body },
  /** Reports the layers of a model, with their times. */
  inspectNetwork: { queue: 'quick', runsModels: 'trial', payload: z.object({ model: uuid }) },
  /** Measures a model on the val and test images of a frozen version. */
  evaluate: { queue: 'train', runsModels: 'work', payload: z.object({ model: uuid, version: uuid }) },
  /** Measures what looking more than once, or voting, gains and costs with a model. */
  measureViewings: { queue: 'train', runsModels: 'work', payload: measureViewings.body.extend({ model: uuid }) },
  quality: { queue: 'quick', payload: z.object({ report: uuid }) },
  export: { queue: 'batch', payload: z.object({ export: uuid }) },
  /** Erases what lies in the trash for good: rows, log and objects. */
  erase: {
    queue: 'batch',
    payload: z.discriminatedUnion('what', [
      z.object({ what: z.literal('project'), project: uuid }),
      z.object({ what: z.literal('items'), project: uuid, items: z.array(uuid) }),
      z.object({ what: z.literal('model'), model: uuid }),
    ]),
  },
  demo: { queue: 'batch', payload: z.object({ workspace: uuid }) },
  /** Changes the annotations of classes that left the label schema, or whose skeletons grew: `rewriteClasses`. */
  reassign: {
    queue: 'batch',
    payload: z.object({
      batch: uuid,
      rewrites: z
        .array(
          z.discriminatedUnion('action', [
            z.object({ classId: uuid, action: z.literal('delete') }),
            z.object({ classId: uuid, action: z.literal('reassign'), to: uuid }),
            z.object({ classId: uuid, action: z.literal('complete') }),
          ]),
        )
        .min(1),
    }),
  },
} as const satisfies Record<string, JobKindContract>;

export type JobKind = keyof typeof jobKinds;
/** What the handler of a kind is given. */
export type JobInput<Kind extends JobKind> = z.output<(typeof jobKinds)[Kind]['payload']>;
/** What a caller of `enqueue` gives (defaults may be left out). */
export type JobPayload<Kind extends JobKind> = z.input<(typeof jobKinds)[Kind]['payload']>;
