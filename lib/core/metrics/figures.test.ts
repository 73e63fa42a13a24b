import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { boxFromXywh } from '../geometry/box';
import { maskFromBitmap, maskFromIndices, maskIou } from '../masks';
import { ConfusionMatrix, LandmarkAccumulator, landmarkFigures, maskDice, vocAveragePrecision, type VocImage } from '.';

const root = path.join(process.env['FIELDMARK_TEST_DATA'] ?? path.resolve(import.meta.dirname, '../../../../shared/data'), 'metrics/voc_test_case_1');
const present = existsSync(root);
if (!present) console.log('metrics/voc: skipped against published figures, no data at FIELDMARK_TEST_DATA');

describe.skipIf(!present)('Pascal VOC figures on the seven-image case', () => {
  const images = (): VocImage[] => {
    const lines = (folder: string, name: string) => readFileSync(path.join(root, folder, name), 'utf8').trim().split('\n').map((l) => l.trim().split(/\s+/));
    return readdirSync(path.join(root, 'gts')).sort().map((name) => ({
      gt: lines('gts', name).map(([c, ...v]) => ({ classId: c!, box: boxFromXywh(...(v.map(Number) as [number, number, number, number])) })),
      dt: lines('dets', name).map(([c, s, ...v]) => ({ classId: c!, score: Number(s), box: boxFromXywh(...(v.map(Number) as [number, number, number, number])) })),
    }));
  };
  const expected = (present ? JSON.parse(readFileSync(path.join(root, 'expected.json'), 'utf8')) : {}) as Record<'eleven_point' | 'every_point', Record<string, number>>;
  for (const [key, points] of [['eleven_point', 'eleven'], ['every_point', 'every']] as const)
    it(`${points} points, at each published IoU`, () => {
      expect(Object.keys(expected[key])).toHaveLength(4);
      for (const [iou, ap] of Object.entries(expected[key])) expect(vocAveragePrecision(images(), { iouThreshold: Number(iou), points }).mAP, `IoU ${iou}`).toBeCloseTo(ap, 9);
    });
  it('without the inclusive pixel the 11-point figure at IoU 0.1 is 0.302', () => {
    expect(vocAveragePrecision(images(), { iouThreshold: 0.1, points: 'eleven', inclusivePixels: false }).mAP).toBeCloseTo(0.302, 3);
  });
});

describe('Pascal VOC', () => {
  it('a second find of the same object is wrong, a difficult one counts neither way', () => {
    const box = boxFromXywh(0, 0, 10, 10);
    const hard = boxFromXywh(50, 0, 10, 10);
    const images = [{ gt: [{ classId: 1, box }, { classId: 1, box: hard, difficult: true }], dt: [{ classId: 1, box, score: 0.9 }, { classId: 1, box, score: 0.8 }, { classId: 1, box: hard, score: 0.95 }] }];
    expect(vocAveragePrecision(images).perClass).toEqual([{ classId: 1, ap: 1, groundTruth: 1, truePositives: 1, falsePositives: 1 }]);
    expect(vocAveragePrecision([]).mAP).toBeNull();
  });
});

describe('confusion matrix', () => {
  it('by hand', () => {
    const m = new ConfusionMatrix(3);
    m.add([0, 0, 0, 1, 1, 255], [0, 0, 1, 1, 0, 2], 255);
    expect([m.at(0, 0), m.at(0, 1), m.at(1, 0), m.at(1, 1)]).toEqual([2, 1, 1, 1]);
    expect(m.iou()).toEqual([0.5, 1 / 3, null]);
    expect(m.dice()).toEqual([4 / 6, 0.5, null]);
    expect(m.precision()).toEqual([2 / 3, 0.5, null]);
    expect(m.recall()).toEqual([2 / 3, 0.5, null]);
    expect(m.meanIou()).toBeCloseTo(5 / 12, 12);
    expect(m.accuracy()).toBe(0.6);
    expect(m.kappa()).toBeCloseTo((0.6 - 0.52) / 0.48, 12);
    expect(() => m.add([0], [3])).toThrow(/not one of 3/);
    expect(() => m.add([0], [])).toThrow(RangeError);
    expect(() => new ConfusionMatrix(0)).toThrow(RangeError);
    expect([new ConfusionMatrix(2).accuracy(), new ConfusionMatrix(2).meanIou(), new ConfusionMatrix(2).kappa()]).toEqual([null, null, null]);
  });

  it('agrees with masks, class by class, and adds up over images', () => {
    const image = fc.array(fc.tuple(fc.nat(2), fc.nat(2)), { minLength: 40, maxLength: 40 });
    fc.assert(fc.property(image, image, (a, b) => {
      const whole = new ConfusionMatrix(3);
      const parts = [a, b].map((pairs) => {
        const m = new ConfusionMatrix(3);
        m.add(pairs.map((p) => p[0]), pairs.map((p) => p[1]));
        whole.add(pairs.map((p) => p[0]), pairs.map((p) => p[1]));
        return m;
      });
      const masks = (k: number) => [0, 1].map((side) => maskFromIndices(a.map((p) => p[side]!), 8, 5, k));
      for (let k = 0; k < 3; k++) {
        const [t, p] = masks(k) as [ReturnType<typeof maskFromIndices>, ReturnType<typeof maskFromIndices>];
        expect(parts[0]!.iou()[k] ?? 0).toBeCloseTo(maskIou(t, p), 12);
        expect(parts[0]!.dice()[k] ?? 1).toBeCloseTo(maskDice(t, p), 12);
      }
      parts[0]!.merge(parts[1]!);
      expect([...parts[0]!.counts]).toEqual([...whole.counts]);
    }));
  });

  it('Dice is 2·IoU / (1 + IoU)', () => {
    fc.assert(fc.property(fc.array(fc.nat(1), { minLength: 12, maxLength: 12 }), fc.array(fc.nat(1), { minLength: 12, maxLength: 12 }), (p, q) => {
      const [a, b] = [maskFromBitmap(p, 4, 3), maskFromBitmap(q, 4, 3)];
      const iou = maskIou(a, b);
      if (a.width + b.width > 0) expect(maskDice(a, b)).toBeCloseTo((2 * iou) / (1 + iou), 12);
      else expect(maskDice(a, b)).toBe(1);
    }));
  });
});

describe('landmark figures', () => {
  const truth = [{ x: 0, y: 0, v: 2 }, { x: 10, y: 0, v: 1 }, { x: 0, y: 0, v: 0 }];
  it('by hand: errors 5 and 0.5 on a scale of 10', () => {
    const f = landmarkFigures([{ truth, prediction: [{ x: 3, y: 4 }, { x: 10, y: 0.5 }, { x: 99, y: 99 }], scale: 10 }], 0.1, 0.2);
    expect(f).toEqual({ objects: 1, points: 2, nme: expect.closeTo(0.275, 12), nmePerPoint: [0.5, 0.05, null], pck: 0.5, pckPerPoint: [0, 1, null], failureRate: 1 });
  });
  it('objects without a placed point count as objects, not as errors', () => {
    const none = truth.map(() => ({ x: 0, y: 0, v: 0 }));
    const f = landmarkFigures([{ truth: none, prediction: none, scale: 1 }]);
    expect([f.objects, f.points, f.nme, f.pck, f.failureRate]).toEqual([1, 0, null, null, null]);
    expect(landmarkFigures([]).nme).toBeNull();
  });
  it('refuses lists that do not fit', () => {
    const a = new LandmarkAccumulator();
    expect(() => a.add({ truth, prediction: [], scale: 1 })).toThrow(RangeError);
    expect(() => a.add({ truth, prediction: truth, scale: 0 })).toThrow(/scale/);
    a.add({ truth, prediction: truth, scale: 1 });
    expect(() => a.add({ truth: truth.slice(1), prediction: truth.slice(1), scale: 1 })).toThrow(/the others 3/);
  });
});
