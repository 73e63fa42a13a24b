import { describe, expect, it } from 'vitest';
import { optimizerNames, scheduleNames } from '@/lib/core/labels';
import { Graph } from '../graph';
import { float32, number32 } from '../runtime/engine';
import { runWithOrt } from '../testing/gradcheck';
import { adamW, type Optimizer } from './optimizers';
import { optimizerOf, optimizers, recipeNote, scheduleOf } from './recipe';
import { cosine, withWarmUp } from './schedules';

const along = Array.from({ length: 41 }, (_, i) => i / 40);

describe('the usual', () => {
  it('is AdamW along a cosine with a rise, at the peak of the task', () => {
    const usual = withWarmUp(cosine(2e-3), 0.05);
    expect(along.map(scheduleOf({}, 2e-3))).toEqual(along.map(usual));
    expect(along.map(scheduleOf({ learningRate: 0.1 }, 2e-3))).toEqual(along.map(withWarmUp(cosine(0.1), 0.05)));
    expect(optimizerOf({})).toMatchObject({ name: adamW().name, slots: adamW().slots });
    expect(recipeNote({ learningRate: 1 })).toBeNull();
  });
});

describe('schedules', () => {
  it.each(scheduleNames)('%s rises to the peak, goes its way, and never stops learning', (schedule) => {
    const rate = scheduleOf({ schedule, learningRate: 1 }, 5);
    expect(rate(0)).toBeLessThan(0.1);
    expect(Math.max(...along.map(rate))).toBeCloseTo(1, 1);
    expect(rate(1)).toBeCloseTo({ cosine: 0.01, step: 0.01, constant: 1 }[schedule], 6);
  });

  it('step keeps the peak for four fifths of the run, and a tenth of it for half of what is left', () => {
    const rate = scheduleOf({ schedule: 'step', learningRate: 1 }, 5);
    expect([0.1, 0.79, 0.81, 0.89, 0.91].map((progress) => Number(rate(progress).toFixed(6)))).toEqual([1, 1, 0.1, 0.1, 0.01]);
  });
});

/** Three steps of a parameter that decays, by gradients that are the same each time. */
async function walk(optimizer: Optimizer): Promise<number> {
  let state: Record<string, number> = { parameter: 1, ...Object.fromEntries(optimizer.slots.map((slot) => [slot, 0])) };
  for (let t = 1; t <= 3; t++) {
    const graph = new Graph();
    const fed = { ...state, gradient: 0.5, learningRate: 0.1, ...optimizer.scalars(t) };
    const scalar = (name: string) => graph.input(name, name in state || name === 'gradient' ? [1] : []);
    const { parameter, slots } = optimizer.update({
      parameter: scalar('parameter'), gradient: scalar('gradient'), slots: Object.fromEntries(optimizer.slots.map((slot) => [slot, scalar(slot)])),
      scalars: Object.fromEntries(['learningRate', ...Object.keys(optimizer.scalars(t))].map((name) => [name, scalar(name)])), decays: true,
    });
    const next = await runWithOrt({ outputs: { parameter, ...slots } }, Object.fromEntries(Object.entries(fed).map(([name, value]) => [name, name in state || name === 'gradient' ? float32(Float32Array.of(value), [1]) : number32(value)])));
    state = Object.fromEntries(Object.entries(next).map(([name, { data }]) => [name, data[0]!]));
  }
  return state.parameter!;
}

describe('optimizers', () => {
  it('move a weight as their rules say', async () => {
    // By hand: decay joins the gradient for SGD, and shrinks the weight itself for AdamW. Adam's first steps are one rate each.
    const bySgd = (nesterov: boolean) => {
      let [p, m] = [1, 0];
      for (let t = 0; t < 3; t++) {
        const g = 0.5 + 5e-4 * p;
        m = 0.9 * m + g;
        p -= 0.1 * (nesterov ? g + 0.9 * m : m);
      }
      return p;
    };
    const byAdam = (decay: number) => [0, 1, 2].reduce((p) => p * (1 - 0.1 * decay) - 0.1, 1);
    expect(await walk(optimizerOf({ optimizer: 'sgd' }))).toBeCloseTo(bySgd(false), 5);
    expect(await walk(optimizerOf({ optimizer: 'nesterov' }))).toBeCloseTo(bySgd(true), 5);
    expect(await walk(optimizerOf({ optimizer: 'adam' }))).toBeCloseTo(byAdam(0), 5);
    expect(await walk(optimizerOf({}))).toBeCloseTo(byAdam(0.02), 5);
  });

  it('have a rate that suits them, unless one is given', () => {
    const peak = (optimizer: (typeof optimizerNames)[number], learningRate?: number) => scheduleOf({ optimizer, schedule: 'constant', learningRate }, 2e-3)(0.5);
    expect(optimizerNames.map((name) => peak(name))).toEqual([0.002, 0.002, 0.01, 0.01]);
    expect(peak('sgd', 0.3)).toBe(0.3);
  });

  it('and schedules are told where they are not the usual ones', () => {
    expect(recipeNote({ optimizer: 'sgd' })).toBe('As asked: SGD with momentum; the learning rate falls along a cosine.');
    expect(recipeNote({ schedule: 'step' })).toBe('As asked: AdamW; the learning rate falls to a tenth after 80 % and 90 % of the run.');
    expect(new Set(optimizerNames.map((name) => optimizers[name].title)).size).toBe(optimizerNames.length);
  });
});
