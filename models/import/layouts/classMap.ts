/** Segmenters: a score a class, or the class itself, for every cell of a map. */
import { decodeMasks } from '../../tasks/segment/decode';
import { type View } from '../../tasks/types';
import { ModelRefused } from '../onnx/check';
import { classMap as settings, VOID_INDEX, type ClassMapHead as Head } from '../settings/classMap';
import { type OutputLayout } from './types';

/** How sure a class is that is given without a score, as a logit. */
const SURE = 10;

const logOf = (p: number): number => Math.log(Math.max(p, 1e-7));

/** The map as logits `[rows, columns, channels]`, background first where there is one. `channels`: of the result. */
export function logitsOf(data: Float32Array, { order, values }: Pick<Head, 'order' | 'values'>, channels: number): Float32Array {
  // Each class by itself: it is there where it beats a background of one half.
  const sigmoids = values === 'sigmoid' || values === 'sigmoid-logits';
  const depth = sigmoids ? channels - 1 : channels;
  const cells = data.length / depth;
  if (!Number.isInteger(cells)) throw new ModelRefused(`A map of ${data.length} numbers does not divide into ${depth} channels: the number of classes is wrong.`);
  const logit = values === 'sigmoid' ? (v: number) => logOf(v) - logOf(1 - v) : values === 'probabilities' ? logOf : (v: number) => v;
  const result = new Float32Array(cells * channels);
  for (let i = 0; i < cells; i++) for (let c = 0; c < depth; c++) {
    result[i * channels + c + channels - depth] = logit(order === 'nchw' ? data[c * cells + i]! : data[i * depth + c]!);
  }
  return result;
}

/** Numbers of classes as logits `[rows, columns, 1 + classes]`: channel 0 is what is in none of them. */
export function indexLogits(data: Float32Array, classes: number, background: boolean): Float32Array {
  const channels = classes + 1;
  const first = background ? 0 : 1;
  const result = new Float32Array(data.length * channels);
  data.forEach((v, i) => {
    const known = Math.round(v);
    const channel = known < 0 || known === VOID_INDEX ? 0 : known + first;
    if (channel >= channels) throw new ModelRefused(`The model found class number ${known}, and only the numbers 0 to ${channels - 1 - first} are named. Name all of its classes, in order, and say whether number 0 is background.`);
    result[i * channels + channel] = SURE;
  });
  return result;
}

export const classMap: OutputLayout<Head> = {
  ...settings,
  defaults: { decode: { minScore: 0, nmsIou: 1, limit: 5000 } },

  decode(views, options) {
    const own = views.map(({ design, outputs, frame }): View<Parameters<typeof decodeMasks>[0][number]['design']['head']> => {
      const { order, outputStride, instances, minArea, neck } = design.head;
      const index = order === 'index';
      const background = index || design.head.background;
      const logits = index ? indexLogits(outputs[0]!, design.classes.length, design.head.background) : logitsOf(outputs[0]!, design.head, design.classes.length + (background ? 1 : 0));
      return {
        frame,
        outputs: [logits],
        design: { ...design, head: { background, outputStride, instances: instances === 'all' ? design.classes.map(({ id }) => id) : instances, minArea, neck, upsampling: 'transpose', convolutions: 1, width: null, classWeights: null } },
      };
    });
    return decodeMasks(own, options);
  },
};
