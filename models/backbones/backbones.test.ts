import { afterEach, describe, expect, it } from 'vitest';
import { tf, type LayersModel } from '../runtime/tf';
import { backbones, blockOf, unfreeze, type Backbone } from './index';

const all = Object.values(backbones);

let open: LayersModel | null = null;
afterEach(() => {
  open?.dispose();
  open = null;
});

/** Only one network is kept in memory at a time: the largest are half a gigabyte. */
function classifier(backbone: Backbone, size: number, { channels = 3, classes = 1000, sides = false } = {}): LayersModel {
  open?.dispose();
  const image = tf.input({ shape: [size, size, channels] });
  const features = backbone.build(image);
  const outputs = [backbone.top(features, classes), ...(sides ? backbone.sideBranches!(features, classes) : [])];
  open = tf.model({ inputs: image, outputs });
  return open;
}
const sizeOf = (shape: readonly (number | null)[]): number => shape.reduce<number>((product, n) => product * n!, 1);
/** Numbers that gradients train; the moving statistics of batch norm are not. */
const trained = (model: { trainableWeights: { shape: readonly (number | null)[] }[] }): number => model.trainableWeights.reduce((sum, { shape }) => sum + sizeOf(shape), 0);

describe('trainable parameters with 1000 classes at the size of the paper', () => {
  // Sources: see the head of each network's file.
  const published: Record<string, number> = {
    alexnet: 60_965_224,
    vgg16: 138_357_544, vgg19: 143_667_240,
    resnet18: 11_689_512, resnet34: 21_797_672, resnet50: 25_557_032, resnet101: 44_549_160, resnet152: 60_192_808,
    googlenet: 6_998_552, 'googlenet-bn': 7_005_832,
    mobilenet1: 4_231_976, mobilenet2: 3_504_872,
    'efficientnet-b0': 5_288_548, 'efficientnet-b1': 7_794_184, 'efficientnet-b2': 9_109_994, 'efficientnet-b3': 12_233_232,
    'efficientnet-b4': 19_341_616, 'efficientnet-b5': 30_389_784, 'efficientnet-b6': 43_040_704, 'efficientnet-b7': 66_347_960,
  };

  it.each(Object.entries(published))('%s has %i', (name, count) => {
    const backbone = backbones[name]!;
    expect(trained(classifier(backbone, backbone.usualSize))).toBe(count);
  });

  it.each([['googlenet', 13_378_280], ['googlenet-bn', 13_385_816]])('%s has %i with its side branches', (name, count) => {
    expect(trained(classifier(backbones[name]!, 224, { sides: true }))).toBe(count);
  });

  it('are known for every backbone but these, for which no such figure is published', () => {
    expect(all.map(({ name }) => name).filter((name) => !(name in published)).sort()).toEqual(['compact', 'lenet-style', 'lenet5', 'mobilenet3', 'mobilenet3-coco', 'unet16', 'unet32', 'unet64']);
  });
});

describe('the networks worked by hand', () => {
  const parametersOf = (model: LayersModel) => Object.fromEntries(model.layers.filter((layer) => layer.weights.length > 0).map((layer) => [layer.name, trained(layer)]));
  const shapesOf = (model: LayersModel) => Object.fromEntries(model.layers.map((layer) => [layer.name, (layer.outputShape as number[]).slice(1)]));

  it('LeNet-5 has 60,000 parameters from C1 to F6, and 60,850 with the output', () => {
    const model = classifier(backbones.lenet5!, 32, { channels: 1, classes: 10 });
    expect(parametersOf(model)).toEqual({ c1_conv: 156, s2_pool: 12, c3_conv: 1516, s4_pool: 32, top_c5_conv: 48_120, top_f6: 10_164, top_output: 850 });
    expect(trained(model)).toBe(60_850);
    expect(shapesOf(model)).toMatchObject({ c1_conv: [28, 28, 6], s2_pool: [14, 14, 6], c3_conv: [10, 10, 16], s4_pool: [5, 5, 16], top_c5_conv: [1, 1, 120] });
  });

  it('the LeNet-style one has the parameters of its layers, channels included', () => {
    const model = classifier(backbones['lenet-style']!, 32, { classes: 10 });
    expect(parametersOf(model)).toEqual({ conv1_conv: 608, conv2_conv: 3216, top_fc1: 48_120, top_fc2: 10_164, top_output: 850 });
    expect(shapesOf(model)).toMatchObject({ conv1_conv: [28, 28, 8], conv1_pool: [14, 14, 8], conv2_conv: [10, 10, 16], conv2_pool: [5, 5, 16], top_flatten: [400] });
  });

  it('AlexNet sees 55×55, 27×27, 13×13 and 6×6', () => {
    const shapes = shapesOf(classifier(backbones.alexnet!, 227));
    expect(shapes).toMatchObject({ conv1_conv: [55, 55, 96], conv2_conv: [27, 27, 256], conv5_conv: [13, 13, 256], conv5_pool: [6, 6, 256] });
  });

  it('AlexNet is five convolutions, the second from 48 maps on each half, and three dense layers after dropout', () => {
    const weighted = classifier(backbones.alexnet!, 227).layers.filter((layer) => layer.weights.length > 0);
    const kernels = Object.fromEntries(weighted.map((layer) => [layer.name, layer.weights[0]!.shape]));
    expect(kernels).toEqual({
      conv1_conv: [11, 11, 3, 96], conv2_conv: [5, 5, 48, 256], conv3_conv: [3, 3, 256, 384], conv4_conv: [3, 3, 192, 384], conv5_conv: [3, 3, 192, 256],
      top_fc1: [9216, 4096], top_fc2: [4096, 4096], top_fc3: [4096, 1000],
    });
    expect(open!.layers.filter((layer) => layer.getClassName() === 'Dropout').map((layer) => layer.getConfig().rate)).toEqual([0.5, 0.5]);
  });

  it('an Inception module joins 28×28×256, and GoogLeNet has nine of them', () => {
    const shapes = shapesOf(classifier(backbones.googlenet!, 224));
    expect(shapes).toMatchObject({ inception3a_1x1_conv: [28, 28, 64], inception3a_3x3_conv: [28, 28, 128], inception3a_5x5_conv: [28, 28, 32], inception3a_join: [28, 28, 256], inception5b_join: [7, 7, 1024] });
    expect(Object.keys(shapes).filter((name) => name.endsWith('_join'))).toHaveLength(9);
  });

  it('MobileNet v1 has 13 depthwise separable blocks, v2 17 bottlenecks', () => {
    expect(backbones.mobilenet1!.blocks).toHaveLength(1 + 13);
    expect(backbones.mobilenet2!.blocks).toHaveLength(1 + 17);
    const shapes = shapesOf(classifier(backbones.mobilenet2!, 224));
    const expanded = Object.keys(shapes).filter((name) => name.endsWith('_expand_conv'));
    expect(expanded).toHaveLength(16);
    const before: Record<string, number> = { stage2_block1: 16, stage2_block2: 24, stage4_block1: 32, stage7_block1: 160 };
    for (const [block, channels] of Object.entries(before)) expect(shapes[`${block}_expand_conv`]!.at(-1)).toBe(6 * channels);
  });
});

describe('features', () => {
  const expected: Record<string, [stride: number, channels: number][]> = {
    compact: [[2, 16], [4, 32], [8, 64], [16, 128], [32, 256]],
    mobilenet1: [[2, 64], [4, 128], [8, 256], [16, 512], [32, 1024]],
    mobilenet2: [[2, 16], [4, 24], [8, 32], [16, 96], [32, 320]],
    'efficientnet-b0': [[2, 16], [4, 24], [8, 40], [16, 112], [32, 320]],
    'efficientnet-b7': [[2, 32], [4, 48], [8, 80], [16, 224], [32, 640]],
    resnet18: [[2, 64], [4, 64], [8, 128], [16, 256], [32, 512]],
    resnet50: [[2, 64], [4, 256], [8, 512], [16, 1024], [32, 2048]],
    googlenet: [[2, 64], [4, 192], [8, 480], [16, 832], [32, 1024]],
    vgg16: [[1, 64], [2, 128], [4, 256], [8, 512], [16, 512], [32, 512]],
    alexnet: [[4, 96], [8, 256], [16, 256], [32, 256]],
    lenet5: [[1, 6], [2, 16], [4, 16]],
  };

  it.each(all.map((backbone) => [backbone.name, backbone] as const))('of %s are input / stride large, finest first, when aligned', (_name, backbone) => {
    const image = tf.input({ shape: [2 * backbone.multiple, 3 * backbone.multiple, 3] });
    const { maps } = backbone.build(image, { aligned: true });
    open = tf.model({ inputs: image, outputs: maps.map(({ tensor }) => tensor) });
    for (const { stride, tensor } of maps) expect(tensor.shape.slice(1, 3)).toEqual([(2 * backbone.multiple) / stride, (3 * backbone.multiple) / stride]);
    maps.slice(1).forEach(({ stride }, i) => expect(stride).toBe(2 * maps[i]!.stride));
    expect(maps.at(-1)!.stride).toBe(backbone.multiple);
    if (expected[backbone.name]) expect(maps.map(({ stride, tensor }) => [stride, tensor.shape[3]])).toEqual(expected[backbone.name]);
  });

  it.each(['lenet5', 'lenet-style', 'alexnet'])('of %s need the same weights aligned or as in the paper', (name) => {
    const weights = [true, false].map((aligned) => {
      const image = tf.input({ shape: [96, 96, 3] });
      const model = tf.model({ inputs: image, outputs: backbones[name]!.build(image, { aligned }).maps.at(-1)!.tensor });
      const found = model.weights.map(({ shape }) => shape);
      model.dispose();
      return found;
    });
    expect(weights[0]).toEqual(weights[1]);
  });
});

describe('blocks', () => {
  it.each(all.map((backbone) => [backbone.name, backbone] as const))('of %s hold each layer with weights once, in order from input to output', (_name, backbone) => {
    const image = tf.input({ shape: [backbone.multiple * 2, backbone.multiple * 2, 3] });
    const model = tf.model({ inputs: image, outputs: backbone.build(image, { aligned: true }).maps.map(({ tensor }) => tensor) });
    open = model;
    const found = model.layers.filter((layer) => layer.weights.length > 0).map((layer) => blockOf(backbone, layer.name));
    expect(found).not.toContain(null);
    expect([...new Set(found)]).toEqual(backbone.blocks);
    expect(new Set(backbone.blocks).size).toBe(backbone.blocks.length);
  });

  it('are unfrozen from the end, the classifier first', () => {
    const model = classifier(backbones.mobilenet2!, 32, { classes: 3 });
    const trainable = () => [...new Set(model.layers.filter((layer) => layer.trainable && layer.weights.length > 0).map((layer) => blockOf(backbones.mobilenet2!, layer.name)))];
    unfreeze(model, backbones.mobilenet2!, 0);
    expect(trainable()).toEqual([null]);
    unfreeze(model, backbones.mobilenet2!, 2);
    expect(trainable()).toEqual(['stage6_block3', 'stage7_block1', null]);
    unfreeze(model, backbones.mobilenet2!, 100);
    expect(trainable()).toHaveLength(1 + 18);
  });
});
