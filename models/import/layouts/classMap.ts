/** Segmenters: a score a class, or the class itself, for every cell of a map. */
import { z } from 'zod';
import { decodeMasks } from '../../tasks/segment/decode';
import { type View } from '../../tasks/types';
import { about } from './about';
import { type OutputLayout } from './types';

const headSchema = z.object({
  /** Channels before or after the axes of space; `index`: the map holds the number of the class itself. */
  order: z.enum(['nchw', 'nhwc', 'index']),
  channels: z.number().int().positive(),
  /** What the numbers are: before the softmax, after it, or one channel before or after the sigmoid. */
  values: z.enum(['logits', 'probabilities', 'sigmoid-logits', 'sigmoid']),
  /** Channel 0 is what belongs to no class. */
  background: z.boolean(),
  outputStride: z.number().int().positive(),
  /** Classes (ids) whose connected parts are objects of their own. */
  instances: z.array(z.string()),
  minArea: z.number().nonnegative(),
  /** How narrow a neck divides touching objects (see tasks/segment/separate); 0: never. */
  neck: z.number().min(0).max(1),
});
type Head = z.infer<typeof headSchema>;

/** How sure a class is that is given without a score, as a logit. */
const SURE = 10;

/** The map as logits `[rows, columns, channels]`, background first where there is one. */
export function logitsOf(data: Float32Array, { order, channels, values }: Head): Float32Array {
  if (values === 'sigmoid' || values === 'sigmoid-logits') {
    const result = new Float32Array(2 * data.length);
    data.forEach((v, i) => (result[2 * i + 1] = values === 'sigmoid' ? Math.log(Math.max(v, 1e-7) / Math.max(1 - v, 1e-7)) : v));
    return result;
  }
  if (order === 'index') {
    const result = new Float32Array(data.length * channels);
    data.forEach((v, i) => {
      if (v >= 0 && v < channels) result[i * channels + Math.round(v)] = SURE;
    });
    return result;
  }
  const cells = data.length / channels;
  const result = new Float32Array(data.length);
  for (let i = 0; i < cells; i++) for (let c = 0; c < channels; c++) {
    const v = order === 'nchw' ? data[c * cells + i]! : data[i * channels + c]!;
    result[i * channels + c] = values === 'probabilities' ? Math.log(Math.max(v, 1e-7)) : v;
  }
  return result;
}

export const classMap: OutputLayout<Head> = {
  ...about['class-map'],
  headSchema,
  defaults: { decode: { minScore: 0, nmsIou: 1, limit: 5000 } },

  recognise(outputs, { inputSize }) {
    const port = outputs[0]!;
    const { shape } = port;
    if (outputs.length > 2 || shape[0] !== 1 || shape.length < 3 || shape.length > 4) return null;
    const strideOf = (h: number, w: number) => {
      const stride = inputSize.height / h;
      return Number.isInteger(stride) && stride <= 32 && inputSize.width === w * stride ? stride : null;
    };
    const base = { background: true, instances: [], minArea: 0, neck: 0 };
    if (shape.length === 3) {
      const outputStride = strideOf(shape[1]!, shape[2]!);
      return outputStride === null ? null : { head: { ...base, order: 'index', channels: 1, values: 'logits', outputStride }, outputs: [port.name], classes: 0 };
    }
    for (const order of ['nchw', 'nhwc'] as const) {
      const [channels, h, w] = (order === 'nchw' ? [shape[1], shape[2], shape[3]] : [shape[3], shape[1], shape[2]]) as [number, number, number];
      const outputStride = strideOf(h, w);
      if (outputStride === null || channels > 1000) continue;
      return { head: { ...base, order, channels, values: channels === 1 ? 'sigmoid-logits' : 'logits', outputStride }, outputs: [port.name], classes: channels === 1 ? 1 : channels - 1 };
    }
    return null;
  },

  decode(views, options) {
    const own = views.map(({ design, outputs, frame }): View<Parameters<typeof decodeMasks>[0][number]['design']['head']> => {
      const { head } = design;
      const { background, outputStride, instances, minArea, neck } = head;
      return {
        frame,
        outputs: [logitsOf(outputs[0]!, { ...head, channels: design.classes.length + (background ? 1 : 0) })],
        design: { ...design, head: { background, outputStride, instances, minArea, neck, upsampling: 'transpose', convolutions: 1, width: null, classWeights: null } },
      };
    });
    return decodeMasks(own, options);
  },
};
