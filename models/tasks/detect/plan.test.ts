import { describe, expect, it } from 'vitest';
import { chooseAnchors, chooseInputSize, scalesOf } from './plan';

describe('the plan', () => {
  const image = (width: number, height: number, side: number) => ({ width, height, boxes: [{ kind: 'box' as const, classId: 'a', x0: 0, y0: 0, x1: side, y1: side }] });

  it('chooses an input of the images\' aspect, larger for small objects', () => {
    expect(chooseInputSize([image(640, 480, 100)], 32)).toEqual({ width: 320, height: 256 });
    expect(chooseInputSize([image(480, 640, 100)], 32)).toEqual({ width: 256, height: 320 });
    expect(chooseInputSize([image(2000, 2000, 50)], 32).width).toBe(480);
    expect(chooseInputSize([image(2000, 2000, 5)], 32).width).toBe(640);
  });

  it('gives small anchors to fine maps, and a third scale to large ones', () => {
    const anchors = [{ w: 100, h: 100 }, { w: 10, h: 10 }, { w: 50, h: 50 }, { w: 20, h: 20 }];
    expect(scalesOf(anchors).map(({ stride, anchors: own }) => [stride, own.map(({ w }) => w)])).toEqual([[8, [10, 20]], [16, [50, 100]]]);
    expect(scalesOf([...anchors, { w: 300, h: 200 }]).map(({ stride }) => stride)).toEqual([8, 16, 32]);
  });

  it('has an anchor for every scale even when there is one shape', () => {
    expect(chooseAnchors([{ w: 10, h: 20 }, { w: 10, h: 20 }], 6, 1).anchors.length).toBeGreaterThanOrEqual(2);
  });
});
