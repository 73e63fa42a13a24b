import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { backbones } from '../../backbones';
import { inspectLayers, networkReportSchema, type LayerReport, type NetworkReport } from '../../inspect';
import { tf } from '../../runtime/tf';
import * as uploads from '../../testing/onnxModels';
import { inspectUpload, saveUpload } from '../import';
import { saveBuiltin } from '../pretrained';
import { inspectModel, measureProgram } from '.';

const L = tf.layers;
type Apply = (x: tf.SymbolicTensor) => tf.SymbolicTensor;
const chain = (...layers: tf.layers.Layer[]): Apply => (x) => layers.reduce((value, layer) => layer.apply(value) as tf.SymbolicTensor, x);

function reportOf(shape: number[], apply: Apply): NetworkReport {
  const input = tf.input({ shape, name: 'image' });
  const model = tf.model({ inputs: input, outputs: apply(input) });
  const { report } = inspectLayers(model);
  model.dispose();
  return networkReportSchema.parse(report);
}
const layer = (report: NetworkReport, name: string): LayerReport => report.layers.find((one) => one.name === name)!;

describe('costs worked by hand', () => {
  it('a 5×5 convolution of 192 channels costs 120,422,400 products, a tenth of that behind a bottleneck', () => {
    const direct = reportOf([28, 28, 192], chain(L.conv2d({ name: 'direct', filters: 32, kernelSize: 5, padding: 'same' })));
    expect(layer(direct, 'direct')).toMatchObject({ multiplications: 120_422_400, outputShape: [28, 28, 32], parameters: 5 * 5 * 192 * 32 + 32 });
    const bottleneck = reportOf([28, 28, 192], chain(L.conv2d({ name: 'squeeze', filters: 16, kernelSize: 1 }), L.conv2d({ name: 'wide', filters: 32, kernelSize: 5, padding: 'same' })));
    expect([layer(bottleneck, 'squeeze').multiplications, layer(bottleneck, 'wide').multiplications]).toEqual([2_408_448, 10_035_200]);
    expect(bottleneck.totals.multiplications).toBe(12_443_648);
  });

  it('a depthwise separable convolution costs 672 instead of 2160', () => {
    const normal = reportOf([6, 6, 3], chain(L.conv2d({ name: 'normal', filters: 5, kernelSize: 3 })));
    expect(normal.totals.multiplications).toBe(2160);
    const separable = reportOf([6, 6, 3], chain(L.depthwiseConv2d({ name: 'depthwise', kernelSize: 3 }), L.conv2d({ name: 'pointwise', filters: 5, kernelSize: 1 })));
    expect([layer(separable, 'depthwise').multiplications, layer(separable, 'pointwise').multiplications]).toEqual([432, 240]);
    expect(separable.totals.multiplications / 2160).toBeCloseTo(1 / 5 + 1 / 9, 10);
  });

  it('ten 3×3×3 filters have 280 parameters, whatever the size of the image', () => {
    for (const size of [6, 39]) expect(reportOf([size, size, 3], chain(L.conv2d({ filters: 10, kernelSize: 3 }))).totals.parameters).toBe(280);
  });

  it('the LeNet-style network', () => {
    const image = tf.input({ shape: [32, 32, 3], name: 'image' });
    const backbone = backbones['lenet-style']!;
    const model = tf.model({ inputs: image, outputs: backbone.top(backbone.build(image), 10) });
    const { report } = inspectLayers(model);
    model.dispose();
    expect(report.layers.filter(({ parameters }) => parameters > 0).map(({ parameters }) => parameters)).toEqual([608, 3216, 48_120, 10_164, 850]);
    expect(layer(report, 'conv1_conv')).toMatchObject({ outputShape: [28, 28, 8], multiplications: 28 * 28 * 8 * 75, receptiveField: { height: 5, width: 5 }, stride: { height: 1, width: 1 } });
    expect(layer(report, 'conv1_pool')).toMatchObject({ outputShape: [14, 14, 8], receptiveField: { height: 6, width: 6 }, stride: { height: 2, width: 2 } });
    expect(layer(report, 'conv2_conv')).toMatchObject({ outputShape: [10, 10, 16], receptiveField: { height: 14, width: 14 } });
    expect(layer(report, 'conv2_pool')).toMatchObject({ receptiveField: { height: 16, width: 16 }, stride: { height: 4, width: 4 } });
    expect(layer(report, 'top_fc1')).toMatchObject({ receptiveField: null, stride: null, multiplications: 400 * 120 });
  });
});

describe('receptive fields', () => {
  it('grow by dilation and stride, and shrink their stride when maps are enlarged', () => {
    const report = reportOf([64, 48, 3], chain(
      L.conv2d({ name: 'a', filters: 4, kernelSize: [3, 5], strides: 2, padding: 'same' }),
      L.conv2d({ name: 'b', filters: 4, kernelSize: 3, dilationRate: 2, padding: 'same' }),
      L.maxPooling2d({ name: 'c', poolSize: 2 }),
      L.upSampling2d({ name: 'd', size: [2, 2] }),
      L.conv2dTranspose({ name: 'e', filters: 4, kernelSize: 4, strides: 2, padding: 'same' }),
    ));
    const of = (name: string) => [layer(report, name).receptiveField, layer(report, name).stride];
    expect(of('a')).toEqual([{ height: 3, width: 5 }, { height: 2, width: 2 }]);
    expect(of('b')).toEqual([{ height: 11, width: 13 }, { height: 2, width: 2 }]);
    expect(of('c')).toEqual([{ height: 13, width: 15 }, { height: 4, width: 4 }]);
    expect(of('d')).toEqual([{ height: 13, width: 15 }, { height: 2, width: 2 }]);
    expect(of('e')).toEqual([{ height: 15, width: 17 }, { height: 1, width: 1 }]);
  });

  it('are the greater of joined branches, and gates are left out', () => {
    const report = reportOf([32, 32, 3], (x) => {
      const a = L.conv2d({ name: 'wide', filters: 4, kernelSize: 7, padding: 'same' }).apply(x) as tf.SymbolicTensor;
      const b = L.conv2d({ name: 'narrow', filters: 4, kernelSize: 1 }).apply(x) as tf.SymbolicTensor;
      const sum = L.add({ name: 'sum' }).apply([a, b]) as tf.SymbolicTensor;
      const mean = L.globalAveragePooling2d({ name: 'mean' }).apply(sum) as tf.SymbolicTensor;
      const gate = L.reshape({ name: 'gate', targetShape: [1, 1, 4] }).apply(mean) as tf.SymbolicTensor;
      return L.multiply({ name: 'gated' }).apply([sum, gate]) as tf.SymbolicTensor;
    });
    expect(layer(report, 'sum')).toMatchObject({ inputs: ['wide', 'narrow'], receptiveField: { height: 7, width: 7 } });
    expect(layer(report, 'mean').receptiveField).toBeNull();
    expect(layer(report, 'gated')).toMatchObject({ inputs: ['sum', 'gate'], receptiveField: { height: 7, width: 7 } });
  });

  it('of VGG-16 is the published one (Araujo et al. 2019), of ResNet-50 that of strides in the 3×3 convolutions', () => {
    // 7; pool 11; three blocks 35; at strides 8, 16, 32: 43 + 48, 107 + 160, 299 + 128.
    for (const [name, size] of [['vgg16', 212], ['resnet50', 427]] as const) {
      const image = tf.input({ shape: [64, 64, 3], name: 'image' });
      const model = tf.model({ inputs: image, outputs: backbones[name]!.build(image).maps.at(-1)!.tensor });
      const { report } = inspectLayers(model);
      model.dispose();
      expect(report.layers.at(-1)).toMatchObject({ receptiveField: { height: size, width: size }, stride: { height: 32, width: 32 } });
    }
  });
});

describe('times', () => {
  it('stand beside the layers and make up most of the whole', async () => {
    const input = tf.input({ shape: [96, 96, 3], name: 'image' });
    const model = tf.model({
      inputs: input,
      outputs: chain(
        L.conv2d({ name: 'first', filters: 16, kernelSize: 3, padding: 'same', activation: 'relu' }), L.conv2d({ name: 'second', filters: 32, kernelSize: 3, padding: 'same' }),
        L.batchNormalization({ name: 'norm' }), L.globalAveragePooling2d({ name: 'pool' }), L.dense({ name: 'out', units: 5 }),
      )(input),
    });
    const report = networkReportSchema.parse(await measureProgram(inspectLayers(model), { runs: 3 }));
    model.dispose();
    // The convolution and its norm became one node, which has the name of the second.
    const time = (...names: string[]) => names.reduce((total, name) => total + (layer(report, name).milliseconds ?? 0), 0);
    expect(time('second', 'norm')).toBeGreaterThan(time('out'));
    expect(time('first')).toBeGreaterThan(0);
    const sum = report.layers.reduce((total, { milliseconds }) => total + (milliseconds ?? 0), 0);
    expect(sum).toBeGreaterThan(0);
    expect(report.timing).toMatchObject({ engine: 'ort', runs: 3 });
    expect(sum + report.timing!.rest).toBeGreaterThanOrEqual(report.timing!.total * 0.99);
  });
});

describe('stored models', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'fieldmark-inspect-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('of graph form are told node by node', async () => {
    const dir = path.join(folder, 'coco');
    await saveBuiltin('coco-objects', dir);
    const report = networkReportSchema.parse(await inspectModel(dir, { runs: 2 }));
    expect(report.runtime).toBe('graph');
    expect(report.inputs).toEqual([{ name: 'tower_0/images', shape: [512, 512, 3] }]);
    const stem = layer(report, 'tower_0/MobilenetV3/Conv/BatchNorm/FusedBatchNorm');
    expect(stem).toMatchObject({ className: '_FusedConv2D', outputShape: [256, 256, 16], parameters: 448, multiplications: 256 * 256 * 16 * 27, receptiveField: { height: 3, width: 3 }, stride: { height: 2, width: 2 } });
    expect(report.layers.filter(({ milliseconds }) => milliseconds !== null).length).toBeGreaterThan(50);
  });

  it('of two networks are told one after the other', async () => {
    const dir = path.join(folder, 'faces');
    await saveBuiltin('face-landmarks', dir);
    const report = networkReportSchema.parse(await inspectModel(dir));
    expect(report.inputs).toEqual([{ name: 'faces/input', shape: [256, 256, 3] }, { name: 'mesh/input_1', shape: [192, 192, 3] }]);
    expect(report.layers.filter(({ name }) => name.startsWith('mesh/')).length).toBeGreaterThan(80);
    expect(report.totals.parameters).toBe(report.layers.reduce((sum, { parameters }) => sum + parameters, 0));
  });

  it('of ONNX form are told node by node', async () => {
    const dir = path.join(folder, 'seg');
    const bytes = uploads.yolov8SegModel();
    const { readings } = await inspectUpload(bytes);
    await saveUpload(bytes, readings[0]!.choices, dir);
    const report = networkReportSchema.parse(await inspectModel(dir, { runs: 2 }));
    expect(report.runtime).toBe('onnx');
    const conv = report.layers.find(({ className }) => className === 'Conv')!;
    expect(conv).toMatchObject({ outputShape: [32, 16, 16], parameters: 32 * 3 + 32, multiplications: 16 * 16 * 32 * 3, receptiveField: { height: 4, width: 4 }, stride: { height: 4, width: 4 } });
    expect(report.layers.some(({ milliseconds }) => milliseconds !== null)).toBe(true);
    expect((await inspectModel(dir)).timing).toBeNull();
  });
});
