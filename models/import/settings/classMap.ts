/** Segmenters: a score a class, or the class itself, for every cell of a map. */
import { z } from 'zod';
import { shownPort, wrongCount, type Hints, type LayoutSettings, type OutputPort, type Recognised } from './types';

const headSchema = z.object({
  /** Channels before or after the axes of space; `index`: the map holds the number of the class itself. */
  order: z.enum(['nchw', 'nhwc', 'index']),
  channels: z.number().int().positive(),
  /** What the numbers are: before the softmax, after it, or each channel by itself before or after the sigmoid. */
  values: z.enum(['logits', 'probabilities', 'sigmoid-logits', 'sigmoid']),
  /** Channel 0 is what belongs to no class. With sigmoids there is no such channel: what no class reaches 0.5 at is background. */
  background: z.boolean(),
  outputStride: z.number().int().positive(),
  /** Classes (ids) whose connected parts are objects of their own. */
  instances: z.union([z.literal('all'), z.array(z.string())]),
  minArea: z.number().nonnegative(),
  /** How narrow a neck divides touching objects (see tasks/segment/separate); 0: never. */
  neck: z.number().min(0).max(1),
});
export type ClassMapHead = z.infer<typeof headSchema>;

/** Of an index map: in no class, whatever is named (PASCAL VOC, Cityscapes). */
export const VOID_INDEX = 255;

/** Numbers of classes of well-known sets that have no background: CamVid, Cityscapes, ADE20K, COCO-Stuff. */
const WITHOUT_BACKGROUND = new Set([11, 19, 150, 171]);
const isBackground = (name: string) => /^[_\s]*(back ?ground|unlabell?ed|void|none)[_\s]*$/i.test(name);

interface Space {
  channels: number;
  height: number;
  width: number;
}

function spaceOf({ shape }: OutputPort, order: ClassMapHead['order']): Space | null {
  if (shape[0] !== 1) return null;
  if (order === 'index') {
    const sides = shape.length === 4 && shape[1] === 1 ? shape.slice(2) : shape.length === 4 && shape[3] === 1 ? shape.slice(1, 3) : shape.length === 3 ? shape.slice(1) : null;
    return sides && { channels: 1, height: sides[0]!, width: sides[1]! };
  }
  if (shape.length !== 4) return null;
  return order === 'nchw' ? { channels: shape[1]!, height: shape[2]!, width: shape[3]! } : { channels: shape[3]!, height: shape[1]!, width: shape[2]! };
}

function strideOf({ height, width }: Space, { inputSize }: Pick<Hints, 'inputSize'>): number | null {
  const stride = inputSize.height / height;
  return Number.isInteger(stride) && stride <= 32 && inputSize.width === width * stride ? stride : null;
}

const isSigmoid = ({ values }: Pick<ClassMapHead, 'values'>) => values === 'sigmoid' || values === 'sigmoid-logits';

/** How the map `port` would be read with its channels where `order` says. */
function reading(port: OutputPort, order: ClassMapHead['order'], { channels }: Space, outputStride: number, names: readonly string[] | null | undefined): Recognised<ClassMapHead> {
  const base = { order, channels, outputStride, instances: [], minArea: 0, neck: 0 };
  if (order === 'index') {
    const background = names ? isBackground(names[0] ?? '') : true;
    return { head: { ...base, values: 'logits', background }, outputs: [port.name], classes: names ? Math.max(1, names.length - (background ? 1 : 0)) : 0 };
  }
  if (channels === 1) return { head: { ...base, values: 'sigmoid-logits', background: true }, outputs: [port.name], classes: 1 };
  const background = names?.length === channels ? isBackground(names[0]!) : names?.length === channels - 1 || !WITHOUT_BACKGROUND.has(channels);
  return { head: { ...base, values: 'logits', background }, outputs: [port.name], classes: channels - (background ? 1 : 0) };
}

const isWhole = ({ type }: OutputPort) => type !== undefined && /int/.test(type);

/** Places for the channels, the likeliest first. */
const ordersOf = (port: OutputPort) => (port.shape.length === 3 || isWhole(port) ? (['index'] as const) : (['nchw', 'nhwc'] as const));

function recognised(port: OutputPort, hints: Hints): Recognised<ClassMapHead> | null {
  for (const order of ordersOf(port)) {
    const space = spaceOf(port, order);
    const stride = space && strideOf(space, hints);
    if (space && stride && space.channels <= 1000) return reading(port, order, space, stride, hints.names);
  }
  return null;
}

export const classMap: LayoutSettings<ClassMapHead> = {
  name: 'class-map',
  title: 'Segmentation map',
  description: 'A score a class for every place (U-Net, DeepLab, SegFormer, torchvision), or the number of the class itself.',
  task: 'segment',
  headSchema,
  roles: [{ title: 'Map' }],
  fields: [
    { path: 'order', label: 'The map holds', kind: 'choice', options: [
      { value: 'nchw', label: 'scores: [1, channels, height, width]' }, { value: 'nhwc', label: 'scores: [1, height, width, channels]' }, { value: 'index', label: 'the number of the class' },
    ] },
    { path: 'values', label: 'Scores are', kind: 'choice', shown: ({ order }) => order !== 'index', options: [
      { value: 'logits', label: 'before the softmax' }, { value: 'probabilities', label: 'after the softmax' },
      { value: 'sigmoid-logits', label: 'each before a sigmoid' }, { value: 'sigmoid', label: 'each after a sigmoid' },
    ] },
    { path: 'background', label: 'The first is background', description: 'Channel or number 0 belongs to no class', kind: 'switch', shown: ({ order, values }) => order === 'index' || !(values === 'sigmoid' || values === 'sigmoid-logits') },
    { path: 'instances', label: 'Of a class in an image', kind: 'choice', options: [{ value: [], label: 'all pixels are one mask' }, { value: 'all', label: 'each connected part is an object' }] },
    { path: 'minArea', label: 'Least area of an object', description: 'Pixels of the input', kind: 'number', min: 0, max: 1e6, step: 1, shown: ({ instances }) => instances === 'all' },
    { path: 'neck', label: 'Divide at necks', description: 'Narrower than this share of the smaller part; 0: never', kind: 'number', min: 0, max: 1, step: 0.05, shown: ({ instances }) => instances === 'all' },
  ],

  recognise: (outputs, hints) => (outputs.length > 2 ? null : recognised(outputs[0]!, hints)),

  suggest(outputs, hints) {
    const known = outputs.map((port) => recognised(port, hints)).find((found) => found !== null);
    if (known) return known;
    const port = outputs.find(({ shape }) => shape.length >= 3) ?? outputs[0]!;
    const order = ordersOf(port)[0];
    return reading(port, order, spaceOf(port, order) ?? { channels: 1, height: 1, width: 1 }, 1, hints.names);
  },

  fit(head, { ports: [port], inputSize, classes }) {
    const space = spaceOf(port!, head.order);
    if (!space) return { problem: `The output ${shownPort(port!)} is no map ${head.order === 'index' ? 'of class numbers; [1, height, width]' : 'of scores; [1, channels, height, width] or [1, height, width, channels]'} is expected.` };
    const outputStride = strideOf(space, { inputSize });
    if (outputStride === null) return { problem: `The output ${shownPort(port!)}, read as ${space.height} rows of ${space.width} places, does not cover the input of ${inputSize.width}×${inputSize.height} evenly, in steps of at most 32 pixels. Choose where its channels are, or another output.` };
    const fitted = { ...head, channels: space.channels, outputStride };
    if (head.order === 'index') return { head: { ...fitted, values: 'logits' } };
    if (isSigmoid(head)) return space.channels === classes ? { head: { ...fitted, background: true } } : wrongCount(port!, space.channels, classes);
    if (space.channels === 1) return { problem: `The output ${shownPort(port!)} has one channel, of which a softmax says nothing. Say that its scores come before or after a sigmoid.` };
    const told = space.channels - (head.background ? 1 : 0);
    return told === classes ? { head: fitted } : wrongCount(port!, told, classes);
  },
};
