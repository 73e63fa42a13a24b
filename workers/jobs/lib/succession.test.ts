import { describe, expect, it } from 'vitest';
import { succession } from './succession';

const detector = (mAP50?: number): Parameters<typeof succession>[2] => ({ name: 'Cells', task: 'detect', metrics: mAP50 === undefined ? {} : { 'val.mAP50': mAP50 } });

describe('which model becomes the current one', () => {
  it('the first', () => {
    expect(succession('segment', {}, null)).toEqual({ promote: true, note: null });
  });
  it('not one of another task, however good', () => {
    const { promote, note } = succession('segment', { 'val.mIoU': 1, 'val.mAP50': 1 }, detector(0.1));
    expect(promote).toBe(false);
    expect(note).toMatch(/“Cells” stays the current model: it is a detector, and a segmenter does not/);
    expect(succession('detect', { 'val.mAP50': 1 }, { name: 'Odd', task: 'gone', metrics: {} }).promote).toBe(false);
  });
  it('of the same task the better on val, where higher is better and where lower is', () => {
    expect(succession('detect', { 'val.mAP50': 0.6 }, detector(0.5)).promote).toBe(true);
    expect(succession('detect', { 'val.mAP50': 0.5 }, detector(0.5))).toMatchObject({ promote: false, note: expect.stringContaining('0.500') as unknown });
    const face = { name: 'Face', task: 'landmarks', metrics: { 'val.nme': 0.05 } };
    expect(succession('landmarks', { 'val.nme': 0.04 }, face).promote).toBe(true);
    expect(succession('landmarks', { 'val.nme': 0.06 }, face).promote).toBe(false);
  });
  it('one that was measured instead of one that was not, and of two that were not the newer', () => {
    expect(succession('detect', { 'val.mAP50': 0.01 }, detector()).promote).toBe(true);
    expect(succession('detect', {}, detector(0.01))).toMatchObject({ promote: false, note: expect.stringContaining('could not be measured') as unknown });
    expect(succession('detect', {}, detector()).promote).toBe(true);
  });
});
