import { expect, it } from 'vitest';
import { interpolatedPrecision } from '@/lib/core/metrics/curve';
import { bestF1, suggestedThreshold } from './scores';

/** As the worker keeps it. */
function curveOf(hits: boolean[], scores: number[], positives: number) {
  const { precision, scores: score } = interpolatedPrecision(hits, scores, positives);
  return { precision: [...precision], score: [...score] };
}

it('is where most is found with fewest mistakes', () => {
  // Of four objects three are found by 0.9, 0.8, 0.7; then comes a mistake, and the last one at 0.2 behind five more.
  const curve = curveOf([true, true, true, false, false, false, false, false, false, true], [0.9, 0.8, 0.7, 0.6, 0.5, 0.45, 0.4, 0.35, 0.3, 0.2], 4);
  const best = bestF1(curve)!;
  expect(best.score).toBe(0.7);
  expect(best.precision).toBeCloseTo(1);
  expect(best.recall).toBeCloseTo(0.75);
  expect(best.f1).toBeCloseTo(6 / 7);
});

it('is null for a class that is never found', () => {
  expect(bestF1(curveOf([false], [0.9], 2))).toBeNull();
  expect(suggestedThreshold([curveOf([], [], 2)])).toBeNull();
  expect(suggestedThreshold([])).toBeNull();
});

it('weighs the classes equally when one score has to do for all', () => {
  const sure = curveOf([true, true], [0.95, 0.91], 2);
  const unsure = curveOf([true, true, false], [0.5, 0.437, 0.3], 2);
  // Down to 0.437 both classes are complete and without a mistake.
  expect(suggestedThreshold([sure, unsure])).toEqual({ score: 0.43, f1: 1 });
  expect(suggestedThreshold([sure])!.score).toBe(0.91);
});
