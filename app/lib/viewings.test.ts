import { describe, expect, it } from 'vitest';
import type { ViewingReport } from '@/lib/api/routes/viewings';
import { effectOf, rowOf } from './viewings';

const report = (name: string, [once, flip, vote]: [number | null, number | null, number]): ViewingReport => ({
  version: 'v', versionNumber: 3, split: 'test', images: 40, threads: 2,
  rows: [
    { viewing: 'once', vote: [], values: { [name]: once }, milliseconds: 20, times: 1 },
    { viewing: 'flip', vote: [], values: { [name]: flip }, milliseconds: 41, times: 2.05 },
    { viewing: 'once', vote: ['a', 'b'], values: { [name]: vote }, milliseconds: 60, times: 3 },
  ],
});

describe('the effect of a way of looking', () => {
  it('is a signed difference in points, and a factor of time', () => {
    const r = report('mAP50', [0.8, 0.8124, 0.79]);
    expect(effectOf(r, 'detect', rowOf(r, 'flip')!)).toEqual({ title: 'mAP50', value: '81.2 %', gain: '+1.2 points', verdict: 'better', cost: '2.0 × the time' });
    expect(effectOf(r, 'detect', rowOf(r, 'once', ['b', 'a'])!)).toMatchObject({ gain: '−1.0 points', verdict: 'worse', cost: '3.0 × the time' });
    expect(effectOf(r, 'detect', rowOf(r, 'once')!)).toMatchObject({ value: '80.0 %', gain: null, verdict: 'same' });
  });

  it('of an error is good when it falls', () => {
    const r = report('nme', [0.05, 0.0488, 0.05002]);
    expect(effectOf(r, 'landmarks', rowOf(r, 'flip')!)).toMatchObject({ value: '0.0488', gain: '−0.0012', verdict: 'better' });
    expect(effectOf(r, 'landmarks', rowOf(r, 'once', ['a', 'b'])!)).toMatchObject({ gain: '±0.0000', verdict: 'same' });
  });

  it('says nothing where nothing was measured', () => {
    const r = report('mAP50', [null, 0.5, 0.5]);
    expect(effectOf(r, 'detect', rowOf(r, 'flip')!)).toMatchObject({ gain: null, verdict: 'same' });
    expect(rowOf(r, 'ten-crop')).toBeUndefined();
    expect(rowOf(r, 'once', ['a'])).toBeUndefined();
  });
});
