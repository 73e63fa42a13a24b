import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { classesOf, pairsByName, type UploadChoices } from '../choices';
import { PERSON_POINTS, PERSON_SWAPS } from '../../pretrained/builtin/coco';
import { layouts } from '../layouts';
import { fitChoices, layoutSettings, readings, type OutputPort } from '.';

type Size = UploadChoices['inputSize'];
const cells = ({ width, height }: Size, strides: readonly number[]) => strides.reduce((sum, s) => sum + Math.ceil(width / s) * Math.ceil(height / s), 0);
const port = (name: string, ...shape: number[]): OutputPort => ({ name, shape });
const hints = (inputSize: Size, metadata: Record<string, string> = {}, names: string[] | null = null) => ({ inputSize, metadata, names });
const size = fc.record({ width: fc.integer({ min: 2, max: 20 }), height: fc.integer({ min: 2, max: 20 }) }).map(({ width, height }) => ({ width: width * 32, height: height * 32 }));

/** Outputs that a model of each layout has at a size, and the classes and points that they tell. */
const outputsOf: Record<string, (inputSize: Size, classes: number) => { ports: OutputPort[]; classes: number; points?: number; metadata?: Record<string, string> }> = {
  yolov5: (s, c) => ({ ports: [port('o', 1, 3 * cells(s, [8, 16, 32]), c + 5)], classes: c }),
  yolov8: (s, c) => ({ ports: [port('o', 1, c + 4, cells(s, [8, 16, 32]))], classes: c, metadata: { task: 'detect' } }),
  'yolov8-seg': (s, c) => ({ ports: [port('o', 1, c + 36, cells(s, [8, 16, 32])), port('p', 1, 32, s.height / 4, s.width / 4)], classes: c }),
  'yolov8-pose': (s, c) => ({ ports: [port('o', 1, c + 4 + 27, cells(s, [8, 16, 32]))], classes: c, points: 9, metadata: { task: 'pose', kpt_shape: '[9, 3]' } }),
  boxes: () => ({ ports: [port('o', 1, 300, 6)], classes: 0 }),
  centernet: (s, c) => ({ ports: [port('hm', 1, c, s.height / 4, s.width / 4), port('wh', 1, 2, s.height / 4, s.width / 4), port('reg', 1, 2, s.height / 4, s.width / 4)], classes: c }),
  'class-map': (s, c) => ({ ports: [port('o', 1, 20 + c, s.height, s.width)], classes: 19 + c }),
  'point-list': () => ({ ports: [port('o', 1, 1, 17, 3)], classes: 1, points: 17 }),
  movenet: () => ({ ports: [port('h', 1, 48, 48, 17), port('c', 1, 48, 48, 1), port('g', 1, 48, 48, 34), port('o', 1, 48, 48, 34)], classes: 1, points: 17 }),
};

const choose = (layout: string, inputSize: Size, { head, outputs }: { head: unknown; outputs: string[] }, classes: number, points = 0) => ({
  layout, inputSize, head: head as Record<string, unknown>, outputs,
  classes: classesOf(Array.from({ length: classes }, (_, i) => `c${i}`), points > 0 ? Array.from({ length: points }, (_, i) => `p${i}`) : undefined),
});

describe.each(Object.keys(layoutSettings))('the layout %s', (name) => {
  const layout = layoutSettings[name]!;
  const classCount = fc.integer({ min: 2, max: 30 });

  it('is recognised, may be chosen where it is not, and its settings fit what it was recognised by', () => {
    fc.assert(fc.property(size, classCount, (inputSize, count) => {
      const { ports, classes, points, metadata } = outputsOf[name]!(inputSize, count);
      const all = readings(ports, hints(inputSize, metadata));
      expect(all.map((reading) => reading.layout).sort()).toEqual(Object.keys(layoutSettings).sort());
      const own = all.find((reading) => reading.layout === name)!;
      expect(own).toMatchObject({ recognised: true, classes, ...(points && { points }) });
      const choice = choose(name, inputSize, own, Math.max(1, classes), points);
      const fitted = fitChoices(choice, ports);
      expect(fitted).toEqual({ head: { ...own.head as object, ...(classes === 0 && { classes: 1 }) } });
      // The suggestion for who chooses the layout is one that fits, too.
      const suggested = layout.suggest(ports, hints(inputSize, metadata));
      expect(fitChoices(choose(name, inputSize, suggested, Math.max(1, suggested.classes), suggested.points), ports)).toHaveProperty('head');
    }), { numRuns: 40 });
  });

  it('suggests something for any outputs, and says what does not fit', () => {
    const shape = fc.array(fc.constantFrom(1, 2, 3, 6, 17, 48, 84, 8400), { minLength: 0, maxLength: 5 });
    fc.assert(fc.property(fc.array(shape, { minLength: 1, maxLength: 5 }), size, (shapes, inputSize) => {
      const ports = shapes.map((s, i) => port(`o${i}`, ...s));
      const suggested = layout.suggest(ports, hints(inputSize));
      expect(layout.headSchema.safeParse(suggested.head).success).toBe(true);
      const fitted = fitChoices(choose(name, inputSize, suggested, Math.max(1, suggested.classes), suggested.points), ports);
      if ('problem' in fitted) expect(fitted.problem).toMatch(/\.$/);
      else expect(layout.headSchema.safeParse(fitted.head).success).toBe(true);
    }), { numRuns: 300 });
  });

  it('keeps what was set when the input gets another size, and takes the rest from the new shapes', () => {
    fc.assert(fc.property(size, size, classCount, (before, after, count) => {
      const { ports, classes, points, metadata } = outputsOf[name]!(before, count);
      const own = readings(ports, hints(before, metadata)).find((reading) => reading.layout === name)!;
      const resized = outputsOf[name]!(after, count);
      const there = readings(resized.ports, hints(after, resized.metadata)).find((reading) => reading.layout === name)!;
      const named = Math.max(1, classes);
      expect(fitChoices(choose(name, after, own, named, points), resized.ports)).toEqual(fitChoices(choose(name, after, there, named, points), resized.ports));
    }), { numRuns: 20 });
  });

  it('offers only settings that it understands', () => {
    const inputSize = { width: 640, height: 640 };
    const { ports, metadata } = outputsOf[name]!(inputSize, 3);
    const { head } = readings(ports, hints(inputSize, metadata)).find((reading) => reading.layout === name)!;
    for (const field of layout.fields) {
      const values = field.kind === 'switch' ? [true, false] : field.kind === 'number' ? [field.min, field.max] : field.options.map(({ value }) => value);
      for (const value of values) {
        const [first, second] = field.path.split('.') as [string, string | undefined];
        const changed = { ...head as Record<string, unknown>, [first]: second ? { ...(head as Record<string, object>)[first], [second]: value } : value };
        expect(layout.headSchema.safeParse(changed).error?.issues ?? [], `${field.path} = ${String(value)}`).toEqual([]);
      }
    }
  });

  it('is read by the layout of its name', () => expect(layouts[name]).toMatchObject({ name, title: layout.title, task: layout.task }));
});

describe('detectors of the YOLO family', () => {
  it.each([['with a P2 map', [4, 8, 16, 32]], ['with a P6 map', [8, 16, 32, 64]], ['tiny', [16, 32]]] as const)('%s are recognised', (_name, strides) => {
    const inputSize = { width: 640, height: 480 };
    expect(readings([port('o', 1, 84, cells(inputSize, strides))], hints(inputSize))[0]).toMatchObject({ layout: 'yolov8', recognised: true, classes: 80 });
    expect(readings([port('o', 1, 3 * cells(inputSize, strides), 85)], hints(inputSize))[0]).toMatchObject({ layout: 'yolov5', recognised: true, classes: 80 });
  });

  it('that no count of cells tells may be chosen', () => {
    const inputSize = { width: 640, height: 480 };
    const all = readings([port('o', 1, 7, 1234)], hints(inputSize));
    expect(all.some(({ recognised, layout }) => recognised && layout.startsWith('yolo'))).toBe(false);
    expect(all.find(({ layout }) => layout === 'yolov8')).toMatchObject({ recognised: false, head: { columns: true, objectness: false, classes: 3 } });
    expect(all.find(({ layout }) => layout === 'yolov5')).toMatchObject({ recognised: false, head: { columns: true, objectness: true, classes: 2 } });
  });

  it('say how many classes they tell apart', () => {
    const inputSize = { width: 640, height: 640 };
    const ports = [port('output0', 1, 84, 8400)];
    const own = readings(ports, hints(inputSize))[0]!;
    expect(fitChoices(choose('yolov8', inputSize, own, 79), ports)).toEqual({ problem: 'The output output0 [1, 84, 8400] tells 80 classes apart, 79 are named. Name them all, in the order of its outputs, or change how it is read.', classes: 80 });
    expect(fitChoices(choose('yolov8', inputSize, { ...own, head: { ...own.head as object, objectness: true } }, 80), ports)).toMatchObject({ classes: 79 });
    expect(fitChoices(choose('yolov8-pose', inputSize, { ...own, head: { ...own.head as object, points: { count: 30, fields: 3 } } }, 1, 30), ports)).toEqual({ problem: expect.stringContaining('the box and the points alone are 94') as string });
  });
});

describe('segmentation maps', () => {
  const inputSize = { width: 256, height: 128 };
  const background = (channels: number, names: string[] | null = null) => {
    const { head, classes } = readings([port('o', 1, channels, 128, 256)], hints(inputSize, {}, names))[0]!;
    return [(head as { background: boolean }).background, classes];
  };

  it('have a background, unless their names or their number say otherwise', () => {
    expect(background(21)).toEqual([true, 20]);
    expect(background(19)).toEqual([false, 19]);
    expect(background(3, ['road', 'sky', 'tree'])).toEqual([false, 3]);
    expect(background(3, ['background', 'road', 'sky'])).toEqual([true, 2]);
    expect(background(3, ['road', 'sky'])).toEqual([true, 2]);
  });

  it('tell as many classes as they have channels, less the background where there is one', () => {
    const ports = [port('o', 1, 19, 128, 256)];
    const own = readings(ports, hints(inputSize))[0]!;
    expect(fitChoices(choose('class-map', inputSize, own, 19), ports)).toHaveProperty('head');
    expect(fitChoices(choose('class-map', inputSize, own, 18), ports)).toMatchObject({ classes: 19 });
    expect(fitChoices(choose('class-map', inputSize, { ...own, head: { ...own.head as object, background: true } }, 18), ports)).toHaveProperty('head');
  });

  it('of whole numbers hold the classes themselves', () => {
    expect(readings([{ ...port('o', 1, 1, 128, 256), type: 'int64' }], hints(inputSize))[0]).toMatchObject({ layout: 'class-map', head: { order: 'index' }, classes: 0 });
    expect(readings([port('o', 1, 1, 128, 256)], hints(inputSize))[0]).toMatchObject({ layout: 'class-map', head: { order: 'nchw', values: 'sigmoid-logits' }, classes: 1 });
  });
});

describe('names', () => {
  it('that are there twice are told apart', () => expect(classesOf(['a', 'b', 'a', 'a']).map(({ id }) => id)).toEqual(['a', 'b', 'a (2)', 'a (3)']));
  it('of left and right points make pairs', () => {
    expect(pairsByName(PERSON_POINTS)).toEqual(PERSON_SWAPS);
    expect(pairsByName(['Left eye', 'nose', 'Right eye', 'l_ear', 'ear-r', 'left', 'right'])).toEqual([[0, 2], [3, 4]]);
  });
});
