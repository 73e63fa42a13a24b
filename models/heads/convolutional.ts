/**
 * Dense layers as convolutions (Sermanet et al.: OverFeat, ICLR 2014): a classifier of windows becomes a network that runs over
 * an image of any size and gives, in one pass, what it would give for every window.
 */
import { tf, type LayersModel } from '../runtime/tf';

export interface ConvolutionalForm {
  /** Input `[batch, height, width, channels]` of any size from the window's on; outputs `[batch, rows, columns, units]`. */
  model: LayersModel;
  /** Size of the input that the original takes. */
  window: { height: number; width: number };
  /** Input pixels between neighbouring windows: cell (i, j) of the first output is the window at (i · stride.y, j · stride.x). */
  stride: { y: number; x: number };
}

/** A tensor of the new model, and what the old one thinks of it. */
interface Converted {
  tensor: tf.SymbolicTensor;
  /** Set where the original is a vector: the cells (rows, columns) that each of its numbers was taken from. */
  cells: [number, number] | null;
  stride: [number, number];
}

/** Layers that treat every number alike: they may stand between Flatten and Dense. */
const ELEMENTWISE = new Set(['Activation', 'Dropout', 'ELU', 'LeakyReLU', 'ReLU']);
/** … and those that work along the channels. */
const BY_CHANNEL = new Set([...ELEMENTWISE, 'Add', 'Average', 'BatchNormalization', 'Concatenate', 'Maximum', 'Minimum', 'Multiply', 'Softmax']);
/** Layers over height and width that look equally at every place. */
const LOCAL = new Set([
  ...BY_CHANNEL, 'AveragePooling2D', 'ConnectedConv2D', 'Conv2D', 'Cropping2D', 'DepthwiseConv2D', 'GroupedConv2D', 'LocalResponseNormalization', 'MaxPooling2D',
  'SeparableConv2D', 'Subsampling2D', 'ZeroPadding2D',
]);

/**
 * The classifier as convolutions with the same weights, which are copied. Flatten + Dense over h×w×c becomes an h×w convolution
 * (the numbers of the kernel stay in their order), every further Dense a 1×1 convolution, and global average pooling a pooling
 * of the map's size.
 *
 * Equal to the original on every window as long as nothing is padded before the dense layers; where it is, windows of the large
 * image see their surroundings in the place of zeros. Throws an Error that names a layer that needs the whole image.
 */
export function toConvolutional(model: LayersModel): ConvolutionalForm {
  const [, height, width, channels] = model.inputs[0]!.shape;
  if (model.inputs.length !== 1 || !height || !width || !channels) throw new Error('a model of one image input of a given size is needed');
  const image = tf.input({ shape: [null, null, channels], name: `${model.inputs[0]!.sourceLayer.name}_any` });
  const known = new Map<number, Converted>([[model.inputs[0]!.id, { tensor: image, cells: null, stride: [1, 1] }]]);

  const visit = (old: tf.SymbolicTensor): Converted => {
    const ready = known.get(old.id);
    if (ready) return ready;
    const layer = old.sourceLayer;
    const { inputTensors } = layer.inboundNodes[old.nodeIndex]!;
    const converted = convert(layer, inputTensors.map((input) => [input, visit(input)] as const));
    known.set(old.id, converted);
    return converted;
  };
  const outputs = model.outputs.map(visit);
  const [y, x] = outputs[0]!.stride;
  return {
    model: tf.model({ inputs: image, outputs: outputs.map(({ tensor }) => tensor), name: `${model.name}_convolutional` }),
    window: { height, width },
    stride: { y, x },
  };
}

function convert(layer: tf.layers.Layer, inputs: (readonly [tf.SymbolicTensor, Converted])[]): Converted {
  const kind = layer.getClassName();
  const [first, { cells, stride }] = inputs[0]!;
  const refuse = (): never => {
    throw new Error(`layer ${layer.name} (${kind}) needs the whole image: the network has no convolutional form`);
  };
  const [rows, columns] = [first.shape[1] ?? 1, first.shape[2] ?? 1];
  if (kind === 'Flatten') return cells ? inputs[0]![1] : { tensor: inputs[0]![1].tensor, cells: [rows, columns], stride };
  if (kind === 'GlobalAveragePooling2D' || kind === 'GlobalMaxPooling2D') {
    const settings = { name: layer.name, poolSize: [rows, columns] as [number, number], strides: [1, 1] as [number, number], padding: 'valid' as const };
    const pool = kind === 'GlobalAveragePooling2D' ? tf.layers.averagePooling2d(settings) : tf.layers.maxPooling2d(settings);
    return { tensor: pool.apply(inputs[0]![1].tensor) as tf.SymbolicTensor, cells: [1, 1], stride };
  }
  if (kind === 'Dense' && cells) return { tensor: denseAsConv(layer, inputs[0]![1].tensor, cells), cells: [1, 1], stride };
  const vectors = inputs.map(([, input]) => input.cells !== null);
  const oneCell = inputs.every(([, input]) => input.cells === null || (input.cells[0] === 1 && input.cells[1] === 1));
  const allowed = vectors.every((vector) => !vector) ? LOCAL.has(kind) || kind === 'Dense' : vectors.every(Boolean) && (oneCell ? BY_CHANNEL : ELEMENTWISE).has(kind);
  if (!allowed) refuse();
  const copy = cloneOf(layer);
  const values = inputs.map(([, input]) => input.tensor);
  const tensor = copy.apply(values.length === 1 ? values[0]! : values) as tf.SymbolicTensor;
  if (layer.weights.length > 0) copy.setWeights(layer.getWeights());
  const [sy, sx] = stridesOf(layer);
  return { tensor, cells, stride: [stride[0] * sy, stride[1] * sx] };
}

function denseAsConv(layer: tf.layers.Layer, x: tf.SymbolicTensor, kernelSize: [number, number]): tf.SymbolicTensor {
  const { units, activation, useBias } = layer.getConfig() as { units: number; activation: string; useBias: boolean };
  const conv = tf.layers.conv2d({ name: layer.name, filters: units, kernelSize, padding: 'valid', activation: activation as 'relu', useBias, kernelInitializer: 'zeros' });
  const y = conv.apply(x) as tf.SymbolicTensor;
  const [kernel, ...bias] = layer.getWeights();
  tf.tidy(() => conv.setWeights([tf.reshape(kernel!, [...kernelSize, -1, units]), ...bias]));
  return y;
}

/** A layer of the same settings without weights of its own yet. */
function cloneOf(layer: tf.layers.Layer): tf.layers.Layer {
  const Class = layer.constructor as new (config: tf.serialization.ConfigDict) => tf.layers.Layer;
  return new Class(layer.getConfig());
}

/** How much further apart a layer's cells are than those of its input. */
function stridesOf(layer: tf.layers.Layer): [number, number] {
  if (layer.getClassName() === 'Subsampling2D') return [2, 2];
  const { strides = 1 } = layer.getConfig() as { strides?: number | [number, number] };
  return typeof strides === 'number' ? [strides, strides] : strides;
}
