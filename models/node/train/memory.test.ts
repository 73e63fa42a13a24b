import { describe, expect, it } from 'vitest';
import { trainingMemory } from './memory';

const GB = 2 ** 30;

describe('the memory of a training', () => {
  it('is a share of what there is, at most 4 GB, or as set', () => {
    expect([trainingMemory('', 2 * GB), trainingMemory(' ', 64 * GB)]).toEqual([Math.floor(1.2 * GB), 4 * GB]);
    expect([trainingMemory('1.5', 64 * GB), trainingMemory('16', 2 * GB)]).toEqual([1.5 * GB, 16 * GB]);
    for (const wrong of ['much', '0', '-1', '4 GB', 'Infinity']) expect(() => trainingMemory(wrong)).toThrow('must be a number of gigabytes');
  });

  it('is less than this machine has', () => {
    expect(trainingMemory('')).toBeGreaterThan(0);
    expect(trainingMemory('')).toBeLessThanOrEqual(4 * GB);
  });
});
