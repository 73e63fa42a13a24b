/** Agreement of boxes, differentiable. Boxes are centre x, y and width, height, each a value of one shape. */
import { ops, type Value } from '../graph';

export interface BoxValues {
  x: Value;
  y: Value;
  w: Value;
  h: Value;
}

const EPSILON = 1e-7;

/**
 * Complete IoU (Zheng et al. 2020): IoU − ρ²/c² − αv, where ρ is the distance of the centres, c the diagonal of the
 * smallest box around both, v the squared difference of the aspect angles, and α = v / (1 − IoU + v) is taken as constant.
 */
export function completeIou(a: BoxValues, b: BoxValues): { iou: Value; ciou: Value } {
  const edges = ({ x, y, w, h }: BoxValues) => ({
    x0: ops.sub(x, ops.mul(w, 0.5)), x1: ops.add(x, ops.mul(w, 0.5)), y0: ops.sub(y, ops.mul(h, 0.5)), y1: ops.add(y, ops.mul(h, 0.5)),
  });
  const [p, q] = [edges(a), edges(b)];
  const overlap = (p0: Value, p1: Value, q0: Value, q1: Value) => ops.relu(ops.sub(ops.minimum(p1, q1), ops.maximum(p0, q0)));
  const intersection = ops.mul(overlap(p.x0, p.x1, q.x0, q.x1), overlap(p.y0, p.y1, q.y0, q.y1));
  const union = ops.sub(ops.add(ops.mul(a.w, a.h), ops.mul(b.w, b.h)), intersection);
  const iou = ops.div(intersection, ops.add(union, EPSILON));

  const spanX = ops.sub(ops.maximum(p.x1, q.x1), ops.minimum(p.x0, q.x0));
  const spanY = ops.sub(ops.maximum(p.y1, q.y1), ops.minimum(p.y0, q.y0));
  const diagonal = ops.add(ops.add(ops.square(spanX), ops.square(spanY)), EPSILON);
  const distance = ops.add(ops.square(ops.sub(a.x, b.x)), ops.square(ops.sub(a.y, b.y)));
  const angle = ({ w, h }: BoxValues) => ops.atan(ops.div(w, ops.add(h, EPSILON)));
  const v = ops.mul(ops.square(ops.sub(angle(a), angle(b))), 4 / Math.PI ** 2);
  const alpha = ops.stopGradient(ops.div(v, ops.add(ops.sub(ops.add(v, 1), iou), EPSILON)));
  return { iou, ciou: ops.sub(ops.sub(iou, ops.div(distance, diagonal)), ops.mul(alpha, v)) };
}
