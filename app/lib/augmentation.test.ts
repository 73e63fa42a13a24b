import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { augmentNames, augmentOverride, augmentSchema, type AugmentOptions } from '@/lib/core/augmentation';
import { taskNames } from '@/lib/core/labels';
import { taskOf } from '@/models/tasks';
import type { ModelDesign } from '@/models/runtime/card';
import { augmentRows, augmentText, usualFor, withAugment } from './augmentation';

const paired = { name: 'face', skeleton: { points: [], edges: [], pairs: [[0, 1]] as [number, number][] } };
const lopsided = { name: 'arm', skeleton: { points: [], edges: [], pairs: [] } };
const usualOf = (task: (typeof taskNames)[number]): AugmentOptions => taskOf(task).augmentation({ classes: [], inputSize: { width: 256, height: 256 } } as unknown as ModelDesign, 0);
const rowsOf = (...given: Parameters<typeof augmentRows>) => augmentRows(...given).flatMap(({ rows }) => rows);

describe('the settings of augmentation in the form', () => {
  it('are one for each there is, mosaics for detectors alone', () => {
    for (const task of taskNames) expect(rowsOf(task, [paired]).map(({ name }) => name).sort()).toEqual(augmentNames.filter((name) => name !== 'mosaic' || task === 'detect').sort());
  });

  it('reach no farther than the contract, and hold what every task has by itself', () => {
    for (const task of taskNames) {
      const usual = usualOf(task);
      for (const { name, min, max } of rowsOf(task, [paired])) {
        for (const end of [min, max]) expect(augmentOverride.safeParse({ [name]: name === 'scale' ? [end, end] : end }).error?.issues ?? [], `${name} ${end}`).toEqual([]);
        for (const value of [usual[name]].flat()) {
          expect(value, `${task} ${name}`).toBeGreaterThanOrEqual(min);
          expect(value, `${task} ${name}`).toBeLessThanOrEqual(max);
        }
      }
    }
  });

  it('say that landmarks change places, and turn mirrors off where they have no partners', () => {
    const mirrors = (task: 'detect' | 'landmarks', classes: (typeof paired)[]) => rowsOf(task, classes).filter(({ name }) => name.startsWith('mirror'));
    expect(mirrors('landmarks', [paired]).every(({ help, blocked }) => /Left and right points change places/.test(help) && blocked === undefined)).toBe(true);
    expect(mirrors('landmarks', [paired, lopsided]).map(({ blocked }) => blocked)).toEqual([expect.stringContaining('“arm”'), expect.stringContaining('“arm”')]);
    expect(mirrors('detect', [lopsided]).some(({ help, blocked }) => blocked ?? /points/.test(help))).toBe(false);
    const usual = usualOf('landmarks');
    expect(usual.mirrorX).toBeGreaterThan(0);
    expect(usualFor(usual, augmentRows('landmarks', [lopsided]))).toEqual({ ...usual, mirrorX: 0, mirrorY: 0 });
    expect(usualFor(usual, augmentRows('landmarks', [paired]))).toEqual(usual);
  });

  it('are sent only where they differ from the task\'s', () => {
    const usual = usualOf('detect');
    const change = fc.constantFrom(...rowsOf('detect', [])).chain(({ name, min, max, step }) => {
      const value = fc.integer({ min: 0, max: Math.round((max - min) / step) }).map((k) => Number((min + k * step).toFixed(2)));
      return fc.tuple(fc.constant(name), name === 'scale' ? fc.tuple(value, value).map(([a, b]): [number, number] => (a < b ? [a, b] : [b, a])) : value);
    });
    fc.assert(fc.property(fc.array(change, { maxLength: 8 }), (changes) => {
      const override = changes.reduce((now, [name, value]) => withAugment(now, usual, name, value), {});
      expect(augmentSchema.safeParse({ ...usual, ...override }).error?.issues ?? []).toEqual([]);
      for (const name of augmentNames) {
        const last = changes.findLast(([changed]) => changed === name)?.[1] ?? usual[name];
        expect({ ...usual, ...override }[name]).toEqual(last);
        expect(name in override).toBe(JSON.stringify(last) !== JSON.stringify(usual[name]));
      }
      // And all of them taken back are none.
      expect(changes.reduce((now, [name]) => withAugment(now, usual, name, usual[name]), override)).toEqual({});
    }));
  });

  it('are written with their units', () => {
    expect([augmentText('rotate', 20), augmentText('mosaic', 0.5), augmentText('scale', [0.7, 1.4]), augmentText('noise', 0.02), augmentText('blur', 1.5), augmentText('translate', 0.15), augmentText('shear', 0), augmentText('tint', 0.4), augmentText('elasticCells', 1)])
      .toEqual(['± 20°', '50 % of images', '0.7 to 1.4 ×', 'up to 2 %', 'up to 1.5 px', '± 15 %', 'off', '40 %', '1 cell']);
  });
});
