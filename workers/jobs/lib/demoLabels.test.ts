import { describe, expect, it } from 'vitest';
import { DEMO_SEED, drawDemoImage } from '@/lib/core/demo';
import { boxIou } from '@/lib/core/geometry';
import { asPersonDrawn, isLabelled } from './demoLabels';
import { duration } from './trainingReport';

describe('labels of the demo', () => {
  it('are nearly the truth, and the same each time', () => {
    const image = drawDemoImage(DEMO_SEED, 3);
    const drawn = asPersonDrawn(image, 3);
    expect(drawn).toEqual(asPersonDrawn(image, 3));
    expect(drawn.length).toBeGreaterThan(image.annotations.length * 0.7);
    for (const a of drawn) {
      if (a.geometry.kind !== 'box') continue;
      const g = a.geometry;
      expect(image.annotations.some((t) => t.geometry.kind === 'box' && t.object === a.object && boxIou(t.geometry, g) > 0.5)).toBe(true);
      expect(g.x0 >= 0 && g.y0 >= 0 && g.x1 <= image.width && g.y1 <= image.height).toBe(true);
    }
  });
  it('cover three pictures of five', () => {
    expect(Array.from({ length: 50 }, (_, i) => isLabelled(i)).filter(Boolean)).toHaveLength(30);
  });
});

it('says durations in words', () => {
  expect([duration(45.2), duration(90), duration(600), duration(4810), duration(NaN)]).toEqual(['46 s', '2 min', '10 min', '1 h 20 min', 'some time']);
});
