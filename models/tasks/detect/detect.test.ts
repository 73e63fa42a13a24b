import { describe, expect, it } from 'vitest';
import { backbones } from '../../backbones';
import { Graph, sizeOf } from '../../graph';
import { gridOf } from '../../heads/yolo';
import { designOf } from '../../testing/classDesign';
import { randomTensor, runWithOrt } from '../../testing/gradcheck';
import { type BoxLabel, type Example } from '../types';
import { type DetectHead, headSchema, layoutOf } from './head';
import { collisionNote } from './plan';
import { detect } from '.';

const classes = [{ id: 'a', name: 'A' }, { id: 'b', name: 'B' }];
const box = (cx: number, cy: number, w: number, h: number, more: Partial<BoxLabel> = {}): BoxLabel => ({ kind: 'box', classId: 'a', x0: cx - w / 2, x1: cx + w / 2, y0: cy - h / 2, y1: cy + h / 2, ...more });
const example = (...labels: BoxLabel[]): Example => ({ id: 'x', image: { path: '' }, width: 640, height: 640, labels });
const anchors = [{ w: 20, h: 60 }, { w: 60, h: 20 }];
const plan = (train: Example[], more: Record<string, unknown> = {}) =>
  detect.plan({ train, val: [], classes }, { seed: 1, multiple: 32, inputSize: { width: 320, height: 320 }, backbone: backbones.compact!, options: detect.optionsSchema.parse({ anchors, ...more }) });

describe('boxes that want the same place', () => {
  // The input is half the image: boxes of 40×120 have the shape of the first anchor, at stride 8.
  const tall = box(322, 322, 40, 120);

  it('are counted over the training images and told', () => {
    const nearly = box(323, 321, 28, 140, { classId: 'b' });
    const { notes } = plan([example(tall, nearly), example(tall), example(tall, box(322, 322, 52, 52))]);
    expect(notes.at(-1)).toBe('2 of 5 training boxes want the cell and anchor of a box that fits better: 1 learned at another anchor, 1 not learned where the image is shown whole. A larger input or more anchors may part them.');
  });

  it('are not where they are apart, crowds, or in images that are only watched', () => {
    const apart = plan([example(tall, box(340, 322, 40, 120)), example(tall, box(322, 322, 40, 120, { crowd: true }))]);
    expect(apart.notes.join()).not.toContain('want the cell');
    const { notes } = detect.plan({ train: [example(tall)], val: [example(tall, tall)], classes }, { seed: 1, multiple: 32, inputSize: { width: 320, height: 320 }, backbone: backbones.compact!, options: detect.optionsSchema.parse({ anchors }) });
    expect(notes.join()).not.toContain('want the cell');
    expect(collisionNote({ moved: 0, dropped: 0 }, 9)).toBeNull();
  });
});

describe('the loss of boxes', () => {
  const image = [example(box(322, 322, 40, 120))];

  it('is complete IoU unless squared differences are asked for, and the card keeps which', () => {
    expect('box' in plan(image).head).toBe(false);
    const { head } = plan(image, { box: 'squared' });
    expect(headSchema.parse(JSON.parse(JSON.stringify(head)))).toMatchObject({ box: 'squared' });
  });

  it('is the one that the head names', async () => {
    const of = async (head: DetectHead) => {
      const design = { ...designOf('detect', head, { classes, size: 64 }), classes };
      const layout = layoutOf(design);
      const graph = new Graph();
      const shapes = layout.scales.map((scale) => [1, gridOf(layout, scale).rows, gridOf(layout, scale).columns, scale.anchors.length * 7]);
      const targets = detect.targets(design, 1);
      const arrays = Object.fromEntries(Object.entries(targets).map(([name, { shape }]) => [name, new Float32Array(sizeOf(shape))]));
      detect.writeTargets(design, arrays, 0, { width: 64, height: 64, labelMap: null, labels: [box(33, 30, 18, 50)] });
      const { parts } = detect.loss(graph, design, shapes.map((shape, s) => graph.input(`z${s}`, shape)), Object.fromEntries(Object.entries(targets).map(([name, { shape }]) => [name, graph.constant(arrays[name] as Float32Array, shape)])));
      const values = await runWithOrt({ outputs: parts }, Object.fromEntries(shapes.map((shape, s) => [`z${s}`, randomTensor(shape, `z${s}`)])));
      return Object.fromEntries(Object.entries(values).map(([name, { data }]) => [name, data[0]!]));
    };
    const scales = [{ stride: 8, anchors: [anchors[0]!] }, { stride: 16, anchors: [anchors[1]!] }];
    const [usual, named, squared] = [await of({ scales, meanBestIou: null }), await of({ scales, meanBestIou: null, box: 'ciou' }), await of({ scales, meanBestIou: null, box: 'squared' })];
    expect(named).toEqual(usual);
    expect(squared.box).not.toBeCloseTo(usual!.box!, 2);
    // What else the loss is made of is the same.
    expect([squared.objectness, squared.class]).toEqual([usual!.objectness, usual!.class]);
  });
});
