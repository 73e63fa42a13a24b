/** Detectors that suppress their doubles themselves: a list of boxes with score and class. */
import { type ScoredBox } from '../../heads/yolo';
import { fuseDetections } from '../../tasks/detect/decode';
import { type View } from '../../tasks/types';
import { ModelRefused } from '../onnx/check';
import { BOX_FIELDS, boxes as settings, type BoxesHead } from '../settings/boxes';
import { type OutputLayout } from './types';

/** A box of a class that nobody has named is said, not passed over: whoever set the model up did not know of it. */
function candidates({ outputs, design: { head, classes, inputSize } }: View<BoxesHead>, minScore: number): ScoredBox[] {
  const data = outputs[0]!;
  const [across, down] = head.unit === 'shares' ? [inputSize.width, inputSize.height] : [1, 1];
  const found: ScoredBox[] = [];
  for (let at = 0; at + BOX_FIELDS <= data.length; at += BOX_FIELDS) {
    const [x0, y0, x1, y1, score, classIndex] = data.subarray(at, at + BOX_FIELDS) as unknown as [number, number, number, number, number, number];
    const known = Math.round(classIndex);
    // Rows of nothing fill the list; some have the class −1.
    if (!(score >= minScore && x1 > x0 && y1 > y0 && known >= 0)) continue;
    if (known >= classes.length) throw new ModelRefused(`The model found class number ${known}, and only ${classes.length} ${classes.length === 1 ? 'class is' : 'classes are'} named: numbers 0 to ${classes.length - 1}. Name all of its classes, in order.`);
    found.push({ classIndex: known, score: Math.min(1, score), x0: x0 * across, y0: y0 * down, x1: x1 * across, y1: y1 * down });
  }
  return found.sort((a, b) => b.score - a.score);
}

export const boxes: OutputLayout<BoxesHead> = {
  ...settings,
  defaults: { decode: { minScore: 0.001, nmsIou: 0.7, limit: 300 } },
  decode: (views, options) => fuseDetections(views, options, candidates),
};
