/**
 * For tests: layers written in tfjs's own operations, where tfjs's plain backend has no gradient of its operation (dilation,
 * transposed 3-D convolution, batch norm without scale) or a wrong one: it divides by the whole window where an average leaves
 * padding out, and resizes only the first image back. Those used here it knows, so that `tf.grad` of them is the layer's.
 */
import { tf, type LayersModel } from '../runtime/tf';

type Composed = (model: LayersModel, x: tf.Tensor) => tf.Tensor;

/** The weight `layer/name` as the variable that it is. */
function weight(model: LayersModel, layer: number, name: string): tf.Tensor {
  const found = model.layers[layer]!.weights.find(({ originalName }) => originalName.split('/').at(-1)!.startsWith(name));
  if (!found) throw new Error(`layer ${layer} has no ${name}`);
  return found.read();
}

const apply = (model: LayersModel, layer: number, x: tf.Tensor) => model.layers[layer]!.apply(x) as tf.Tensor;

/** `zeros` zeros between neighbours along an axis. */
function spread(x: tf.Tensor, axis: number, zeros: number): tf.Tensor {
  const n = x.shape[axis]!;
  const [before, after] = [x.shape.slice(0, axis), x.shape.slice(axis + 1)];
  const outer = before.reduce((a, b) => a * b, 1);
  const wide = tf.reshape(tf.pad(tf.reshape(x, [outer, n, 1, -1]), [[0, 0], [0, 0], [0, zeros], [0, 0]]), [outer, n * (zeros + 1), -1]);
  const kept = n * (zeros + 1) - zeros;
  return tf.reshape(tf.slice(wide, [0, 0, 0], [-1, kept, -1]), [...before, kept, ...after]);
}

/** A kernel with zeros in place of the pixels that dilation by two passes over. */
const dilated = (kernel: tf.Tensor): tf.Tensor => Array.from({ length: kernel.rank - 2 }, (_, axis) => axis).reduce((k, axis) => spread(k, axis, 1), kernel);

const grouped = (x: tf.Tensor, kernel: tf.Tensor, groups: number, strides: number): tf.Tensor => {
  const kernels = tf.split(kernel, groups, 3);
  return tf.concat(tf.split(x, groups, 3).map((part, i) => tf.conv2d(part as tf.Tensor4D, kernels[i] as tf.Tensor4D, strides, 'valid')), 3);
};

/** A convolution over the image with zeros between and around, by the kernel turned about, in and out exchanged. */
function transposed3d(x: tf.Tensor, kernel: tf.Tensor, strides: number, padding: 'same' | 'valid'): tf.Tensor {
  const [d, h, w, out, cin] = kernel.shape as [number, number, number, number, number];
  const turned = tf.transpose(tf.reshape(tf.reverse(tf.reshape(kernel, [d * h * w, out * cin]), 0), [d, h, w, out, cin]), [0, 1, 2, 4, 3]);
  const wide = [1, 2, 3].reduce((image, axis) => spread(image, axis, strides - 1), x);
  const pads = [d, h, w].map((size, axis): [number, number] => {
    const n = x.shape[axis + 1]!;
    const output = padding === 'same' ? n * strides : n * strides + Math.max(size - strides, 0);
    const total = padding === 'same' ? Math.max((n - 1) * strides + size - output, 0) : 0;
    const before = size - 1 - Math.floor(total / 2);
    return [before, output + size - 1 - wide.shape[axis + 1]! - before];
  });
  return tf.conv3d(tf.pad(wide, [[0, 0], ...pads, [0, 0]]) as tf.Tensor5D, turned as tf.Tensor5D, 1, 'valid');
}

/** Every row `factor` times along an axis. */
function repeated(x: tf.Tensor, axis: number, factor: number): tf.Tensor {
  const shape = x.shape.map((n, i) => (i === axis ? n * factor : n));
  return tf.reshape(tf.stack(Array<tf.Tensor>(factor).fill(x), axis + 1), shape);
}

/** Between neighbours along an axis, `factor` to each; beyond the last pixel the last one is repeated. */
function interpolated(x: tf.Tensor, axis: number, factor: number): tf.Tensor {
  const n = x.shape[axis]!;
  const places = Array.from({ length: n * factor }, (_, i) => i / factor);
  const at = (of: (place: number) => number) => tf.gather(x, tf.tensor1d(places.map((place) => Math.min(of(place), n - 1)), 'int32'), axis);
  const share = tf.tensor(places.map((place) => place - Math.floor(place)), x.shape.map((_, i) => (i === axis ? n * factor : 1)));
  return tf.add(tf.mul(at(Math.floor), tf.sub(1, share)), tf.mul(at((place) => Math.floor(place) + 1), share));
}

/** By the name of the case in the test of lowered layers. */
export const composedLayers: Record<string, Composed> = {
  'Conv2D dilated': (model, x) => tf.conv2d(x as tf.Tensor4D, dilated(weight(model, 1, 'kernel')) as tf.Tensor4D, 1, 'same'),
  'Conv1D dilated': (model, x) => tf.add(tf.conv1d(x as tf.Tensor3D, dilated(weight(model, 1, 'kernel')) as tf.Tensor3D, 1, 'valid'), weight(model, 1, 'bias')),
  'GroupedConv2D valid, strided, dilated, no bias': (model, x) =>
    tf.add(grouped(grouped(x, weight(model, 1, 'kernel'), 3, 2), dilated(weight(model, 2, 'kernel')), 3, 1), weight(model, 2, 'bias')),
  'Conv3DTranspose': (model, x) => tf.add(transposed3d(x, weight(model, 1, 'kernel'), 2, 'same'), weight(model, 1, 'bias')),
  'Conv3DTranspose valid': (model, x) => tf.add(transposed3d(x, weight(model, 1, 'kernel'), 2, 'valid'), weight(model, 1, 'bias')),
  'BatchNormalization of rows': (model, x) =>
    tf.add(tf.div(tf.sub(x, weight(model, 1, 'moving_mean')), tf.sqrt(tf.add(weight(model, 1, 'moving_variance'), 1e-3))), weight(model, 1, 'beta')),
  'UpSampling2D': (_model, x) => repeated(repeated(x, 1, 2), 2, 3),
  'UpSampling2D bilinear': (model, x) => interpolated(interpolated(apply(model, 1, x), 1, 2), 2, 3),
  'AveragePooling2D same': (_model, x) => {
    const sums = (map: tf.Tensor) => tf.avgPool(tf.pad(map, [[0, 0], [0, 1], [0, 1], [0, 0]]) as tf.Tensor4D, 2, 2, 'valid');
    return tf.div(sums(x), sums(tf.onesLike(x)));
  },
};
