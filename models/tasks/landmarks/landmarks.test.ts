import { describe, expect, it } from 'vitest';
import { backbones } from '../../backbones';
import { type Size } from '../../data/letterbox';
import { landmarkTarget, outputsOf, readHeatmaps, readRegression } from '../../heads/landmarks';
import { framesOf } from '../../node/predict/views';
import { drawnFaces, FACE } from '../../testing/drawnMasks';
import { ask, learn } from '../../testing/learn';
import { pointToInput } from '../frame';
import { type Example, type Frame, type LandmarksLabel, type TaskClass, type View } from '../types';
import { headSchema, layoutOf, type LandmarkDesign, type LandmarkHead } from './head';
import { errorScale } from './evaluator';
import { landmarks } from '.';

function designOf(inputSize: Size, changes: Partial<LandmarkHead> = {}, classes: TaskClass[] = [FACE]): LandmarkDesign {
  return {
    task: 'landmarks', architecture: { backbone: 'compact', head: 'landmarks' }, inputSize,
    classes: classes.map(({ id, name, points, swaps }) => ({ id, name, points: [...(points ?? [])], swaps: swaps?.map(([a, b]) => [a, b]) })),
    head: { kind: 'heatmaps', points: classes.map(({ points }) => points?.length ?? 1), outputStride: 4, width: 16, ...changes },
    normalisation: { resize: 'letterbox', fill: 114, mean: [127.5, 127.5, 127.5], deviation: [64, 64, 64] },
  };
}
const label = (points: [number, number, (0 | 1 | 2)?][], classId = 'face'): LandmarksLabel => ({ kind: 'landmarks', classId, points: points.map(([x, y, v = 2]) => ({ x, y, v })) });
const example = (labels: LandmarksLabel[], width = 200, height = 200): Example => ({ id: 'x', image: { path: '' }, width, height, labels });
const planned = { seed: 1, multiple: 32, backbone: backbones.compact!, options: landmarks.optionsSchema.parse({}) };
const everything = { minScore: 0.001, nmsIou: 1, limit: 100 };
const triangle: [number, number][] = [[50, 50], [150, 50], [100, 150]];

describe('the regression\'s vector', () => {
  it('has 129 numbers for 64 points', () => {
    const points = Array.from({ length: 64 }, (_, i) => `p${i}`);
    const design = designOf({ width: 64, height: 64 }, { kind: 'regression', points: [64] }, [{ id: 'face', name: 'Face', points }]);
    expect(outputsOf(layoutOf(design))).toBe(129);
    const model = landmarks.build(design, backbones.compact!, 1);
    expect(model.outputs.map(({ shape }) => shape)).toEqual([[null, 129]]);
    model.dispose();
  });

  it('is presence, then x and y of each point; zeros where there is nothing', () => {
    const layout = { inputSize: { width: 100, height: 50 }, classes: [{ points: 2 }, { points: 1 }] };
    const at = (x: number, y: number, placed = true) => ({ x, y, placed });
    expect([...landmarkTarget([[at(50, 25), at(10, 50)], null], layout)].map((v) => Math.round(v * 1e6) / 1e6)).toEqual([1, 0.5, 0.5, 0.1, 1, 0, 0, 0]);
    // Read back: the middle of the input is 0 in the raw output.
    const read = readRegression(Float32Array.of(9, 0, 0, -0.4, 0.5, -9, 0, 0), layout);
    expect(read[0]!.points.map(({ x, y }) => [Math.round(x), Math.round(y)])).toEqual([[50, 25], [10, 50]]);
    expect(read[0]!.presence).toBeGreaterThan(0.99);
    expect(read[1]!.presence).toBeLessThan(0.01);
  });

  it('and what of it counts are the targets of a sample', () => {
    const design = designOf({ width: 100, height: 100 }, { points: [3, 1] }, [FACE, { id: 'nose', name: 'Nose', points: ['tip'] }]);
    const arrays = { points: new Float32Array(20).fill(7), weight: new Float32Array(20).fill(7) };
    landmarks.writeTargets(design, arrays, 1, { width: 100, height: 100, labelMap: null, labels: [label([[10, 20], [30, 40, 0], [50, 60, 1]])] });
    expect([...arrays.points.subarray(10)].map((v) => Math.round(v * 100))).toEqual([100, 10, 20, 0, 0, 50, 60, 0, 0, 0]);
    expect([...arrays.weight.subarray(10)]).toEqual([1, 1, 1, 0, 0, 1, 1, 1, 0, 0]);
    expect(arrays.points.subarray(0, 10).every((v) => v === 7)).toBe(true);
  });
});

describe('the plan', () => {
  it('shows objects at one size', () => {
    const plan = (side: number, extent: number) => landmarks.plan({ train: [example([label([[0, 0], [extent, 0], [0, extent]])], side, side)], val: [], classes: [FACE] }, planned).inputSize.width;
    expect(plan(200, 150)).toBe(128);
    expect(plan(1000, 500)).toBe(192);
    expect(plan(1000, 100)).toBe(384);
    expect(plan(64, 10)).toBe(64);
  });

  it('counts the points, by their names or by the labels', () => {
    const { head } = landmarks.plan({ train: [example([label(triangle)])], val: [], classes: [{ id: 'face', name: 'Face' }] }, planned);
    expect(headSchema.parse(head).points).toEqual([3]);
    expect(() => landmarks.plan({ train: [example([label([[1, 1]])])], val: [], classes: [FACE] }, planned)).toThrow('has 1 points of Face, which has 3');
    expect(() => landmarks.plan({ train: [example([])], val: [], classes: [FACE] }, planned)).toThrow('None of the training images has landmarks');
  });

  it('leaves out images with several objects of one class, and says so', () => {
    const { train, notes } = landmarks.plan({ train: [example([label(triangle), label(triangle)]), example([label(triangle)]), example([])], val: [], classes: [FACE] }, planned);
    expect(train).toHaveLength(2);
    expect(notes[0]).toContain('1 image with several objects');
    expect(() => landmarks.plan({ train: [example([label(triangle), label(triangle)])], val: [], classes: [FACE] }, planned)).toThrow('finds one of each class');
  });

  it('mirrors only what has a left and a right', () => {
    expect(landmarks.augmentation(designOf({ width: 64, height: 64 }), 0).mirrorX).toBe(0.5);
    expect(landmarks.augmentation(designOf({ width: 64, height: 64 }, {}, [{ ...FACE, swaps: undefined }]), 0).mirrorX).toBe(0);
  });
});

describe('decoding', () => {
  const full = { width: 200, height: 100 };
  const input = { width: 64, height: 64 };

  it('reads a heatmap\'s expected place, to a fraction of a cell', () => {
    const design = designOf(input);
    const maps = new Float32Array(16 * 16 * 3).fill(-50);
    // Point 0 between two cells, in thirds; the others in one.
    maps[(3 * 16 + 4) * 3] = Math.log(2);
    maps[(3 * 16 + 5) * 3] = 0;
    maps[(8 * 16 + 8) * 3 + 1] = 0;
    maps[(0 * 16 + 15) * 3 + 2] = 0;
    const [{ points, presence }] = readHeatmaps([maps, Float32Array.of(0)], layoutOf(design)) as [{ points: { x: number; y: number }[]; presence: number }];
    expect(presence).toBe(0.5);
    expect(points[0]!.x).toBeCloseTo((4.5 + 1 / 3) * 4, 4);
    expect(points[0]!.y).toBeCloseTo(14, 4);
    expect(points[2]).toEqual({ x: expect.closeTo(62, 4), y: expect.closeTo(2, 4) });
  });

  it.each(['once', 'flip', 'ten-crop'] as const)('gives the points back from the views of an image seen %s', (viewing) => {
    const design = designOf(input, { kind: 'regression' });
    const truth = [{ x: 30, y: 20 }, { x: 90, y: 22 }, { x: 60, y: 99 }];
    const views = framesOf(full, input, viewing).map((frame: Frame): View<LandmarkHead> => {
      // In a mirrored image the point on the left is called left, which is the right one of the image.
      const named = frame.mirrored ? [truth[1]!, truth[0]!, truth[2]!] : truth;
      const shown = named.map((point) => pointToInput(point, frame));
      return { design, frame, outputs: [Float32Array.of(3, ...shown.flatMap(({ x, y }) => [Math.min(0.5, Math.max(-0.5, x / 64 - 0.5)), Math.min(0.5, Math.max(-0.5, y / 64 - 0.5))]))] };
    });
    const [found] = landmarks.decode(views, everything) as (LandmarksLabel & { score: number })[];
    expect(found!.score).toBeCloseTo(1 / (1 + Math.exp(-3)), 5);
    found!.points.forEach(({ x, y }, i) => {
      expect(x).toBeCloseTo(truth[i]!.x, 3);
      expect(y).toBeCloseTo(truth[i]!.y, 3);
    });
  });

  it('keeps points inside the image and leaves out what is not there', () => {
    const design = designOf(input, { kind: 'regression' });
    const frame = framesOf(full, input, 'once')[0]!;
    const [found] = landmarks.decode([{ design, frame, outputs: [Float32Array.of(0, -2, -2, 2, 2, 0, 0)] }], everything) as LandmarksLabel[];
    expect(found!.points.map(({ x, y }) => [x, y])).toEqual([[0, 0], [200, 100], [100, 50]]);
    expect(landmarks.decode([{ design, frame, outputs: [Float32Array.of(-1, 0, 0, 0, 0, 0, 0)] }], { ...everything, minScore: 0.5 })).toEqual([]);
  });
});

describe('the evaluator', () => {
  it('divides by the distance of the eyes on faces of 68 points, else by the diagonal', () => {
    const face = label(Array.from({ length: 68 }, (_, i): [number, number] => (i === 36 ? [10, 20] : i === 45 ? [40, 60] : [i, 2 * i])));
    expect(errorScale(face)).toBe(50);
    expect(errorScale(label([[0, 0], [30, 0], [0, 40]]))).toBe(50);
    expect(errorScale(label([[0, 0], [30, 0], [0, 40], [900, 900, 0]]))).toBe(50);
    expect(errorScale(label([[5, 5]]))).toBe(0);
  });

  it('measures points that are placed, and counts what was not proposed as in the middle of the image', () => {
    const evaluator = landmarks.evaluator(designOf({ width: 64, height: 64 }));
    const truth = label([[0, 0], [30, 0], [0, 40, 1]]);
    evaluator.add(example([truth]), [{ ...label([[5, 0], [30, 10], [0, 40]]), score: 0.9 }]);
    const { values, byClass } = evaluator.result();
    expect(values.nme).toBeCloseTo((5 + 10 + 0) / 3 / 50, 10);
    expect(byClass.nme!.face).toBe(values.nme);
    expect(values.pck).toBeCloseTo(2 / 3, 10);
    expect(values.presence).toBe(1);
    evaluator.add(example([truth], 60, 80), []);
    evaluator.add(example([]), [{ ...truth, score: 0.6 }]);
    const middle = (Math.hypot(30, 40) + Math.hypot(0, 40) + Math.hypot(30, 0)) / 3 / 50;
    expect(evaluator.result().values.nme).toBeCloseTo((0.1 + middle) / 2, 10);
    expect(evaluator.result().values.presence).toBeCloseTo(1 / 3, 10);
  });
});

describe('learning', () => {
  it('finds drawn faces again by regression', async () => {
    const size = { width: 64, height: 64 };
    const lessons = drawnFaces(7, 2, size);
    const { head } = landmarks.plan({ train: lessons, val: [], classes: [FACE] }, { ...planned, options: { head: 'regression' } });
    const design = designOf(size, head);
    const model = landmarks.build(design, backbones.compact!, 1);
    await learn(landmarks, design, model, lessons, 80, 3e-3);
    const evaluator = landmarks.evaluator(design);
    for (const lesson of lessons) evaluator.add(lesson, await ask(landmarks, design, model, lesson.pixels));
    model.dispose();
    const { values } = evaluator.result();
    expect(values.nme).toBeLessThan(0.08);
    expect(values.presence).toBe(1);
  }, 90_000);
});
