import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { maskArea, maskBounds } from '@/lib/core/masks';
import { pointToInput } from '../../tasks/frame';
import { type Frame, type LandmarksLabel, type MaskLabel, type View } from '../../tasks/types';
import { framesOf } from '../../node/predict/views';
import { type Predictions } from '../settings/yolo';
import { yolov8Pose } from './yoloPose';
import { yolov8Segment } from './yoloSegment';

const full = { width: 256, height: 256 };
const input = { width: 64, height: 64 };
const options = { minScore: 0.05, nmsIou: 0.5, limit: 10 };
/** Prototypes: 64×64 cells, as many as the input has pixels. */
const SIDE = 64;

interface Thing {
  x0: number;
  y0: number;
  x1: number;
  y1: number;
  score: number;
}

const classes = [{ id: 'person', name: 'person', points: ['nose', 'left', 'right'], swaps: [[1, 2]] as [number, number][] }];

function viewOf(frame: Frame, head: Predictions, outputs: Float32Array[]): View<Predictions> {
  return {
    frame, outputs,
    design: {
      task: 'detect', classes, architecture: { backbone: 'onnx', head: 'x' }, inputSize: input, head,
      normalisation: { resize: 'stretch', fill: 0, mean: [0, 0, 0], deviation: [1, 1, 1] },
    },
  };
}

/** The part of a thing that a frame shows, in its input; null where that is none. */
function shown(frame: Frame, { x0, y0, x1, y1 }: Thing) {
  const { region } = frame;
  const cut = { x0: Math.max(x0, region.x), y0: Math.max(y0, region.y), x1: Math.min(x1, region.x + region.width), y1: Math.min(y1, region.y + region.height) };
  if (cut.x1 <= cut.x0 || cut.y1 <= cut.y0) return null;
  const [a, b] = [pointToInput({ x: cut.x0, y: cut.y0 }, frame), pointToInput({ x: cut.x1, y: cut.y1 }, frame)];
  return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2, w: Math.abs(b.x - a.x), h: Math.abs(b.y - a.y) };
}

/** A pose model that sees a thing wherever it is shown: nose in the middle, the other points at the left and right edge of the image. */
function pose(frame: Frame, thing: Thing, moved = 0): View<Predictions> {
  const head: Predictions = { columns: false, objectness: false, classes: 1, points: { count: 3, fields: 3 }, masks: null };
  const box = shown(frame, thing);
  const [left, right] = [pointToInput({ x: thing.x0 + moved, y: thing.y0 }, frame), pointToInput({ x: thing.x1 + moved, y: thing.y0 }, frame)];
  // Left can be seen, right cannot. Mirrored, a network takes left for right.
  const [sure, unsure] = [[left.x, left.y, 0.9], [right.x, right.y, 0.1]];
  const [first, second] = frame.mirrored ? [unsure, sure] : [sure, unsure];
  const nose = pointToInput({ x: (thing.x0 + thing.x1) / 2 + moved, y: (thing.y0 + thing.y1) / 2 }, frame);
  const row = box ? [box.x, box.y, box.w, box.h, thing.score, nose.x, nose.y, 0.9, ...first!, ...second!] : new Array<number>(14).fill(0);
  return viewOf(frame, head, [Float32Array.from(row)]);
}

/** A segmenter that sees the ellipse inside a thing. */
function segment(frame: Frame, thing: Thing): View<Predictions> {
  const head: Predictions = { columns: true, objectness: false, classes: 1, points: null, masks: { count: 1, width: SIDE, height: SIDE } };
  const box = shown(frame, thing);
  const [cx, cy, rx, ry] = [(thing.x0 + thing.x1) / 2, (thing.y0 + thing.y1) / 2, (thing.x1 - thing.x0) / 2, (thing.y1 - thing.y0) / 2];
  const prototypes = Float32Array.from({ length: SIDE * SIDE }, (_, i) => {
    const across = (((i % SIDE) + 0.5) / SIDE - frame.placement.x / input.width) / (frame.placement.width / input.width);
    const down = ((Math.floor(i / SIDE) + 0.5) / SIDE - frame.placement.y / input.height) / (frame.placement.height / input.height);
    const x = frame.region.x + (frame.mirrored ? 1 - across : across) * frame.region.width;
    const y = frame.region.y + down * frame.region.height;
    return 10 * (1 - ((x - cx) / rx) ** 2 - ((y - cy) / ry) ** 2);
  });
  return viewOf(frame, head, [Float32Array.from(box ? [box.x, box.y, box.w, box.h, thing.score, 1] : [0, 0, 0, 0, 0, 0]), prototypes]);
}

const frames = (viewing: 'once' | 'flip' | 'ten-crop') => framesOf(full, input, viewing, 'stretch');
/** In the corner: the centre crop, which lies from 16 to 240, shows none of it. */
const corner: Thing = { x0: 0, y0: 0, x1: 15, y1: 15, score: 0.9 };

const thing = fc.record({ x: fc.integer({ min: 40, max: 150 }), y: fc.integer({ min: 40, max: 150 }), w: fc.integer({ min: 20, max: 60 }), h: fc.integer({ min: 20, max: 60 }), score: fc.double({ min: 0.1, max: 1, noNaN: true }) })
  .map(({ x, y, w, h, score }): Thing => ({ x0: x, y0: y, x1: x + w, y1: y + h, score }));

describe('poses of several views', () => {
  const places = (label: unknown) => (label as LandmarksLabel).points.map(({ x, y, v }) => [expect.closeTo(x, 2) as number, expect.closeTo(y, 2) as number, v]);

  it('are those of one view where all agree, mirrored or not', () => {
    fc.assert(fc.property(thing, fc.constantFrom('flip' as const, 'ten-crop' as const), (one, viewing) => {
      const [single] = yolov8Pose.decode(frames('once').map((frame) => pose(frame, one)), options);
      const several = yolov8Pose.decode(frames(viewing).map((frame) => pose(frame, one)), options);
      expect(several).toHaveLength(1);
      expect((several[0] as LandmarksLabel).points.map(({ x, y, v }) => [x, y, v])).toEqual(places(single));
      expect(several[0]!.score).toBeCloseTo(single!.score, 4);
    }));
  });

  it('find what the first crop does not show', () => {
    const labels = yolov8Pose.decode(frames('ten-crop').map((frame) => pose(frame, corner)), options);
    expect(labels).toHaveLength(1);
    expect((labels[0] as LandmarksLabel).points[0]).toMatchObject({ x: expect.closeTo(7.5, 3) as number, y: expect.closeTo(7.5, 3) as number, v: 2 });
    expect((labels[0] as LandmarksLabel).points[2]!.v).toBe(1);
  });

  it('are the mean of two models that vote', () => {
    const [frame] = frames('once') as [Frame];
    const one = { x0: 100, y0: 100, x1: 140, y1: 160, score: 0.8 };
    const labels = yolov8Pose.decode([pose(frame, one), pose(frame, one, 6)], options);
    expect(labels).toHaveLength(1);
    expect((labels[0] as LandmarksLabel).points[0]!.x).toBeCloseTo(123, 3);
    // What one of two sees is half as sure.
    expect(yolov8Pose.decode([pose(frame, one), pose(frame, { ...one, score: 0 })], options)[0]!.score).toBeCloseTo(0.4, 4);
  });
});

describe('instance masks of several views', () => {
  const maskOf = (label: unknown) => (label as MaskLabel).mask;

  it('are those of one view where all agree, to the pixels at the edge', () => {
    fc.assert(fc.property(thing, fc.constantFrom('flip' as const, 'ten-crop' as const), (one, viewing) => {
      const [single] = yolov8Segment.decode(frames('once').map((frame) => segment(frame, one)), options);
      const several = yolov8Segment.decode(frames(viewing).map((frame) => segment(frame, one)), options);
      expect(several).toHaveLength(1);
      const area = (Math.PI / 4) * (one.x1 - one.x0) * (one.y1 - one.y0);
      for (const label of [single, several[0]]) expect(Math.abs(maskArea(maskOf(label)) / area - 1)).toBeLessThan(0.2);
      const [a, b] = [maskBounds(maskOf(single))!, maskBounds(maskOf(several[0]))!];
      for (const side of ['x', 'y', 'width', 'height'] as const) expect(Math.abs(a[side] - b[side])).toBeLessThanOrEqual(6);
    }), { numRuns: 30 });
  });

  it('find what the first crop does not show', () => {
    const labels = yolov8Segment.decode(frames('ten-crop').map((frame) => segment(frame, corner)), options);
    expect(labels).toHaveLength(1);
    expect(Math.abs(maskArea(maskOf(labels[0])) - (Math.PI / 4) * 225)).toBeLessThan(40);
  });

  it('are voted on: two models that disagree give the mean of what they are sure of', () => {
    const [frame] = frames('once') as [Frame];
    const one = { x0: 80, y0: 80, x1: 160, y1: 160, score: 0.9 };
    const narrow = segment(frame, { ...one, x0: 100, x1: 140 });
    // Both find the same box; the masks differ.
    const other = { ...narrow, outputs: [segment(frame, one).outputs[0]!, narrow.outputs[1]!] };
    const area = (views: View<Predictions>[]) => maskArea(maskOf(yolov8Segment.decode(views, options)[0]));
    const [wide, slim, both] = [area([segment(frame, one)]), area([other]), area([segment(frame, one), other])];
    expect(slim).toBeLessThan(0.65 * wide);
    expect(both).toBeGreaterThan(slim);
    expect(both).toBeLessThan(wide);
  });
});
