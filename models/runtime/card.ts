/**
 * The card of a model: what it was made from, how its input is prepared and how its output is read.
 * Stored as `card.json` beside `model.json` and `weights.bin`. Pure: the browser, the web process and the worker read it.
 */
import { taskNames, type TaskName } from '@/lib/core/labels';
import { z } from 'zod';

export { taskNames, type TaskName };

const size = z.object({ width: z.number().int().positive(), height: z.number().int().positive() });
const figures = z.record(z.string(), z.number().nullable());

const classSchema = z.object({
  id: z.string().min(1),
  name: z.string(),
  /** Landmarks: names of the points in order, and the left/right pairs that change places in a mirrored image. */
  points: z.array(z.string()).optional(),
  swaps: z.array(z.tuple([z.number().int().nonnegative(), z.number().int().nonnegative()])).optional(),
  /** The network finds it, and nobody wants it: not proposed. */
  skip: z.boolean().optional(),
});

/**
 * How an image becomes the input: fitted inside with its aspect kept and the rest filled (`letterbox`), or stretched to the
 * input's size; then (value − mean) / deviation on 0–255 values.
 */
const normalisationSchema = z.object({
  resize: z.enum(['letterbox', 'stretch']),
  fill: z.number().int().min(0).max(255),
  mean: z.array(z.number()).length(3),
  deviation: z.array(z.number().positive()).length(3),
});
export type Normalisation = z.infer<typeof normalisationSchema>;

/**
 * What the network is stored as. Absent: a tf.layers model (model.json, weights.bin). `graph`: a TensorFlow.js graph model in
 * the same files, read up to the nodes `outputs`. `onnx`: model.onnx, run as it is.
 */
const networkSchema = z.discriminatedUnion('runtime', [
  z.object({
    runtime: z.literal('graph'), input: z.string(), outputs: z.array(z.string()).min(1),
    /** A second network in the same graph, which looks again at each object that the first one found. */
    refine: z.object({ input: z.string(), outputs: z.array(z.string()).min(1), inputSize: size, mean: z.array(z.number()).length(3), deviation: z.array(z.number().positive()).length(3) }).optional(),
  }),
  z.object({
    runtime: z.literal('onnx'),
    input: z.string(),
    type: z.enum(['float32', 'float16', 'uint8', 'int32']),
    layout: z.enum(['nchw', 'nhwc']),
    channels: z.enum(['rgb', 'bgr', 'grey']),
    outputs: z.array(z.string()).min(1),
  }),
]);
export type StoredNetwork = z.infer<typeof networkSchema>;

const designShape = {
  task: z.enum(taskNames),
  /** In the order of the network's outputs. */
  classes: z.array(classSchema).min(1),
  architecture: z.object({ backbone: z.string(), head: z.string() }),
  /** Size of the network input in pixels. */
  inputSize: size,
  normalisation: normalisationSchema,
  network: networkSchema.optional(),
  /** What the task keeps for itself (anchors, number of points …); the task checks it. */
  head: z.record(z.string(), z.unknown()),
};

/** Everything that decides what the network is and how its input and output are to be read. */
export type ModelDesign<Head = Record<string, unknown>> = Omit<z.infer<z.ZodObject<typeof designShape>>, 'head'> & { head: Head };

export const modelCardSchema = z.object({
  format: z.literal('fieldmark-model'),
  version: z.literal(2),
  ...designShape,
  datasetHash: z.string().nullable(),
  /** Figures on the images that were watched; null when there were none. `byClass`: figure, then class id. */
  metrics: z.object({ split: z.string(), images: z.number().int().nonnegative(), values: figures, byClass: z.record(z.string(), figures) }).nullable(),
  /** Null for models that were made elsewhere. */
  training: z.object({
    seed: z.number().int(),
    steps: z.number().int().nonnegative(),
    epochs: z.number().nonnegative(),
    seconds: z.number().nonnegative(),
    images: z.number().int().nonnegative(),
    batch: z.number().int().positive(),
    engine: z.string(),
  }).nullable(),
  credits: z.array(z.string()),
  createdAt: z.string(),
});
/** See `modelCardSchema`. */
export type ModelCard = z.infer<typeof modelCardSchema>;

/** Names of a stored model's files; the first two depend on what the network is stored as. */
export const filesOf = ({ network }: Pick<ModelDesign, 'network'>): string[] =>
  network?.runtime === 'onnx' ? ['model.onnx', 'card.json'] : ['model.json', 'weights.bin', 'card.json'];

/** Cards of version 1 knew detectors only, and kept their anchors beside the head. */
function upgrade(json: unknown): unknown {
  const card = json as { version?: unknown; yolo?: unknown; meanBestIou?: unknown; metrics?: null | { split: string; images: number; ap50ByClass: object } } | null;
  if (card === null || typeof card !== 'object' || card.version !== 1) return json;
  const { yolo, meanBestIou, metrics, ...rest } = card;
  const figuresOf = ({ split, images, ap50ByClass, ...values }: NonNullable<typeof metrics>) => ({ split, images, values, byClass: { ap50: ap50ByClass } });
  return { ...rest, version: 2, head: { ...(yolo as object), meanBestIou }, metrics: metrics ? figuresOf(metrics) : null };
}

/** Reads a card from parsed JSON, of this or an older version. Throws an Error that names the first field that is wrong. */
export function parseModelCard(json: unknown): ModelCard {
  const result = modelCardSchema.safeParse(upgrade(json));
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw new Error(`card.json is not a model card of this version: ${issue?.path.join('.') || 'file'}: ${issue?.message}`);
}
