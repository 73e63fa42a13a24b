/** The networks that are timed, in tf.layers: the same as in the PyTorch runs they are compared with. */
import { tf, type LayersModel } from '@/models/runtime/tf';
import { initialiseWeights } from '@/models/runtime/weights';

const L = tf.layers;
type T = tf.SymbolicTensor;

const finish = (model: LayersModel): LayersModel => {
  initialiseWeights(model, 1);
  return model;
};
const conv = (x: T, filters: number, kernelSize: number, strides = 1, useBias = false): T =>
  L.conv2d({ filters, kernelSize, strides, padding: 'same', useBias, kernelInitializer: 'zeros' }).apply(x) as T;
const norm = (x: T): T => L.batchNormalization({ momentum: 0.9 }).apply(x) as T;

/** U-Net with 16 channels at the top, four levels, batch norm, one output (logits); up by repetition or by transposed convolution. */
export function unet16(size: number, up: 'nearest' | 'transposed' = 'nearest'): LayersModel {
  const input = tf.input({ shape: [size, size, 3] });
  const block = (x: T, filters: number): T => [0, 1].reduce((y) => L.reLU().apply(norm(conv(y, filters, 3))) as T, x);
  const skips: T[] = [];
  let x: T = input;
  for (let level = 0; level < 4; level++) {
    x = block(x, 16 << level);
    skips.push(x);
    x = L.maxPooling2d({ poolSize: 2 }).apply(x) as T;
  }
  x = block(x, 16 << 4);
  for (let level = 3; level >= 0; level--) {
    x = (up === 'nearest'
      ? L.upSampling2d({ size: [2, 2] })
      : L.conv2dTranspose({ filters: 16 << level, kernelSize: 2, strides: 2, kernelInitializer: 'zeros' })).apply(x) as T;
    x = block(L.concatenate().apply([skips[level]!, x]) as T, 16 << level);
  }
  return finish(tf.model({ inputs: input, outputs: conv(x, 1, 1, 1, true) }));
}

/** Tiny YOLO v3 for 80 classes, three anchors at each of two scales. */
export function tinyYolo(size: number): LayersModel {
  const input = tf.input({ shape: [size, size, 3] });
  const block = (x: T, filters: number, kernel: number): T => L.leakyReLU({ alpha: 0.1 }).apply(norm(conv(x, filters, kernel))) as T;
  let x: T = input;
  let route: T | null = null;
  for (const filters of [16, 32, 64, 128, 256]) {
    x = block(x, filters, 3);
    route = x;
    x = L.maxPooling2d({ poolSize: 2 }).apply(x) as T;
  }
  const narrow = block(block(block(x, 512, 3), 1024, 3), 256, 1);
  const coarse = conv(block(narrow, 512, 3), 255, 1, 1, true);
  const up = L.upSampling2d({ size: [2, 2] }).apply(block(narrow, 128, 1)) as T;
  const fine = conv(block(L.concatenate().apply([up, route!]) as T, 256, 3), 255, 1, 1, true);
  return finish(tf.model({ inputs: input, outputs: [coarse, fine] }));
}

/** MobileNet v2 (Sandler et al. 2018) at width 1, 1000 classes. */
export function mobileNetV2(size: number): LayersModel {
  const input = tf.input({ shape: [size, size, 3] });
  const relu6 = (x: T): T => L.reLU({ maxValue: 6 }).apply(x) as T;
  let x = relu6(norm(conv(input, 32, 3, 2)));
  let channels = 32;
  for (const [expansion, filters, repeats, stride] of [[1, 16, 1, 1], [6, 24, 2, 2], [6, 32, 3, 2], [6, 64, 4, 2], [6, 96, 3, 1], [6, 160, 3, 2], [6, 320, 1, 1]] as const) {
    for (let i = 0; i < repeats; i++) {
      const strides = i === 0 ? stride : 1;
      let y = expansion > 1 ? relu6(norm(conv(x, channels * expansion, 1))) : x;
      y = relu6(norm(L.depthwiseConv2d({ kernelSize: 3, strides, padding: 'same', useBias: false, depthwiseInitializer: 'zeros' }).apply(y) as T));
      y = norm(conv(y, filters, 1));
      x = strides === 1 && channels === filters ? (L.add().apply([x, y]) as T) : y;
      channels = filters;
    }
  }
  x = L.globalAveragePooling2d({}).apply(relu6(norm(conv(x, 1280, 1)))) as T;
  return finish(tf.model({ inputs: input, outputs: L.dense({ units: 1000, kernelInitializer: 'zeros' }).apply(x) as T }));
}
