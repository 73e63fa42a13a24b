import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assign, cellFrame, decode, gridTarget, suppress, TARGET_FIELDS, targetShape, writeTargets, type ScoredBox, type TargetBox, type YoloLayout } from '.';

/** A 3×3 grid of 100-pixel cells with the given anchors. */
const grid3 = (anchors: { w: number; h: number }[], classes = 3): YoloLayout => ({ inputSize: { width: 300, height: 300 }, scales: [{ stride: 100, anchors }], classes });
const box = (cx: number, cy: number, w: number, h: number, classIndex = 0): TargetBox => ({ classIndex, x0: cx - w / 2, x1: cx + w / 2, y0: cy - h / 2, y1: cy + h / 2 });
const tall = { w: 40, h: 120 };
const wide = { w: 120, h: 40 };

describe('targets', () => {
  it('have the textbook shapes', () => {
    expect(gridTarget([], grid3([tall]), 0).shape).toEqual([3, 3, 8]);
    expect(gridTarget([], grid3([tall, wide]), 0).shape).toEqual([3, 3, 16]);
    const coco: YoloLayout = { inputSize: { width: 608, height: 608 }, scales: [{ stride: 32, anchors: Array(5).fill(tall) as { w: number; h: number }[] }], classes: 80 };
    expect(gridTarget([], coco, 0).shape).toEqual([19, 19, 5 * 85]);
    expect(targetShape(coco, 0, 4)).toEqual([4, 19, 19, 5, TARGET_FIELDS]);
  });

  it('put an object into the cell of its midpoint and to the anchor of highest shape IoU', () => {
    const layout = grid3([tall, wide]);
    const { assignments, dropped, moved } = assign([box(150, 250, 35, 110, 1)], layout);
    expect(assignments).toMatchObject([{ row: 2, column: 1, anchor: 0, scale: 0, primary: true }]);
    expect([dropped, moved]).toEqual([0, 0]);
    const { data } = gridTarget(assignments, layout, 0);
    const slot = ((2 * 3 + 1) * 2 + 0) * 8;
    expect(Array.from(data.subarray(slot, slot + 8))).toEqual([1, 0.5, 0.5, Math.fround(1.1), Math.fround(0.35), 0, 1, 0]);
    expect(data.reduce((a, b) => a + b)).toBeCloseTo(1 + 0.5 + 0.5 + 1.1 + 0.35 + 1, 5);
  });

  it('use the frame of the cell: (0, 0) upper left, (1, 1) lower right, sizes above 1 allowed', () => {
    expect(cellFrame(box(100, 199, 50, 350), { w: 100, h: 100 })).toEqual({ row: 1, column: 1, bx: 0, by: 0.99, bw: 0.5, bh: 3.5 });
    fc.assert(fc.property(fc.double({ min: 0, max: 299.999, noNaN: true }), fc.double({ min: 0, max: 299.999, noNaN: true }), (x, y) => {
      const { bx, by } = cellFrame(box(x, y, 10, 10), { w: 100, h: 100 });
      return bx >= 0 && bx < 1 && by >= 0 && by < 1;
    }));
  });

  it('give the slot two objects want to the better fitting one, and move or drop the other, counted', () => {
    const exact = box(150, 150, 40, 120);
    const close = box(160, 140, 44, 100, 1);
    const both = assign([close, exact], grid3([tall, { w: 60, h: 90 }]));
    expect(both).toMatchObject({ moved: 1, dropped: 0 });
    expect(both.assignments.find(({ anchor }) => anchor === 0)!.object).toBe(exact);
    // The other anchor is no home for a shape so different.
    expect(assign([close, exact], grid3([tall, { w: 200, h: 20 }]))).toMatchObject({ moved: 0, dropped: 1 });
  });

  it('give each slot at most one object, and each object at most one slot of its own', () => {
    const boxes = fc.array(fc.tuple(fc.integer({ min: 0, max: 299 }), fc.integer({ min: 0, max: 299 }), fc.integer({ min: 5, max: 200 }), fc.integer({ min: 5, max: 200 })), { maxLength: 30 });
    fc.assert(fc.property(boxes, fc.boolean(), (list, neighbours) => {
      const objects = list.map(([x, y, w, h]) => box(x, y, w, h));
      const { assignments, dropped } = assign(objects, grid3([tall, wide, { w: 80, h: 80 }]), { neighbours });
      const slots = assignments.map(({ scale, anchor, row, column }) => `${scale}/${anchor}/${row}/${column}`);
      expect(new Set(slots).size).toBe(slots.length);
      const primary = assignments.filter((assignment) => assignment.primary);
      expect(new Set(primary.map(({ object }) => object)).size).toBe(primary.length);
      expect(primary.length + dropped).toBe(objects.length);
    }));
  });

  it('for the loss mark what is responsible and ignore what nearly is', () => {
    const layout = grid3([tall, { w: 44, h: 110 }]);
    const objects = [box(150, 150, 40, 120, 2)];
    const targets = [new Float32Array(targetShape(layout, 0, 2).reduce((a, b) => a * b))];
    writeTargets(targets, 1, assign(objects, layout).assignments, objects, layout);
    const slot = (n: number, row: number, column: number, anchor: number) => Array.from(targets[0]!.subarray((((n * 3 + row) * 3 + column) * 2 + anchor) * TARGET_FIELDS).slice(0, TARGET_FIELDS));
    expect(slot(1, 1, 1, 0)).toEqual([1, 1, 150, 150, 40, 120, 2]);
    expect(slot(1, 1, 1, 1).slice(0, 2)).toEqual([0, 0]);
    expect(slot(1, 0, 1, 1).slice(0, 2)).toEqual([0, 1]);
    expect(targets[0]!.subarray(0, 9 * 2 * TARGET_FIELDS).every((n) => n === 0)).toBe(true);
  });
});

describe('decoding', () => {
  it('inverts the encoding: raw numbers made for a box give that box', () => {
    const layout: YoloLayout = { inputSize: { width: 96, height: 64 }, scales: [{ stride: 16, anchors: [{ w: 20, h: 30 }] }, { stride: 32, anchors: [{ w: 40, h: 40 }, { w: 64, h: 20 }] }], classes: 2 };
    const logit = (p: number) => Math.log(p / (1 - p));
    fc.assert(fc.property(fc.integer({ min: 0, max: 1 }), fc.nat(5), fc.nat(3), fc.double({ min: 0.01, max: 0.99, noNaN: true }), fc.double({ min: 0.3, max: 3, noNaN: true }), (scale, c, r, inside, ratio) => {
      const { stride, anchors } = layout.scales[scale]!;
      const [columns, rows] = [96 / stride, 64 / stride];
      const [column, row, anchor] = [c % columns, r % rows, anchors.length - 1];
      const outputs = layout.scales.map((s) => new Float32Array((96 / s.stride) * (64 / s.stride) * s.anchors.length * 7).fill(-20));
      const at = ((row * columns + column) * anchors.length + anchor) * 7;
      outputs[scale]!.set([logit((inside + 0.5) / 2), logit((1 - inside + 0.5) / 2), logit(Math.sqrt(ratio) / 2), logit(Math.sqrt(1 / ratio) / 2), logit(0.9), logit(0.01), logit(0.8)], at);
      const found = decode(outputs, layout, { scoreThreshold: 0.1 });
      expect(found).toHaveLength(1);
      const [{ x0, x1, y0, y1, score, classIndex }] = found as [ScoredBox];
      expect(classIndex).toBe(1);
      expect(score).toBeCloseTo(0.72, 4);
      expect((x0 + x1) / 2).toBeCloseTo((column + inside) * stride, 2);
      expect((y0 + y1) / 2).toBeCloseTo((row + 1 - inside) * stride, 2);
      expect(x1 - x0).toBeCloseTo(anchors[anchor]!.w * ratio, 2);
      expect(y1 - y0).toBeCloseTo(anchors[anchor]!.h / ratio, 2);
    }));
  });

  it('drops what is below the threshold before anything else', () => {
    const layout = grid3([tall], 1);
    const logit = (p: number) => Math.log(p / (1 - p));
    const outputs = [new Float32Array(9 * 6).fill(-20)];
    [0.59, 0.61, 0.9].forEach((pc, i) => outputs[0]!.set([0, 0, 0, 0, logit(pc), 20], i * 4 * 6));
    expect(decode(outputs, layout, { scoreThreshold: 0.6 }).map(({ score }) => Math.round(score * 100) / 100)).toEqual([0.9, 0.61]);
  });

  it('suppresses per class: 0.9 over 0.6 and 0.7, 0.8 over 0.7, two boxes remain', () => {
    const at = (x: number, score: number, classIndex = 0): ScoredBox => ({ classIndex, score, x0: x, x1: x + 10, y0: 0, y1: 10 });
    const boxes = [at(0, 0.9), at(1, 0.6), at(2, 0.7), at(50, 0.8), at(51, 0.7)];
    expect(suppress(boxes, 0.5).map(({ score }) => score)).toEqual([0.9, 0.8]);
    expect(suppress([...boxes, at(0, 0.5, 1)], 0.5)).toHaveLength(3);
    expect(suppress(boxes, 0.5, 1)).toHaveLength(1);
  });
});
