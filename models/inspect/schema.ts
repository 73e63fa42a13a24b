/** What the network inspector shows, as plain JSON. Pure: pages read it without loading a runtime. */
import { z } from 'zod';

const count = z.number().int().nonnegative();
const pair = z.object({ height: z.number().positive(), width: z.number().positive() });

export const layerReportSchema = z.object({
  /** Unique in the network. */
  name: z.string(),
  /** Class of a layer, or operator of a node. */
  className: z.string(),
  /** Names of the layers that it reads. */
  inputs: z.array(z.string()),
  /** Without the batch axis, in the order of the network's own layout. */
  outputShape: z.array(count),
  parameters: count,
  /** Of these, what training changes. */
  trainable: count,
  /** Filter parameters × filter positions × filters, for one image; products only. */
  multiplications: count,
  /** Bytes of the result for one image. */
  bytes: count,
  /**
   * Input pixels that one number of the result sees, along each side, and how far apart neighbours see; null where the result
   * has no place in the image any more. Gates that weigh whole maps by their mean are left out.
   */
  receptiveField: pair.nullable(),
  stride: pair.nullable(),
  /** Median of the measured runs; null when nothing was measured, or when the engine merged the layer into one that follows (whose time is theirs together). */
  milliseconds: z.number().nonnegative().nullable(),
});
export type LayerReport = z.infer<typeof layerReportSchema>;

export const networkReportSchema = z.object({
  format: z.literal('fieldmark-network'),
  version: z.literal(1),
  runtime: z.enum(['layers', 'graph', 'onnx']),
  /** Shapes of the inputs, without the batch axis. */
  inputs: z.array(z.object({ name: z.string(), shape: z.array(count) })),
  layers: z.array(layerReportSchema),
  totals: z.object({
    parameters: count,
    trainable: count,
    multiplications: count,
    /** Bytes of the weights as the engine keeps them. */
    weightBytes: count,
    /** Most bytes alive at once: results, and of the weights those that the layer at work reads. Null where it is not known. */
    peakBytes: count.nullable(),
  }),
  /** Null: not measured. `rest`: what is no layer's own, such as changing the order of numbers in memory. */
  timing: z.object({
    engine: z.string(), threads: z.number().int().positive(), runs: z.number().int().positive(),
    total: z.number().nonnegative(), rest: z.number().nonnegative(),
  }).nullable(),
});
export type NetworkReport = z.infer<typeof networkReportSchema>;
