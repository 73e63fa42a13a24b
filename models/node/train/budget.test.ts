import { describe, expect, it } from 'vitest';
import { Budget } from './budget';

describe('the budget', () => {
  it('of epochs is a number of steps', () => {
    const budget = new Budget({ epochs: 2, stepsPerEpoch: 10, spentSeconds: 0 });
    expect([budget.plannedSteps(5), budget.allows(19), budget.allows(20), budget.progress(5)]).toEqual([20, true, false, 0.25]);
  });

  it('of minutes ends before them, with room for the last evaluation', () => {
    let now = 0;
    const budget = new Budget({ minutes: 10, stepsPerEpoch: 10, spentSeconds: 0, now: () => now });
    budget.noteEvaluation(20, 8);
    let steps = 0;
    while (budget.allows(steps)) {
      now += 0.5;
      steps++;
      budget.noteStep(0.5);
      if (steps === 100) expect(budget.plannedSteps(steps)).toBeGreaterThan(700);
    }
    expect(now + 20).toBeLessThan(600);
    expect(now).toBeGreaterThan(540);
    expect(budget.progress(steps)).toBeCloseTo(1, 1);
  });

  it('trains although far more images are watched than learned from', () => {
    const budget = new Budget({ minutes: 1.5, stepsPerEpoch: 3, spentSeconds: 10, now: () => 0 });
    budget.guessEvaluation(57, 8);
    budget.noteStep(0.1);
    expect(budget.plannedSteps(1)).toBeGreaterThan(100);
    expect(budget.allows(1)).toBe(true);
  });

  it('spaces evaluations by what they take, but not where the number of steps is what counts', () => {
    const timed = new Budget({ minutes: 10, stepsPerEpoch: 10, spentSeconds: 0, now: () => 0 });
    timed.noteEvaluation(5, 4);
    expect([timed.affordsEvaluation(20), timed.affordsEvaluation(60)]).toEqual([false, true]);
    const counted = new Budget({ epochs: 3, stepsPerEpoch: 10, spentSeconds: 0 });
    counted.noteEvaluation(5, 4);
    expect(counted.affordsEvaluation(0)).toBe(true);
  });

  it('counts what was spent before a checkpoint', () => {
    const budget = new Budget({ minutes: 1, stepsPerEpoch: 10, spentSeconds: 59, now: () => 0 });
    expect(budget.allows(5)).toBe(false);
    expect(budget.allows(0)).toBe(true);
  });
});
