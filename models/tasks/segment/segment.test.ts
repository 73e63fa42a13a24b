import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { maskArea, maskFromIndices, maskIou, masksEqual, rectMask, type Mask } from '@/lib/core/masks';
import { backbones } from '../../backbones';
import { labelMapOf } from '../../data/labelMap';
import { letterbox, type Size } from '../../data/letterbox';
import { framesOf } from '../../node/predict/views';
import { IGNORED, type Example, type Frame, type Label, type MaskLabel, type View } from '../types';
import { channelMap, decodeMasks } from './decode';
import { channelsOf, headSchema, type SegmentDesign, type SegmentHead } from './head';
import { chooseClassWeights, chooseInputSize, chooseMinArea, countable, coversAll } from './plan';
import { sharesShape, writeShares } from './targets';
import { segment } from '.';

const head: SegmentHead = { background: true, outputStride: 1, upsampling: 'transpose', convolutions: 1, width: 8, instances: [], neck: 0, minArea: 0, classWeights: null };
function designOf(inputSize: Size, changes: Partial<SegmentHead> = {}, classes = [{ id: 'a', name: 'A' }, { id: 'b', name: 'B' }]): SegmentDesign {
  return {
    task: 'segment', classes, architecture: { backbone: 'compact', head: 'segment' }, inputSize, head: { ...head, ...changes },
    normalisation: { resize: 'letterbox', fill: 114, mean: [127.5, 127.5, 127.5], deviation: [64, 64, 64] },
  };
}
const mask = (classId: string, m: Mask, crowd?: boolean): MaskLabel => ({ kind: 'mask', classId, mask: m, ...(crowd && { crowd }) });
const example = (labels: readonly Label[], width = 100, height = 80): Example => ({ id: 'x', image: { path: '' }, width, height, labels });
const backbone = backbones.compact!;
const planned = { seed: 1, multiple: 32, backbone, options: segment.optionsSchema.parse({}) };
const everything = { minScore: 0, nmsIou: 1, limit: 1000 };

/** Logits that say with certainty what a map of channels says. */
function certain(channels: ArrayLike<number>, count: number): Float32Array {
  return Float32Array.from({ length: channels.length * count }, (_, i) => (channels[Math.floor(i / count)] === i % count ? 20 : 0));
}
const whole = (full: Size, input: Size = full): Frame => ({ full, region: { x: 0, y: 0, ...full }, placement: letterbox(full, input), mirrored: false });

describe('the plan', () => {
  const classes = [{ id: 'a', name: 'A' }, { id: 'b', name: 'B' }];

  it('learns background unless the masks leave nothing over', () => {
    const half = mask('a', rectMask({ x: 0, y: 0, width: 50, height: 80 }));
    const rest = mask('b', rectMask({ x: 50, y: 0, width: 50, height: 80 }));
    expect(coversAll([example([half, rest])])).toBe(true);
    expect(coversAll([example([half])])).toBe(false);
    // Twice the same half adds up to everything, and covers half.
    expect(coversAll([example([half, half])])).toBe(false);
    expect(coversAll([example([half, { kind: 'ignore', mask: rest.mask }])])).toBe(true);
    const { head: chosen } = segment.plan({ train: [example([half, rest])], val: [], classes }, planned);
    expect(chosen.background).toBe(false);
    expect(segment.plan({ train: [example([half, rest]), example([])], val: [], classes }, planned).head.background).toBe(true);
  });

  it('tells objects apart of classes of which images show several', () => {
    const at = (x: number) => mask('a', rectMask({ x, y: 0, width: 5, height: 5 }));
    expect(countable([example([at(0), at(10), mask('b', rectMask({ x: 50, y: 0, width: 9, height: 9 }))])], ['a', 'b'])).toEqual(['a']);
  });

  it('weighs rare classes by the root of their share beside the median one, within limits; two channels not at all', () => {
    const strip = (classId: string, x: number, width: number) => mask(classId, rectMask({ x, y: 0, width, height: 80 }));
    const ids = ['common', 'median', 'rare', 'tiny'];
    // 64, 16 and 4 columns; one pixel of the last; a row of ignored columns is of no class, background neither.
    const labels = [strip('common', 0, 64), strip('median', 64, 16), strip('rare', 80, 4), mask('tiny', rectMask({ x: 84, y: 0, width: 1, height: 1 })), { kind: 'ignore' as const, mask: rectMask({ x: 84, y: 1, width: 16, height: 79 }) }];
    const [common, median, rare, tiny] = chooseClassWeights([example(labels)], ids, false)!;
    // The median of four is the third: 16 columns.
    expect([common, median, rare, tiny]).toEqual([0.5, 1, 2, 4]);
    expect(chooseClassWeights([example([strip('a', 0, 10)])], ['a'], true)).toBeNull();
    // What no mask covers is the background's, here 80 columns of 100; a class that is nowhere counts as the rarest.
    expect(chooseClassWeights([example([strip('a', 0, 20)])], ['a', 'b'], true)).toEqual([1, 2, 4]);
  });

  it('chooses an input of the images\' aspect, no larger than they are, larger for small objects', () => {
    const of = (side: number, width: number, height: number) => example([mask('a', rectMask({ x: 0, y: 0, width: side, height: side }))], width, height);
    expect(chooseInputSize([of(100, 1600, 1200)], ['a'], 32)).toEqual({ width: 384, height: 288 });
    expect(chooseInputSize([of(100, 256, 256)], ['a'], 32)).toEqual({ width: 256, height: 256 });
    expect(chooseInputSize([...Array.from({ length: 7 }, () => of(50, 256, 256)), ...Array.from({ length: 3 }, () => of(50, 360, 360))], ['a'], 32)).toEqual({ width: 384, height: 384 });
    expect(chooseInputSize([of(20, 1000, 1000)], ['a'], 32)).toEqual({ width: 512, height: 512 });
    expect(chooseInputSize([of(20, 1000, 1000)], [], 32)).toEqual({ width: 384, height: 384 });
    expect(chooseMinArea([of(20, 1000, 1000)], ['a'], { width: 512, height: 512 })).toBeCloseTo(0.25 * (20 * 0.512) ** 2, 1);
  });

  it('stands plain on a U-Net at the full resolution, at half of it elsewhere', () => {
    const data = { train: [example([mask('a', rectMask({ x: 0, y: 0, width: 9, height: 9 }))])], val: [], classes };
    expect(segment.plan(data, planned).head).toMatchObject({ outputStride: 2, convolutions: 1, width: 16 });
    const { head: plain, inputSize } = segment.plan(data, { ...planned, multiple: 16, backbone: backbones.unet16! });
    expect(plain).toMatchObject({ outputStride: 1, convolutions: 2, width: null });
    expect(headSchema.parse(JSON.parse(JSON.stringify(plain)))).toEqual(plain);
    expect(inputSize).toEqual({ width: 112, height: 80 });
  });

  it('clips masks to the image, skips empty ones and refuses what cannot be learned', () => {
    const out = mask('a', rectMask({ x: 90, y: 70, width: 30, height: 30 }));
    const { train, notes } = segment.plan({ train: [example([out, mask('a', rectMask({ x: 200, y: 0, width: 5, height: 5 }))])], val: [], classes }, planned);
    expect(train[0]!.labels.map((label) => (label.kind === 'mask' ? maskArea(label.mask) : 0))).toEqual([100]);
    expect(notes[0]).toBe('1 empty mask skipped.');
    expect(() => segment.plan({ train: [example([])], val: [], classes }, planned)).toThrow('None of the training images has a mask');
    expect(() => segment.plan({ train: [example([mask('c', rectMask({ x: 0, y: 0, width: 5, height: 5 }))])], val: [], classes }, planned)).toThrow('class c');
    const all = mask('a', rectMask({ x: 0, y: 0, width: 100, height: 80 }));
    expect(() => segment.plan({ train: [example([all])], val: [], classes: [classes[0]!] }, planned)).toThrow('only one class and no background');
  });
});

describe('targets', () => {
  it('are the shares of each channel in a cell; what is ignored has none', () => {
    const labelMap = Uint8Array.from([1, 1, 0, 0, 1, 2, 0, IGNORED]);
    const sample = { width: 4, height: 2, labels: [], labelMap };
    const design = designOf({ width: 4, height: 2 }, { outputStride: 2 });
    const shares = new Float32Array(12).fill(9);
    expect(sharesShape(design, 2)).toEqual([2, 1, 2, 3]);
    writeShares(design, shares, 1, sample);
    expect([...shares]).toEqual([9, 9, 9, 9, 9, 9, 0, 0.75, 0.25, 0.75, 0, 0]);
    const covered = new Float32Array(4);
    writeShares(designOf({ width: 4, height: 2 }, { outputStride: 2, background: false }), covered, 0, sample);
    expect([...covered]).toEqual([0.75, 0.25, 0, 0]);
  });
});

describe('decoding', () => {
  it('gives back any label map whose channels are certain', () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 }), fc.boolean(), fc.integer(), (width, height, background, seed) => {
      const values = Uint8Array.from({ length: width * height }, (_, i) => Math.abs((seed ^ (i * 2654435761)) >> 8) % (background ? 3 : 2));
      const design = designOf({ width, height }, { background });
      const found = decodeMasks([{ design, outputs: [certain(values, channelsOf(design))], frame: whole({ width, height }) }], everything);
      design.classes.forEach(({ id }, k) => {
        const expected = maskFromIndices(values, width, height, background ? k + 1 : k);
        const own = found.filter(({ classId }) => classId === id);
        if (maskArea(expected) === 0) expect(own).toEqual([]);
        else expect(own.length === 1 && masksEqual(own[0]!.mask, expected)).toBe(true);
      });
    }));
  });

  it('takes the class of the largest output at each pixel', () => {
    const size = { width: 3, height: 1 };
    // Background, a, b; the winner need not be above a half.
    const found = decodeMasks([{ design: designOf(size), outputs: [Float32Array.of(0.1, 0.3, 0.2, 2, -1, 1, -3, -2, -1)], frame: whole(size) }], everything);
    expect(found.map(({ classId, mask: m }) => [classId, maskArea(m), m.x]).sort()).toEqual([['a', 1, 0], ['b', 1, 2]]);
  });

  it('undoes the letterbox and the mirror: all views of an image say the same', () => {
    const full = { width: 120, height: 60 };
    const input = { width: 64, height: 64 };
    const truth = rectMask({ x: 20, y: 10, width: 40, height: 30 });
    const design = designOf(input);
    // What a perfect network would say of each view: its cells, looked up in the image.
    const viewOf = (frame: Frame): View<SegmentHead> => {
      const { region, placement, mirrored } = frame;
      const values = Uint8Array.from({ length: input.width * input.height }, (_, i) => {
        const across = ((i % input.width) + 0.5 - placement.x) / placement.width;
        const down = (Math.floor(i / input.width) + 0.5 - placement.y) / placement.height;
        if (across < 0 || across > 1 || down < 0 || down > 1) return 2;
        const [x, y] = [region.x + (mirrored ? 1 - across : across) * region.width, region.y + down * region.height];
        return x >= 20 && x < 60 && y >= 10 && y < 40 ? 1 : 0;
      });
      return { design, outputs: [certain(values, 3)], frame };
    };
    for (const viewing of ['once', 'flip', 'ten-crop'] as const) {
      const found = decodeMasks(framesOf(full, input, viewing).map(viewOf), everything);
      // Class b is only in the bars, which show nothing of the image.
      expect(found.map(({ classId }) => classId)).toEqual(['a']);
      expect(maskIou(found[0]!.mask, truth)).toBeGreaterThan(0.88);
      expect(found[0]!.score).toBeGreaterThan(0.8);
    }
  });

  it('interpolates between cells', () => {
    // Two cells of stride 4: the logits cross in the middle of the image.
    const design = designOf({ width: 8, height: 4 }, { outputStride: 4, background: false });
    const { channels, certainty } = channelMap([{ design, outputs: [Float32Array.of(3, 0, 0, 3)], frame: whole({ width: 8, height: 4 }) }]);
    expect([...channels.subarray(0, 8)]).toEqual([0, 0, 0, 0, 1, 1, 1, 1]);
    expect(certainty[0]! / 255).toBeCloseTo(1 / (1 + Math.exp(-3)), 2);
    expect(certainty[3]).toBeLessThan(certainty[2]!);
  });

  it('averages views, and of each pixel only those that show it', () => {
    const full = { width: 4, height: 2 };
    const design = designOf({ width: 2, height: 2 }, { background: false });
    const view = (x: number, sure: number): View<SegmentHead> => ({
      design, outputs: [Float32Array.from({ length: 8 }, (_, i) => (i % 2 === 0 ? sure : 0))],
      frame: { full, region: { x, y: 0, width: 2, height: 2 }, placement: { x: 0, y: 0, width: 2, height: 2 }, mirrored: false },
    });
    const { channels } = channelMap([view(0, 2), view(1, -4)]);
    expect([...channels.subarray(0, 4)]).toEqual([0, 1, 1, 0]);
  });

  it('tells connected parts of countable classes apart and drops specks', () => {
    const full = { width: 20, height: 10 };
    const values = new Uint8Array(200);
    for (const [x, y, width, height, value] of [[1, 1, 4, 4, 1], [10, 1, 4, 4, 1], [18, 8, 1, 1, 1], [1, 7, 3, 2, 2], [8, 7, 3, 2, 2]] as const) {
      for (let j = y; j < y + height; j++) values.fill(value, j * 20 + x, j * 20 + x + width);
    }
    const outputs = [certain(values, 3)];
    const counted = decodeMasks([{ design: designOf(full, { instances: ['a'], minArea: 4 }), outputs, frame: whole(full) }], everything);
    expect(counted.filter(({ classId }) => classId === 'a').map(({ mask: m }) => [m.x, maskArea(m)]).sort()).toEqual([[1, 16], [10, 16]]);
    expect(counted.filter(({ classId }) => classId === 'b').map(({ mask: m }) => maskArea(m))).toEqual([12]);
    expect(decodeMasks([{ design: designOf(full, { instances: ['a'], minArea: 4 }), outputs, frame: whole(full) }], { ...everything, limit: 1 })).toHaveLength(1);
  });
});

describe('the evaluator', () => {
  const rect = (x: number, width: number) => rectMask({ x, y: 0, width, height: 10 });

  it('pools all pixels of all images, background included', () => {
    const evaluator = segment.evaluator(designOf({ width: 32, height: 32 }));
    evaluator.add(example([mask('a', rect(0, 4))], 10, 10), [{ ...mask('a', rect(2, 4)), score: 1 }]);
    evaluator.add(example([mask('b', rect(0, 10))], 10, 10), [{ ...mask('b', rect(0, 10)), score: 1 }]);
    const { images, values, byClass } = evaluator.result();
    expect(images).toBe(2);
    // Of 200 pixels: a 20 both, 20 missed, 20 too many; b 100 of 100; background 40 of 40 + 20 + 20.
    expect(byClass.iou).toEqual({ a: 20 / 60, b: 1 });
    expect(byClass.dice!.a).toBeCloseTo(0.5, 12);
    expect(values.mIoU).toBeCloseTo((20 / 60 + 1 + 40 / 80) / 3, 12);
    expect(values.dice).toBeCloseTo(0.75, 12);
    expect(values.pixelAccuracy).toBeCloseTo(160 / 200, 12);
  });

  it('leaves out ignored pixels, crowds, and without background what no class covers', () => {
    const evaluator = segment.evaluator(designOf({ width: 32, height: 32 }, { background: false }));
    const truth = [mask('a', rect(0, 3)), mask('b', rect(3, 3)), { kind: 'ignore' as const, mask: rect(2, 1) }, mask('a', rect(6, 2), true)];
    evaluator.add(example(truth, 10, 10), [{ ...mask('b', rect(2, 8)), score: 0.9 }, { ...mask('a', rect(0, 2)), score: 0.8 }]);
    expect(evaluator.result().values).toEqual({ mIoU: 1, dice: 1, pixelAccuracy: 1 });
    expect(labelMapOf(truth, designOf({ width: 1, height: 1 }).classes, { width: 10, height: 10 }, { width: 10, height: 10 }).data.slice(0, 10)).toEqual(Uint8Array.of(1, 1, 255, 2, 2, 2, 255, 255, 0, 0));
  });

  it('measures the masks of countable classes as objects', () => {
    const evaluator = segment.evaluator(designOf({ width: 32, height: 32 }, { instances: ['a'] }));
    const [left, right] = [rectMask({ x: 0, y: 0, width: 4, height: 4 }), rectMask({ x: 5, y: 0, width: 4, height: 4 })];
    evaluator.add(example([mask('a', left), mask('a', right)], 10, 10), [{ ...mask('a', left), score: 0.9 }]);
    const { values, byClass } = evaluator.result();
    // One of two found, nothing wrong: precision 1 up to a recall of one half, which 51 of COCO's 101 places reach.
    expect(values.mAP50).toBeCloseTo(51 / 101, 12);
    expect(byClass.ap50).toEqual({ a: values.mAP50 });
  });

  it('counts a class that is never found as 0, and one that does not occur not at all', () => {
    const evaluator = segment.evaluator(designOf({ width: 32, height: 32 }));
    evaluator.add(example([mask('a', rect(0, 4))], 10, 10), []);
    expect(evaluator.result().byClass.iou).toEqual({ a: 0, b: null });
  });
});
