/** Instance masks of the YOLO family: 32 prototypes a quarter of the input's size, weighed by each object's coefficients (Bolya et al. 2019, YOLACT). */
import { isEmptyMask, maskFromBitmap } from '@/lib/core/masks';
import { toFull, pointToInput } from '../../tasks/frame';
import { type MaskLabel, type View } from '../../tasks/types';
import { about } from './about';
import { candidatesOf, depthOf, kept, predictionsSchema, readerOf, type Candidate, type Predictions } from './predictions';
import { gridCells, type OutputLayout } from './types';
import { matrixOf } from './yolo';

type Prototypes = NonNullable<Predictions['masks']>;

/** The mask's logit at every prototype cell. */
function logitsOf({ outputs, design }: View<Predictions>, { index }: Candidate, masks: Prototypes): Float32Array {
  const { head } = design;
  const read = readerOf(outputs[0]!, head);
  const first = depthOf(head) - masks.count;
  const prototypes = outputs[1]!;
  const cells = masks.width * masks.height;
  const logits = new Float32Array(cells);
  for (let m = 0; m < masks.count; m++) {
    const weight = read(index, first + m);
    for (let i = 0; i < cells; i++) logits[i]! += weight * prototypes[m * cells + i]!;
  }
  return logits;
}

/** The object's pixels in the full image: where the bilinearly enlarged logits are positive, within its box. */
function maskOf(view: View<Predictions>, candidate: Candidate, masks: Prototypes): MaskLabel['mask'] {
  const { frame, design: { inputSize } } = view;
  const logits = logitsOf(view, candidate, masks);
  const box = toFull(candidate, frame);
  const [x0, y0] = [Math.max(0, Math.floor(box.x0)), Math.max(0, Math.floor(box.y0))];
  const [x1, y1] = [Math.min(frame.full.width, Math.ceil(box.x1)), Math.min(frame.full.height, Math.ceil(box.y1))];
  const [width, height] = [Math.max(0, x1 - x0), Math.max(0, y1 - y0)];
  const [sx, sy] = [masks.width / inputSize.width, masks.height / inputSize.height];
  const place = (at: number, cells: number) => {
    const clamped = Math.min(cells - 1, Math.max(0, at - 0.5));
    const low = Math.min(cells - 2, Math.floor(clamped));
    return low < 0 ? { low: 0, high: 0, part: 0 } : { low, high: low + 1, part: clamped - low };
  };
  const columns = Array.from({ length: width }, (_, i) => place(pointToInput({ x: x0 + i + 0.5, y: 0 }, frame).x * sx, masks.width));
  const bitmap = new Uint8Array(width * height);
  for (let j = 0; j < height; j++) {
    const row = place(pointToInput({ x: 0, y: y0 + j + 0.5 }, frame).y * sy, masks.height);
    const [above, below] = [row.low * masks.width, row.high * masks.width];
    columns.forEach(({ low, high, part }, i) => {
      const top = logits[above + low]! + part * (logits[above + high]! - logits[above + low]!);
      const bottom = logits[below + low]! + part * (logits[below + high]! - logits[below + low]!);
      if (top + row.part * (bottom - top) > 0) bitmap[j * width + i] = 1;
    });
  }
  return maskFromBitmap(bitmap, width, height, { x: x0, y: y0 });
}

export const yolov8Segment: OutputLayout<Predictions> = {
  ...about['yolov8-seg'],
  headSchema: predictionsSchema,
  defaults: { decode: { minScore: 0.25, nmsIou: 0.5, limit: 300 } },

  recognise(outputs, { inputSize, metadata }) {
    const prototypes = outputs.find(({ shape }) => shape.length === 4 && shape[0] === 1);
    const matrix = matrixOf(outputs.find(({ shape }) => shape.length === 3));
    if (!prototypes || !matrix || outputs.length !== 2) return null;
    const [, count, height, width] = prototypes.shape as [number, number, number, number];
    const cells = gridCells(inputSize);
    const columns = matrix.columns === cells;
    const rows = matrix.rows === 3 * cells;
    if (columns === rows || (metadata.task && metadata.task !== 'segment')) return null;
    const classes = (columns ? matrix.rows - 4 : matrix.columns - 5) - count;
    if (classes < 1) return null;
    return { head: { columns, objectness: rows, classes, points: null, masks: { count, width, height } }, outputs: [matrix.name, prototypes.name], classes };
  },

  /** Only the first view is read: masks of several views of one object are not joined. */
  decode(views, { minScore, nmsIou, limit }) {
    const view = views[0]!;
    const { head, classes } = view.design;
    return kept(candidatesOf(view, head, minScore), nmsIou, limit).flatMap((candidate): (MaskLabel & { score: number })[] => {
      const mask = maskOf(view, candidate, head.masks!);
      return isEmptyMask(mask) ? [] : [{ kind: 'mask', classId: classes[candidate.classIndex]!.id, mask, score: candidate.score }];
    });
  },
};
