import { describe, expect, it } from 'vitest';
import { backbones } from '../../backbones';
import { Graph } from '../../graph';
import { lowerModel } from '../../lower';
import { tf } from '../../runtime/tf';
import { readWeights } from '../../runtime/weights';
import { randomTensor, relativeDifference, runWithOrt } from '../../testing/gradcheck';
import { buildUnet, UNET_OUTPUT, unetDecoder, type UnetLayout } from '.';

const layout: UnetLayout = { inputSize: { width: 64, height: 32 }, channels: 3, outputStride: 1, convolutions: 2, width: null };
const shapes = (model: tf.LayersModel) => Object.fromEntries(model.layers.map((layer) => [layer.name, (layer.outputShape as number[]).slice(1)]));
const parameters = (model: tf.LayersModel) => model.trainableWeights.reduce((sum, { shape }) => sum + (shape as number[]).reduce((a, b) => a * b, 1), 0);

describe('the plain U-Net', () => {
  it('gives h × w × classes, and joins encoder activations of the same size on the way', () => {
    const model = buildUnet(backbones.unet16!, layout, 1);
    const at = shapes(model);
    expect(model.outputs[0]!.shape).toEqual([null, 32, 64, 3]);
    expect(at.level5_b_relu).toEqual([2, 4, 256]);
    // Skip connection: as many channels of the encoder as of the enlarged map.
    expect(at.decode8_up).toEqual([4, 8, 128]);
    expect(at.decode8_skip).toEqual([4, 8, 256]);
    expect(at.decode1_skip).toEqual([32, 64, 32]);
    expect(at.decode1_2_relu).toEqual([32, 64, 16]);
    model.dispose();
  });

  it.each([16, 32])('has the parameters of its layers at %i filters', (w) => {
    // Two 3×3 convolutions a level without bias, a scale and a shift a filter; 2×2 transposed convolutions and the last 1×1 with bias.
    const block = (from: number, to: number) => 9 * from * to + 9 * to * to + 4 * to;
    let expected = block(3, w);
    for (let level = 1; level < 5; level++) expected += block(w * 2 ** (level - 1), w * 2 ** level);
    for (let level = 3; level >= 0; level--) {
      const filters = w * 2 ** level;
      expected += 4 * 2 * filters * filters + filters + block(2 * filters, filters);
    }
    expected += w * 3 + 3;
    const model = buildUnet(backbones[`unet${w}`]!, { ...layout, inputSize: { width: 16, height: 16 } }, 1);
    expect(parameters(model)).toBe(expected);
    model.dispose();
  });

  it('gives the same numbers on both engines with transposed convolutions and with nearest upsampling', async () => {
    for (const upsampling of ['transpose', 'nearest'] as const) {
      const model = buildUnet(backbones.unet16!, { ...layout, inputSize: { width: 32, height: 16 }, upsampling }, 3);
      const input = randomTensor([2, 16, 32, 3], upsampling);
      const graph = new Graph();
      const { outputs, weights } = lowerModel(graph, model, [graph.input('image', [2, 16, 32, 3])], { training: false });
      const known = readWeights(model);
      const { y } = await runWithOrt({ outputs: { y: outputs[0]! }, constants: Object.fromEntries(weights.map(({ name, value }) => [name, { ...known[name]!, shape: value.shape }])) }, { image: input });
      const oracle = tf.tidy(() => (model.predict(tf.tensor(input.data, [2, 16, 32, 3])) as tf.Tensor).dataSync());
      expect(relativeDifference(y!.data, oracle)).toBeLessThan(1e-4);
      model.dispose();
    }
  });

  it('begins near equal probabilities, from weights that the seed decides', () => {
    const [a, b, c] = [buildUnet(backbones.unet16!, layout, 1), buildUnet(backbones.unet16!, layout, 1), buildUnet(backbones.unet16!, layout, 2)];
    const kernel = (model: tf.LayersModel) => readWeights(model)[`${UNET_OUTPUT}/kernel`]!.data;
    expect(kernel(a)).toEqual(kernel(b));
    expect(kernel(a)).not.toEqual(kernel(c));
    expect(Math.max(...kernel(a).map(Math.abs))).toBeLessThan(0.2);
    for (const model of [a, b, c]) model.dispose();
  });
});

describe('a U-Net on a backbone', () => {
  it.each(['compact', 'mobilenet2', 'resnet18', 'vgg16', 'alexnet', 'lenet5', 'googlenet-bn', 'efficientnet-b0'])('stands on %s, at half the resolution of the input', (name) => {
    const backbone = backbones[name]!;
    const side = Math.ceil(Math.max(backbone.minimalSize, 32) / backbone.multiple) * backbone.multiple;
    const model = buildUnet(backbone, { inputSize: { width: side, height: side }, channels: 4, outputStride: 2 }, 1);
    expect(model.outputs[0]!.shape).toEqual([null, side / 2, side / 2, 4]);
    model.dispose();
  });

  it('has no more filters than asked for', () => {
    const model = buildUnet(backbones.resnet18!, { inputSize: { width: 32, height: 32 }, channels: 4, outputStride: 2, width: 8 }, 1);
    expect(shapes(model)).toMatchObject({ decode16_1_relu: [2, 2, 128], decode2_1_relu: [16, 16, 16] });
    model.dispose();
  });

  it('says so when there is nothing to enlarge', () => {
    const tensor = tf.input({ shape: [4, 4, 8] });
    expect(() => unetDecoder({ maps: [{ stride: 8, tensor }] }, { outputStride: 16 })).toThrow('the features end at stride 8');
  });
});
