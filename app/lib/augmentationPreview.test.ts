import { describe, expect, it } from 'vitest';
import { demoSchema, drawDemoImage } from '@/lib/core/demo';
import { annotationKindOf, type Annotation } from '@/lib/core/labels';
import { maskFromString, maskHas } from '@/lib/core/masks';
import { defaultAugmentation, noAugmentation, type PreviewExample } from '@/models/browser/preview';
import { previewInput, previewOptions, taskLabels, variantOf } from './augmentationPreview';

const drawn = drawDemoImage(7, 0);
const annotations = drawn.annotations as unknown as Annotation[];
const full = { width: drawn.width, height: drawn.height };
const classesOf = (task: 'detect' | 'segment' | 'landmarks') => demoSchema.classes.filter(({ kind }) => kind === annotationKindOf[task]);
/** The demo's first image at half its size. */
function example(task: 'detect' | 'segment' | 'landmarks'): PreviewExample {
  const [width, height] = [full.width / 2, full.height / 2];
  const pixels = new Uint8ClampedArray(width * height * 4);
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) pixels.set(drawn.rgba.subarray((y * 2 * full.width + x * 2) * 4, (y * 2 * full.width + x * 2) * 4 + 4), (y * width + x) * 4);
  return { pixels, width, height, full, labels: taskLabels(task, annotations, classesOf(task)) };
}
const show = (task: 'detect' | 'segment' | 'landmarks', options = noAugmentation, variant = 1, seed = 1) => variantOf({ task, examples: [example(task)], classes: classesOf(task), options, inputSize: null }, seed, variant);

describe('what the preview is made from', () => {
  it('has the shape of the image, or of the input that is asked for', () => {
    expect(previewInput(full, null)).toEqual({ width: 320, height: 240 });
    expect(previewInput({ width: 1000, height: 4000 }, null)).toEqual({ width: 80, height: 320 });
    expect([previewInput(full, 640), previewInput(full, 192)]).toEqual([{ width: 320, height: 320 }, { width: 192, height: 192 }]);
  });

  it('shrinks what is told in pixels with the preview', () => {
    const blurred = { ...noAugmentation, blur: 2, noise: 0.1 };
    expect(previewOptions(blurred, { width: 320, height: 320 }, 640)).toEqual({ ...blurred, blur: 1 });
    expect(previewOptions(blurred, { width: 320, height: 240 }, null)).toEqual(blurred);
  });

  it('takes the labels of the task\'s kind and of classes that are learned', () => {
    for (const task of ['detect', 'segment', 'landmarks'] as const) {
      const kind = annotationKindOf[task]!;
      const labels = taskLabels(task, annotations, classesOf(task));
      expect(labels.length).toBe(annotations.filter((a) => a.geometry.kind === kind).length);
      expect(labels.length).toBeGreaterThan(0);
      expect(new Set(labels.map((label) => label.kind))).toEqual(new Set([kind]));
    }
    const [first] = classesOf('detect');
    const some = taskLabels('detect', annotations, [first!]);
    expect(new Set(some.map((label) => 'classId' in label && label.classId))).toEqual(new Set([first!.id]));
  });
});

describe('variants', () => {
  it('begin with the image as it is, whatever the settings', () => {
    const strong = { ...defaultAugmentation, rotate: 90, noise: 0.2 };
    const plain = show('detect', strong, 0);
    expect(plain).toEqual(show('detect', noAugmentation, 3));
    const boxes = annotations.flatMap(({ geometry: g }) => (g.kind === 'box' ? [g] : []));
    plain.labels.forEach((label, i) => {
      if (label.kind !== 'box') throw new Error('a box is meant');
      expect(label.x0).toBeCloseTo(boxes[i]!.x0 / 2, 6);
      expect(label.y1).toBeCloseTo(boxes[i]!.y1 / 2, 6);
    });
    expect(show('detect', strong, 1).labels).not.toEqual(plain.labels);
  });

  it('are the same for a seed, and each another', () => {
    expect(show('detect', defaultAugmentation, 2, 5)).toEqual(show('detect', defaultAugmentation, 2, 5));
    const pixels = [1, 2, 3, 4, 5].flatMap((variant) => [5, 6].map((seed) => show('detect', { ...defaultAugmentation, mosaic: 0 }, variant, seed).pixels.join()));
    expect(new Set(pixels).size).toBe(pixels.length);
  });

  it('carry masks and points with the pixels, by the classes that are there', () => {
    const { labelMap, classIds, width, height } = show('segment', { ...noAugmentation, mirrorX: 1 });
    const masks = annotations.flatMap((a) => (a.geometry.kind === 'mask' ? [{ classId: a.classId, mask: maskFromString(a.geometry.mask) }] : []));
    let agree = 0;
    for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) {
      const there = masks.findLast(({ mask }) => maskHas(mask, full.width - 1 - 2 * x, 2 * y))?.classId ?? null;
      agree += Number((classIds[labelMap![y * width + x]! - 1] ?? null) === there);
    }
    expect(agree / (width * height)).toBeGreaterThan(0.99);

    // Left and right have changed places: the first point is on the left again.
    const truth = annotations.find((a) => a.geometry.kind === 'landmarks')!.geometry;
    if (truth.kind !== 'landmarks') throw new Error('landmarks are meant');
    const mirrored = show('landmarks', { ...noAugmentation, mirrorX: 1 }).labels[0]!;
    if (mirrored.kind !== 'landmarks') throw new Error('landmarks are meant');
    const [a, b] = demoSchema.classes.find(({ skeleton }) => skeleton)!.skeleton!.pairs[0]!;
    expect(mirrored.points[a]!.x).toBeCloseTo((full.width - truth.points[b]!.x) / 2, 6);
    expect(mirrored.points[b]!.y).toBeCloseTo(truth.points[a]!.y / 2, 6);
  });
});
