/** What a detector's card keeps of its head. */
import { z } from 'zod';
import { type YoloLayout } from '../../heads/yolo';
import { boxLosses } from '../../heads/yolo/types';
import { type ModelDesign } from '../../runtime/card';

export const anchorSchema = z.object({ w: z.number().positive(), h: z.number().positive() });

export const headSchema = z.object({
  /** Output maps, fine to coarse: stride and anchor shapes in input pixels. */
  scales: z.array(z.object({ stride: z.number().int().positive(), anchors: z.array(anchorSchema).min(1) })).min(1),
  /** Mean over the training boxes of the best shape IoU with an anchor. */
  meanBestIou: z.number().nullable(),
  /** Loss of a box in training; absent: `ciou`. */
  box: z.enum(boxLosses).optional(),
});
export type DetectHead = z.infer<typeof headSchema>;

export const layoutOf = ({ inputSize, head, classes }: Pick<ModelDesign<DetectHead>, 'inputSize' | 'head'> & { classes: readonly unknown[] }): YoloLayout => ({ inputSize, scales: head.scales, classes: classes.length });
