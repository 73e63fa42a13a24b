/** One pose, given as a list of points. */
import { type View } from '../../tasks/types';
import { pointList as settings, type PointListHead as Head } from '../settings/pointList';
import { meanPose, type ScoredPoint } from './movenet';
import { type OutputLayout } from './types';

/** Points in network input pixels; where the model does not say how sure it is, it is taken to be. */
function pointsOf({ outputs, design: { head, inputSize } }: View<Head>): ScoredPoint[] {
  const data = outputs[0]!;
  const [across, down] = head.unit === 'shares' ? [inputSize.width, inputSize.height] : [1, 1];
  return Array.from({ length: head.points }, (_, k) => {
    const [a, b] = [data[k * head.fields]!, data[k * head.fields + 1]!];
    const [x, y] = head.first === 'x' ? [a, b] : [b, a];
    const score = head.fields === 3 ? Math.min(1, Math.max(0, data[k * head.fields + 2]!)) : 1;
    return { x: x * across, y: y * down, v: 2, score };
  });
}

export const pointList: OutputLayout<Head> = {
  ...settings,
  defaults: { decode: { minScore: 0.2, nmsIou: 0.5, limit: 1 } },
  decode: (views, { minScore }) => meanPose(views, views.map(pointsOf), minScore),
};
