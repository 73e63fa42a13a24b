/** Batch normalisation: a composition of others, kept whole because its gradient is far shorter by hand. */
import * as o from '../ops';
import { sizeOf } from '../shapes';
import { type Primitive, type Value } from '../types';

export const normalise = {
  batchNorm: {
    infer([x, gamma, beta]) {
      const channels = x!.shape.at(-1)!;
      for (const value of [gamma!, beta!]) {
        if (value.shape.length !== 1 || value.shape[0] !== channels) throw new Error(`scale and shift are one number for each of ${channels} channels`);
      }
      return [{ shape: x!.shape, dtype: 'float32' }, { shape: [channels], dtype: 'float32' }, { shape: [channels], dtype: 'float32' }];
    },

    /**
     * With x̂ = (x − mean) / σ and n numbers a channel: dβ = Σ dy, dγ = Σ dy x̂, dx = γ/σ (dy − dβ/n − x̂ dγ/n), written so
     * that x is scaled and shifted in one pass, and γ/σ multiplies the whole (see `convInput`, which takes it further).
     */
    gradient(node, [dy, dMean, dVariance], needs) {
      const [x, gamma] = node.inputs as [Value, Value];
      const [, mean, variance] = node.outputs as readonly [Value, Value, Value];
      const axes = x.shape.map((_, i) => i).slice(0, -1);
      const channels = x.shape.at(-1)!;
      const n = sizeOf(x.shape) / channels;
      const perChannel = (value: Value) => o.reshape(value, [...axes.map(() => 1), channels]);
      let dx: Value | null = null;
      let dGamma: Value | null = null;
      let dBeta: Value | null = null;
      if (dy) {
        const inverse = o.reciprocal(o.sqrt(o.add(variance, node.attrs.epsilon)));
        dBeta = o.reduceSum(dy, axes);
        dGamma = o.mul(o.sub(o.reduceSum(o.mul(dy, x), axes), o.mul(mean, dBeta)), inverse);
        if (needs[0]) {
          const slope = o.mul(o.mul(inverse, dGamma), -1 / n);
          const shift = o.neg(o.add(o.mul(mean, slope), o.mul(dBeta, 1 / n)));
          const inner = o.add(dy, o.add(o.mul(x, perChannel(slope)), perChannel(shift)));
          dx = o.mul(inner, perChannel(o.mul(gamma, inverse)));
        }
      }
      const plus = (more: Value) => (dx = dx ? o.add(dx, more) : o.broadcastTo(more, x.shape));
      if (needs[0] && dVariance) plus(o.mul(o.sub(x, perChannel(mean)), perChannel(o.mul(dVariance, 2 / n))));
      if (needs[0] && dMean) plus(perChannel(o.mul(dMean, 1 / n)));
      return [dx, dGamma, dBeta];
    },
  } satisfies Primitive<'batchNorm'>,
};
