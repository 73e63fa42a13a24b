/** What a landmark model's card keeps of its head. */
import { z } from 'zod';
import { type HeatmapLayout } from '../../heads/landmarks';
import { type ModelDesign } from '../../runtime/card';

export const headKinds = ['heatmaps', 'regression'] as const;

export const headSchema = z.object({
  /** `heatmaps`: one map a point, read by soft-argmax. `regression`: presence and coordinates as one vector (64 points: 129 numbers). */
  kind: z.enum(headKinds),
  /** Points of each class, in the order of the classes. */
  points: z.array(z.number().int().positive()).min(1),
  /** Heatmaps: input pixels a cell covers along each side. */
  outputStride: z.number().int().positive(),
  /** Heatmaps: most filters of the expanding half at stride s, divided by s. */
  width: z.number().int().positive(),
});
export type LandmarkHead = z.infer<typeof headSchema>;

export type LandmarkDesign = ModelDesign<LandmarkHead>;

export const layoutOf = ({ inputSize, head: { points, outputStride, width } }: LandmarkDesign): HeatmapLayout =>
  ({ inputSize, classes: points.map((count) => ({ points: count })), outputStride, width });
