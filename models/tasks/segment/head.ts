/** What a segmenter's card keeps of its head, and how its channels are numbered. */
import { z } from 'zod';
import { upsamplings, type UnetLayout } from '../../heads/unet';
import { type ModelDesign } from '../../runtime/card';

export const headSchema = z.object({
  /** Channel 0 is what no class covers; absent where the classes cover images completely. */
  background: z.boolean(),
  /** Input pixels a cell of the output covers along each side. */
  outputStride: z.number().int().positive(),
  upsampling: z.enum(upsamplings),
  /** 3×3 convolutions after each skip connection. */
  convolutions: z.number().int().min(1).max(4),
  /** Most filters at stride s, divided by s; null: as many as the encoder has. */
  width: z.number().int().positive().nullable(),
  /** Classes (ids) whose objects are told apart: each connected part of their pixels is one. Of other classes all pixels of an image are one mask. */
  instances: z.array(z.string()),
  /** Connected parts are taken apart where they are narrower than this share of the smaller part's radius; 0: never. */
  neck: z.number().min(0).max(1),
  /** Objects of fewer network input pixels than this are specks, and left out. */
  minArea: z.number().nonnegative(),
  /** Factor of each channel in the cross-entropy; null: all one. */
  classWeights: z.array(z.number().positive()).nullable(),
});
export type SegmentHead = z.infer<typeof headSchema>;

export type SegmentDesign = ModelDesign<SegmentHead>;

/** Scores a cell. */
export const channelsOf = ({ classes, head }: SegmentDesign): number => classes.length + (head.background ? 1 : 0);

/** Channel of a label map's value (0: no class, k + 1: class k), or −1 where the value has none. */
export const channelOfValue = (value: number, { head }: SegmentDesign): number => (head.background ? value : value - 1);

export function layoutOf(design: SegmentDesign): UnetLayout {
  const { outputStride, upsampling, convolutions, width } = design.head;
  return { inputSize: design.inputSize, channels: channelsOf(design), outputStride, upsampling, convolutions, width };
}
