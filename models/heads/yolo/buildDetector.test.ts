import { describe, expect, it } from 'vitest';
import { backbones } from '../../backbones';
import { tf } from '../../runtime/tf';
import { readWeights } from '../../runtime/weights';
import { buildDetector, type YoloLayout } from '.';

const anchors = [{ w: 20, h: 30 }, { w: 40, h: 40 }];
const layout: YoloLayout = { inputSize: { width: 96, height: 64 }, scales: [8, 16, 32].map((stride) => ({ stride, anchors })), classes: 3 };

/** The first of each family; the others differ in depth and width alone. */
const families = new Map(Object.values(backbones).reverse().map((backbone) => [backbone.family, backbone]));

describe('a detector', () => {
  it.each([...families.values()].map((backbone) => [backbone.name, backbone] as const))('on %s has an output for each scale', (_name, backbone) => {
    const before = tf.memory().numTensors;
    const model = buildDetector(backbone, layout, 1);
    expect(model.outputs.map(({ shape }) => shape)).toEqual([[null, 8, 12, 16], [null, 4, 6, 16], [null, 2, 3, 16]]);
    // One predictor in a hundred holds an object at first.
    const bias = readWeights(model)['output8/bias']!.data;
    expect(1 / (1 + Math.exp(-bias[4]!))).toBeCloseTo(0.01, 5);
    model.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('on a wide backbone keeps its neck narrow', () => {
    const model = buildDetector(backbones.resnet50!, layout, 1);
    const neck = model.layers.filter(({ name }) => /^(neck|head|output)/.test(name)).reduce((sum, layer) => sum + layer.countParams(), 0);
    expect(neck).toBeLessThan(6e6);
    model.dispose();
  });

  it('refuses an input that halvings do not divide', () => {
    expect(() => buildDetector(backbones.lenet5!, { ...layout, inputSize: { width: 100, height: 64 } }, 1)).toThrow('must be a multiple of 32, not 100×64');
  });
});
