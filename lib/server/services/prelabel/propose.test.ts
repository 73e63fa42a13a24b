import { describe, expect, it } from 'vitest';
import type { Annotation } from '@/lib/core/labels';
import { proposalChanges, uncertaintyOf, type Proposal } from './propose';

const cell = '018f0000-0000-7000-8000-000000000001';
const other = '018f0000-0000-7000-8000-000000000002';
const proposal = (x0: number, score: number, classId = cell): Proposal => ({ classId, score, geometry: { kind: 'box', v: 1, x0, y0: 0, x1: x0 + 100, y1: 100 } });
const stored = (id: string, p: Proposal): Annotation => ({
  id, rev: 1, classId: p.classId, geometry: p.geometry, attributes: {}, truncated: false, occluded: false, difficult: false, crowd: false,
  group: null, track: null, at: null, score: p.score, origin: null,
});
const ids = () => {
  let n = 0;
  return () => `new-${++n}`;
};
const short = (changes: ReturnType<typeof proposalChanges>) => changes.map((c) => `${c.kind} ${'annotation' in c ? c.annotation : ''}`);

describe('proposalChanges', () => {
  it('creates what is new and deletes what is not proposed any more', () => {
    expect(short(proposalChanges([], new Set(), [proposal(0, 0.9)], ids()))).toEqual(['create new-1']);
    expect(short(proposalChanges([stored('a', proposal(0, 0.9))], new Set(), [proposal(300, 0.8)], ids()))).toEqual(['delete a', 'create new-1']);
  });
  it('changes nothing when the same is proposed again, and counts equal boxes one by one', () => {
    expect(proposalChanges([stored('a', proposal(0, 0.9))], new Set(), [proposal(0.2, 0.9)], ids())).toEqual([]);
    expect(short(proposalChanges([stored('a', proposal(0, 0.9))], new Set(), [proposal(0, 0.9), proposal(0, 0.9)], ids()))).toEqual(['create new-1']);
  });
  it('replaces a proposal of another class or score', () => {
    expect(short(proposalChanges([stored('a', proposal(0, 0.9))], new Set(), [proposal(0, 0.9, other)], ids()))).toEqual(['delete a', 'create new-1']);
    expect(short(proposalChanges([stored('a', proposal(0, 0.9))], new Set(), [proposal(0, 0.7)], ids()))).toEqual(['delete a', 'create new-1']);
  });
  it('keeps what was decided about, and does not propose it again', () => {
    const decided = new Set(['a']);
    expect(proposalChanges([stored('a', proposal(0, 0.9))], decided, [proposal(0, 0.7)], ids())).toEqual([]);
    expect(proposalChanges([stored('a', proposal(0, 0.9))], decided, [], ids())).toEqual([]);
  });
});

it('is least sure of a score in the middle', () => {
  expect(uncertaintyOf([])).toBe(0);
  expect(uncertaintyOf([proposal(0, 0.99), proposal(0, 0.5)])).toBe(1);
  expect(uncertaintyOf([proposal(0, 0.9)])).toBeCloseTo(0.36);
});
