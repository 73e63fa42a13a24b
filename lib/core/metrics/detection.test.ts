import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { boxFromXywh, boxIou, type Box } from '../geometry/box';
import { cocoEvaluate, CocoEvaluator, DetectionAccumulator, meanAveragePrecision, precisionRecall, precisionRecallAt, rocCurve } from '.';

const box = (x: number, y: number, w = 10, h = 10): Box => boxFromXywh(x, y, w, h);

describe('meanAveragePrecision', () => {
  it('finds everything exactly: 1', () => {
    const gt = [{ classId: 'a', box: box(0, 0) }, { classId: 'b', box: box(30, 0) }];
    const result = meanAveragePrecision([{ gt, dt: gt.map((g) => ({ ...g, score: 0.9 })) }]);
    expect([result.mAP, result.mAP50, result.mAP75, result.recall]).toEqual([1, 1, 1, 1].map((v) => expect.closeTo(v, 12)));
  });

  it('one of two found, a wrong one between: precision 1 up to recall 0.5, then 0', () => {
    const result = meanAveragePrecision([{
      gt: [{ classId: 1, box: box(0, 0) }, { classId: 1, box: box(50, 50) }],
      dt: [{ classId: 1, box: box(0, 0), score: 0.9 }, { classId: 1, box: box(100, 100), score: 0.8 }],
    }]);
    expect(result.mAP50).toBeCloseTo(51 / 101, 12);
    expect(result.perClass).toMatchObject([{ classId: 1, groundTruth: 2, detections: 2 }]);
    expect(result.perClass[0]!.curve50!.precision[50]).toBeCloseTo(1, 12);
    expect(result.perClass[0]!.curve50!.precision[51]).toBe(0);
  });

  it('IoU of 0.6 counts at 0.50, 0.55 and 0.60 of ten thresholds', () => {
    const dt = box(0, 0, 10, 6);
    expect(boxIou(dt, box(0, 0))).toBe(0.6);
    const result = meanAveragePrecision([{ gt: [{ classId: 1, box: box(0, 0) }], dt: [{ classId: 1, box: dt, score: 1 }] }]);
    expect(result.mAP50).toBeCloseTo(1, 12);
    expect(result.mAP75).toBe(0);
    expect(result.mAP).toBeCloseTo(0.3, 12);
  });

  it('a negative image lowers precision only by what is found on it; a class without truth is null', () => {
    const images = [
      { gt: [{ classId: 'a', box: box(0, 0) }], dt: [{ classId: 'a', box: box(0, 0), score: 0.5 }] },
      { gt: [], dt: [{ classId: 'a', box: box(0, 0), score: 0.9 }, { classId: 'b', box: box(0, 0), score: 0.9 }] },
    ];
    const result = meanAveragePrecision(images, { classes: ['a', 'b', 'c'] });
    expect(result.mAP50).toBeCloseTo(0.5, 12);
    expect(result.perClass.map((c) => [c.classId, c.ap50 === null])).toEqual([['a', false], ['b', true], ['c', true]]);
    expect(meanAveragePrecision([]).mAP).toBe(0);
  });

  it('leaves out low scores and all but the best of an image, over all classes', () => {
    const gt = [{ classId: 'a', box: box(0, 0) }];
    expect(meanAveragePrecision([{ gt, dt: [{ classId: 'a', box: box(0, 0), score: 0.0005 }] }]).mAP50).toBe(0);
    const better = Array.from({ length: 3 }, (_, i) => ({ classId: 'b', box: box(0, 0), score: 0.9 - i / 10 }));
    const dt = [{ classId: 'a', box: box(0, 0), score: 0.3 }, ...better];
    expect(meanAveragePrecision([{ gt, dt }], { maxDetections: 3 }).mAP50).toBe(0);
    expect(meanAveragePrecision([{ gt, dt }], { maxDetections: 4 }).mAP50).toBeCloseTo(1, 12);
  });

  it('detections in a crowd count neither way', () => {
    const gt = [{ classId: 1, box: box(0, 0) }, { classId: 1, box: box(100, 0, 100, 100), crowd: true }];
    const dt = [{ classId: 1, box: box(0, 0), score: 0.5 }, ...[0, 20, 40].map((x) => ({ classId: 1, box: box(110 + x, 10), score: 0.9 }))];
    expect(meanAveragePrecision([{ gt, dt }]).mAP).toBeCloseTo(1, 12);
  });

  it('does not depend on the order of classes or on their names; a stricter threshold never gives more', () => {
    const objects = fc.array(fc.tuple(fc.nat(2), fc.nat(6), fc.nat(6), fc.integer({ min: 1, max: 12 })), { maxLength: 8 });
    fc.assert(fc.property(fc.array(fc.tuple(objects, objects), { minLength: 1, maxLength: 4 }), (list) => {
      let rank = 0;
      const images = list.map(([g, d]) => ({
        gt: g.map(([c, x, y, s]) => ({ classId: c, box: box(x * 4, y * 4, s * 2, s * 2) })),
        dt: d.map(([c, x, y, s]) => ({ classId: c, box: box(x * 4, y * 4, s * 2, s * 2), score: 1 / (2 + ((rank++ * 7) % 31)) })),
      }));
      const whole = meanAveragePrecision(images);
      const renamed = new DetectionAccumulator<string>({ classes: ['c2', 'c0', 'c1'] });
      for (const image of images) renamed.add({ gt: image.gt.map((g) => ({ ...g, classId: `c${g.classId}` })), dt: image.dt.map((d) => ({ ...d, classId: `c${d.classId}` })) });
      const other = renamed.result();
      expect(other.mAP50).toBeCloseTo(whole.mAP50, 9);
      expect(whole.mAP50).toBeGreaterThanOrEqual(whole.mAP75 - 1e-12);
      expect(whole.mAP).toBeLessThanOrEqual(1 + 1e-12);
    }));
  });
});

describe('at one score', () => {
  const images = [
    { gt: [{ classId: 'a', box: box(0, 0) }, { classId: 'a', box: box(50, 0) }, { classId: 'b', box: box(0, 50) }], dt: [{ classId: 'a', box: box(0, 0), score: 0.9 }, { classId: 'a', box: box(50, 1), score: 0.4 }, { classId: 'a', box: box(90, 90), score: 0.6 }, { classId: 'b', box: box(0, 0), score: 0.7 }] },
    { gt: [], dt: [{ classId: 'b', box: box(0, 0), score: 0.2 }] },
  ];
  it('counts what is shown', () => {
    expect(precisionRecallAt(images, 0.5)).toMatchObject({ truePositives: 1, falsePositives: 2, falseNegatives: 2, precision: 1 / 3, recall: 1 / 3 });
    expect(precisionRecallAt(images, 0.3).perClass).toMatchObject([{ classId: 'a', truePositives: 2, falsePositives: 1, falseNegatives: 0 }, { classId: 'b', truePositives: 0, falsePositives: 1, falseNegatives: 1 }]);
    expect(precisionRecallAt(images, 0.3, { iou: 0.9 })).toMatchObject({ truePositives: 1 });
    expect(precisionRecallAt(images, 0.95)).toMatchObject({ truePositives: 0, falsePositives: 0, falseNegatives: 3, precision: null });
    expect(() => new CocoEvaluator().atScore(0.5, 0.33)).toThrow(/not one of the thresholds/);
  });
  it('equals matching again with only the detections that are shown', () => {
    const objects = fc.array(fc.tuple(fc.nat(6), fc.nat(6), fc.integer({ min: 1, max: 6 }), fc.nat(100)), { maxLength: 10 });
    fc.assert(fc.property(objects, objects, fc.nat(100), (g, d, cut) => {
      const gt = g.map(([x, y, s]) => ({ classId: 1, box: box(x * 3, y * 3, s * 3, s * 3) }));
      const dt = d.map(([x, y, s, score]) => ({ classId: 1, box: box(x * 3, y * 3, s * 3, s * 3), score: score / 100 }));
      const classes = [1];
      expect(precisionRecallAt([{ gt, dt }], cut / 100, { classes })).toEqual(precisionRecallAt([{ gt, dt: dt.filter((x) => x.score >= cut / 100) }], cut / 100, { classes }));
    }));
  });
});

describe('options of cocoEvaluate', () => {
  it('refuses what it cannot count', () => {
    expect(() => cocoEvaluate([], { iouThresholds: [] })).toThrow(RangeError);
    expect(() => cocoEvaluate([], { iouThresholds: Array.from({ length: 31 }, (_, i) => i / 31) })).toThrow(RangeError);
    expect(() => cocoEvaluate([{ id: 1, groundTruth: [{ classId: 1 }], detections: [{ classId: 1, score: 1 }] }])).toThrow(/needs a box/);
    expect(cocoEvaluate([]).ap).toBeNull();
  });
});

describe('curves', () => {
  it('ROC: area is the chance that a positive outranks a negative', () => {
    fc.assert(fc.property(fc.array(fc.tuple(fc.integer({ min: 0, max: 8 }), fc.boolean()), { minLength: 2, maxLength: 40 }), (list) => {
      const p = list.filter((l) => l[1]);
      const n = list.filter((l) => !l[1]);
      const run = () => rocCurve(list.map((l) => l[0]), list.map((l) => l[1]));
      if (p.length === 0 || n.length === 0) {
        expect(run).toThrow(RangeError);
        return;
      }
      const wins = p.flatMap(([a]) => n.map(([b]) => (a > b ? 1 : a === b ? 0.5 : 0))).reduce<number>((a, b) => a + b, 0);
      const curve = run();
      expect(curve.auc).toBeCloseTo(wins / (p.length * n.length), 12);
      expect([curve.truePositiveRate.at(-1), curve.falsePositiveRate.at(-1)]).toEqual([1, 1]);
    }));
  });
  it('precision, recall, F1', () => {
    expect(precisionRecall(6, 2, 4)).toMatchObject({ precision: 0.75, recall: 0.6, f1: expect.closeTo(2 / 3, 12) });
    expect(precisionRecall(0, 0, 0)).toMatchObject({ precision: null, recall: null, f1: null });
  });
});
