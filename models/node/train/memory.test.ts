import { describe, expect, it } from 'vitest';
import { trainingMemory } from './memory';

const GB = 2 ** 30;

describe('the memory of a training', () => {
  it('is a share of what there is, at most 4 GB, or as set', () => {
    expect([trainingMemory('', 2 * GB), trainingMemory(' ', 64 * GB)]).toEqual([Math.floor(1.2 * GB), 4 * GB]);
    expect([trainingMemory('1500', 64 * GB), trainingMemory('16000', 2 * GB)]).toEqual([1.5e9, 16e9]);
    for (const wrong of ['much', '0', '-1', '4 GB', '499', '800.5', 'Infinity']) expect(() => trainingMemory(wrong)).toThrow('must be a whole number, 500 or more');
  });

  it('is less than this machine has', () => {
    expect(trainingMemory('')).toBeGreaterThan(0);
    expect(trainingMemory('')).toBeLessThanOrEqual(4 * GB);
  });
});
