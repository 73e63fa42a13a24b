import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { augmentOverride, augmentSchema, type AugmentOverride } from '@/lib/core/augmentation';
import { trainOptions } from '@/lib/api/routes/rounds';
import type { ModelDesign } from '../runtime/card';
import { augmentationAt, checkAugmentation } from './augmentation';
import { tasks, taskOf } from '.';

const face = { id: 'a', name: 'face', points: ['left', 'right'], swaps: [[0, 1]] as [number, number][] };
const design = { classes: [face] } as unknown as ModelDesign;
const task = fc.constantFrom(...tasks());
const progress = fc.double({ min: 0, max: 1, noNaN: true });
const share = fc.double({ min: 0, max: 1, noNaN: true });
const override: fc.Arbitrary<AugmentOverride> = fc.record({
  mirrorX: share, translate: share, rotate: fc.double({ min: 0, max: 180, noNaN: true }), shear: fc.double({ min: 0, max: 60, noNaN: true }), elastic: share, contrast: share, noise: share,
  elasticCells: fc.integer({ min: 1, max: 16 }), scale: fc.tuple(fc.double({ min: 0.1, max: 1, noNaN: true }), fc.double({ min: 1, max: 10, noNaN: true })),
}, { requiredKeys: [] });

describe('augmentation that a person changed', () => {
  it('of which nothing is changed is the task\'s', () => {
    fc.assert(fc.property(task, progress, (t, at) => {
      expect(augmentationAt(t, design, at, {})).toEqual(t.augmentation(design, at));
      expect(augmentationAt(t, design, at)).toEqual(t.augmentation(design, at));
    }));
  });

  it('is the task\'s too, when it names what the task has anyway', () => {
    fc.assert(fc.property(task, progress, (t, at) => {
      const { rotate, scale, translate, mirrorX, noise, mosaic } = t.augmentation(design, 0);
      const mine = augmentationAt(t, design, at, { rotate, scale, translate, mirrorX, noise, mosaic });
      const usual = t.augmentation(design, at);
      for (const name of ['rotate', 'translate', 'mirrorX', 'noise', 'mosaic', 'contrast'] as const) expect(mine[name]).toBeCloseTo(usual[name], 9);
      mine.scale.forEach((size, i) => expect(size).toBeCloseTo(usual.scale[i]!, 9));
    }));
  });

  it('has the named strengths at the beginning, leaves the others, and is legal all the way', () => {
    fc.assert(fc.property(task, progress, override, (t, at, wanted) => {
      const first = augmentationAt(t, design, 0, wanted);
      expect(first).toEqual({ ...t.augmentation(design, 0), ...wanted });
      const now = augmentationAt(t, design, at, wanted);
      expect(augmentSchema.safeParse(now).error?.issues ?? []).toEqual([]);
      const usual = t.augmentation(design, at);
      for (const [name, value] of Object.entries(now)) if (!(name in wanted)) expect(value).toEqual(usual[name as keyof typeof usual]);
      // Nothing grows towards the end.
      for (const name of ['rotate', 'shear', 'elastic', 'translate', 'noise'] as const) expect(now[name]).toBeLessThanOrEqual(first[name]);
      expect(now.scale[0]).toBeGreaterThanOrEqual(first.scale[0]);
      expect(now.scale[1]).toBeLessThanOrEqual(first.scale[1]);
    }));
  });

  it('fades with the task\'s own at the calm end, shapes without an own strength as the sizes do', () => {
    const segment = taskOf('segment');
    const [full, calm] = [segment.augmentation(design, 0), segment.augmentation(design, 1)];
    expect(calm.rotate).toBeLessThan(full.rotate);
    const now = augmentationAt(segment, design, 1, { rotate: 40, shear: 10, mirrorY: 0.5, colourShift: 0.2 });
    expect(now.rotate).toBeCloseTo((40 * calm.rotate) / full.rotate, 9);
    const left = Math.min(...[0, 1].map((i) => Math.log(calm.scale[i]!) / Math.log(full.scale[i]!)));
    expect(left).toBeLessThan(0.5);
    expect(now.shear).toBeCloseTo(10 * left, 9);
    expect(now).toMatchObject({ mirrorY: 0.5, colourShift: 0.2 });
    expect(augmentationAt(taskOf('detect'), design, 1, { mosaic: 1 }).mosaic).toBe(taskOf('detect').augmentation(design, 1).mosaic === 0 ? 0 : 1);
  });

  it('is refused where task or classes cannot have it', () => {
    expect(() => checkAugmentation(taskOf('segment'), [face], { mosaic: 0.5 })).toThrow('for detectors only');
    expect(() => checkAugmentation(taskOf('detect'), [face], { mosaic: 0.5 })).not.toThrow();
    const { swaps: _, ...lopsided } = face;
    expect(() => checkAugmentation(taskOf('landmarks'), [face, { ...lopsided, name: 'arm' }], { mirrorX: 0.5 })).toThrow('the points of "arm" have no left and right partners');
    expect(() => checkAugmentation(taskOf('landmarks'), [lopsided], { mirrorX: 0, rotate: 90 })).not.toThrow();
    expect(() => checkAugmentation(taskOf('landmarks'), [face], { mirrorY: 1 })).not.toThrow();
  });
});

describe('the contract of training', () => {
  const issues = (given: object) => trainOptions.safeParse(given).error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`) ?? [];

  it('takes settings that differ, and none where none are named', () => {
    expect(trainOptions.parse({}).augmentation).toEqual({});
    expect(trainOptions.parse({ augmentation: { rotate: 20, scale: [0.8, 1.25] } }).augmentation).toEqual({ rotate: 20, scale: [0.8, 1.25] });
    fc.assert(fc.property(override, (wanted) => {
      expect(augmentOverride.parse(wanted)).toEqual(wanted);
    }));
  });

  it('refuses what is unknown, out of range, or not for the task', () => {
    expect(issues({ augmentation: { spin: 3 } })[0]).toMatch(/^augmentation: .*spin/);
    expect(issues({ augmentation: { rotate: 181 } })[0]).toMatch(/^augmentation\.rotate: /);
    expect(issues({ augmentation: { scale: [2, 1] } })).toEqual(['augmentation.scale: the smaller size comes first']);
    expect(issues({ task: 'segment', augmentation: { mosaic: 0.1 } })).toEqual(['augmentation.mosaic: Mosaics of four images are for detectors only. Leave the setting mosaic out.']);
    expect(issues({ task: 'segment', augmentation: { mosaic: 0 } })).toEqual([]);
  });
});
