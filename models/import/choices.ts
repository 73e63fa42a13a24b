/** What a person decides about a model that they upload. Pure: pages check it without loading a runtime. */
import { z } from 'zod';

export const MAX_SIDE = 4096;

const side = z.number().int().min(8).max(MAX_SIDE);
const channel3 = <T extends z.ZodType>(value: T) => z.tuple([value, value, value]);

/** The choices that make a file a model: how its input is prepared and its outputs are read. */
export const uploadChoicesSchema = z.object({
  layout: z.string(),
  /** Settings of the layout; the layout checks them. */
  head: z.record(z.string(), z.unknown()),
  outputs: z.array(z.string()).min(1).max(8),
  classes: z.array(z.object({
    id: z.string().min(1),
    name: z.string().min(1),
    points: z.array(z.string()).optional(),
    swaps: z.array(z.tuple([z.number().int().nonnegative(), z.number().int().nonnegative()])).optional(),
    /** Not proposed. */
    skip: z.boolean().optional(),
  })).min(1).max(10_000),
  inputSize: z.object({ width: side, height: side }),
  normalisation: z.object({
    resize: z.enum(['letterbox', 'stretch']),
    fill: z.number().int().min(0).max(255),
    mean: channel3(z.number()),
    deviation: channel3(z.number().positive()),
  }),
  channels: z.enum(['rgb', 'bgr', 'grey']),
});
export type UploadChoices = z.infer<typeof uploadChoicesSchema>;
