/**
 * The card of a model: what it was made from, how its input is prepared and how its output is read.
 * Stored as `card.json` beside `model.json` and `weights.bin`. Pure: the browser, the web process and the worker read it.
 */
import { z } from 'zod';

const size = z.object({ width: z.number().int().positive(), height: z.number().int().positive() });

/** One output map of a YOLO head: its stride in input pixels and its anchor shapes in input pixels. */
export const yoloScaleSchema = z.object({
  stride: z.number().int().positive(),
  anchors: z.array(z.object({ w: z.number().positive(), h: z.number().positive() })).min(1),
});
export type YoloScale = z.infer<typeof yoloScaleSchema>;

const metricsSchema = z.object({
  split: z.string(),
  images: z.number().int().nonnegative(),
  mAP: z.number(),
  mAP50: z.number(),
  mAP75: z.number(),
  /** Average precision at IoU 0.5 by class id; null where the split has no object of the class. */
  ap50ByClass: z.record(z.string(), z.number().nullable()),
});

export const modelCardSchema = z.object({
  format: z.literal('fieldmark-model'),
  version: z.literal(1),
  task: z.literal('detect'),
  /** Order of the class scores in the output. */
  classes: z.array(z.object({ id: z.string().min(1), name: z.string() })).min(1),
  architecture: z.object({ backbone: z.string(), head: z.literal('yolo') }),
  /** Size of the network input in pixels. */
  inputSize: size,
  /** How an image becomes the input: fitted inside with its aspect kept, the rest filled; then (value − mean) / deviation on 0–255 values. */
  normalisation: z.object({
    resize: z.literal('letterbox'),
    fill: z.number().int().min(0).max(255),
    mean: z.array(z.number()).length(3),
    deviation: z.array(z.number().positive()).length(3),
  }),
  yolo: z.object({ scales: z.array(yoloScaleSchema).min(1) }),
  datasetHash: z.string().nullable(),
  metrics: metricsSchema.nullable(),
  training: z.object({
    seed: z.number().int(),
    steps: z.number().int().nonnegative(),
    epochs: z.number().nonnegative(),
    seconds: z.number().nonnegative(),
    images: z.number().int().nonnegative(),
    batch: z.number().int().positive(),
    engine: z.string(),
  }),
  /** Mean over the training boxes of the best shape IoU with an anchor; null when the anchors were given. */
  meanBestIou: z.number().nullable(),
  credits: z.array(z.string()),
  createdAt: z.string(),
});
/** See `modelCardSchema`. */
export type ModelCard = z.infer<typeof modelCardSchema>;

/** Reads a card from parsed JSON. Throws an Error that names the first field that is wrong. */
export function parseModelCard(json: unknown): ModelCard {
  const result = modelCardSchema.safeParse(json);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw new Error(`card.json is not a model card of this version: ${issue?.path.join('.') || 'file'}: ${issue?.message}`);
}
