/** The loss of classification with localization. */
import { ops, type Value } from '../graph';

/**
 * Mean over the batch of the sum of squared differences of (pc, bx, by, bh, bw, c1 … cn): all of them where an object is, that
 * of pc alone where none is. `predicted` and `target` are `[batch, 5 + classes]`; pc of the target is 0 or 1.
 */
export function localizationLoss(predicted: Value, target: Value): { loss: Value; parts: Record<'presence' | 'box' | 'class', Value> } {
  const [batch, fields] = predicted.shape as readonly [number, number];
  const squares = ops.square(ops.sub(predicted, target));
  const columns = (value: Value, from: number, count: number) => ops.slice(value, [0, from], [batch, count]);
  const present = columns(target, 0, 1);
  const mean = (value: Value) => ops.mul(ops.reduceSum(value), 1 / batch);
  const parts = {
    presence: mean(columns(squares, 0, 1)),
    box: mean(ops.mul(columns(squares, 1, 4), present)),
    class: mean(ops.mul(columns(squares, 5, fields - 5), present)),
  };
  return { loss: ops.add(ops.add(parts.presence, parts.box), parts.class), parts };
}
