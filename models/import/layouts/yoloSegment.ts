/** Instance masks of the YOLO family: 32 prototypes a quarter of the input's size, weighed by each object's coefficients (Bolya et al. 2019, YOLACT). */
import { isEmptyMask, maskFromBitmap, type PixelRect } from '@/lib/core/masks';
import { fuseObjects, type FusedObject, type SeenObject } from '../../tasks/detect/decode';
import { pointToInput } from '../../tasks/frame';
import { type MaskLabel, type View } from '../../tasks/types';
import * as settings from '../settings/yolo';
import { candidatesOf, readerOf, type Candidate } from './predictions';
import { type OutputLayout } from './types';

type Predictions = settings.Predictions;
type Prototypes = NonNullable<Predictions['masks']>;

/** The mask's logit at every prototype cell. */
function logitsOf({ outputs, design }: View<Predictions>, { index }: Candidate, masks: Prototypes): Float32Array {
  const { head } = design;
  const read = readerOf(outputs[0]!, head);
  const first = settings.depthOf(head) - masks.count;
  const prototypes = outputs[1]!;
  const cells = masks.width * masks.height;
  const logits = new Float32Array(cells);
  for (let m = 0; m < masks.count; m++) {
    const weight = read(index, first + m);
    for (let i = 0; i < cells; i++) logits[i]! += weight * prototypes[m * cells + i]!;
  }
  return logits;
}

/** A place between two of `cells`: `part` of the way from `low` to `high`. */
interface Place {
  low: number;
  high: number;
  part: number;
}

function placeOf(at: number, cells: number): Place {
  const clamped = Math.min(cells - 1, Math.max(0, at - 0.5));
  const low = Math.max(0, Math.min(cells - 2, Math.floor(clamped)));
  return cells < 2 ? { low: 0, high: 0, part: 0 } : { low, high: low + 1, part: clamped - low };
}

/** One view's logits, to be read at pixels of the full image: bilinear between cells, null where the view does not show the pixel. */
function reader({ candidate, view }: SeenObject<Predictions, Candidate>, box: PixelRect): (column: number, row: number) => number | null {
  const { frame, design: { inputSize, head } } = view;
  const { width, height } = head.masks!;
  const logits = logitsOf(view, candidate, head.masks!);
  const { region } = frame;
  const columns = Array.from({ length: box.width }, (_, i) => {
    const x = box.x + i + 0.5;
    return x >= region.x && x <= region.x + region.width ? placeOf((pointToInput({ x, y: 0 }, frame).x * width) / inputSize.width, width) : null;
  });
  const rows = Array.from({ length: box.height }, (_, j) => {
    const y = box.y + j + 0.5;
    return y >= region.y && y <= region.y + region.height ? placeOf((pointToInput({ x: 0, y }, frame).y * height) / inputSize.height, height) : null;
  });
  return (i, j) => {
    const [across, down] = [columns[i]!, rows[j]!];
    if (!across || !down) return null;
    const [above, below] = [down.low * width, down.high * width];
    const top = logits[above + across.low]! + across.part * (logits[above + across.high]! - logits[above + across.low]!);
    const bottom = logits[below + across.low]! + across.part * (logits[below + across.high]! - logits[below + across.low]!);
    return top + down.part * (bottom - top);
  };
}

/** The object's pixels in the full image: within its box, where the mean of the logits of the views that saw it there is positive. */
function maskOf({ box, seen }: FusedObject<Predictions, Candidate>): MaskLabel['mask'] {
  const { full } = seen[0]!.view.frame;
  const [x, y] = [Math.max(0, Math.floor(box.x0)), Math.max(0, Math.floor(box.y0))];
  const rect = { x, y, width: Math.max(0, Math.min(full.width, Math.ceil(box.x1)) - x), height: Math.max(0, Math.min(full.height, Math.ceil(box.y1)) - y) };
  const sums = new Float32Array(rect.width * rect.height);
  for (const one of seen) {
    const read = reader(one, rect);
    for (let j = 0; j < rect.height; j++) for (let i = 0; i < rect.width; i++) sums[j * rect.width + i]! += read(i, j) ?? 0;
  }
  return maskFromBitmap(sums.map((sum) => (sum > 0 ? 1 : 0)), rect.width, rect.height, rect);
}

export const yolov8Segment: OutputLayout<Predictions> = {
  ...settings.yolov8Segment,
  defaults: { decode: { minScore: 0.25, nmsIou: 0.5, limit: 300 } },

  decode: (views, options) => fuseObjects(views, options, candidatesOf)
    .flatMap((object): (MaskLabel & { score: number })[] => {
      const mask = maskOf(object);
      return isEmptyMask(mask) ? [] : [{ kind: 'mask', classId: object.box.classId, mask, score: object.box.score }];
    }),
};
