/** CenterNet (Zhou et al. 2019, "Objects as Points"): a map of class scores, one of sizes, and perhaps one of offsets. */
import { z } from 'zod';
import type { Size } from '../../data/letterbox';
import { shownPort, wrongCount, type LayoutSettings, type OutputPort } from './types';

const headSchema = z.object({
  order: z.enum(['nchw', 'nhwc']),
  /** Input pixels a cell covers along each side. */
  stride: z.number().int().positive(),
  classes: z.number().int().positive(),
  /** Scores come before the sigmoid. */
  logits: z.boolean(),
  size: z.object({ fields: z.union([z.literal(2), z.literal(4)]), unit: z.enum(['pixels', 'cells']) }),
  /** A third output moves the middle within its cell. */
  offset: z.boolean(),
});
export type CenternetHead = z.infer<typeof headSchema>;
type Order = CenternetHead['order'];

const channelsOf = ({ shape }: OutputPort, order: Order) => (order === 'nchw' ? shape[1]! : shape[3]!);
const isMap = ({ shape }: OutputPort) => shape.length === 4 && shape[0] === 1;

/** Input pixels a cell of all these maps covers; null where they are not of one size or do not cover the input evenly. */
function strideOf(ports: readonly OutputPort[], order: Order, { width, height }: Size): number | null {
  const sides = ports.map(({ shape }) => (order === 'nchw' ? shape.slice(2) : shape.slice(1, 3)));
  const stride = height / sides[0]![0]!;
  return Number.isInteger(stride) && sides.every(([h, w]) => h === height / stride && w === width / stride) ? stride : null;
}

/** Scores first, then sizes, then offsets: by their names, else by the number of their channels. */
function rank(channels: number, name: string): number {
  if (/heat|hm|cls|score|keypoint/i.test(name)) return 1e6;
  if (/off|reg/i.test(name)) return -1;
  if (/wh|size/i.test(name)) return 0.5;
  return channels <= 2 ? 0 : channels;
}

const ranked = (outputs: readonly OutputPort[], order: Order) => [...outputs].sort((p, q) => rank(channelsOf(q, order), q.name) - rank(channelsOf(p, order), p.name));

export const centernet: LayoutSettings<CenternetHead> = {
  name: 'centernet',
  title: 'CenterNet',
  description: 'A score map a class, a map of sizes, and perhaps one of offsets, at a quarter of the input.',
  task: 'detect',
  headSchema,
  roles: [{ title: 'Scores' }, { title: 'Sizes' }, { title: 'Offsets', optional: true }],
  fields: [
    { path: 'order', label: 'Channels come', kind: 'choice', options: [{ value: 'nchw', label: 'before height and width' }, { value: 'nhwc', label: 'after height and width' }] },
    { path: 'logits', label: 'Scores come before the sigmoid', kind: 'switch' },
    { path: 'size.unit', label: 'Sizes are in', kind: 'choice', options: [{ value: 'cells', label: 'cells of the map' }, { value: 'pixels', label: 'pixels of the input' }] },
  ],

  recognise(outputs, { inputSize }) {
    if (outputs.length < 2 || outputs.length > 3 || !outputs.every(isMap)) return null;
    for (const order of ['nchw', 'nhwc'] as const) {
      const stride = strideOf(outputs, order, inputSize);
      if (stride === null) continue;
      const [heat, size, offset] = ranked(outputs, order) as [OutputPort, OutputPort, OutputPort | undefined];
      const fields = channelsOf(size, order);
      if ((fields !== 2 && fields !== 4) || (offset && channelsOf(offset, order) !== 2)) continue;
      const head: CenternetHead = { order, stride, classes: channelsOf(heat, order), logits: false, size: { fields, unit: 'cells' }, offset: offset !== undefined };
      return { head, outputs: [heat, size, ...(offset ? [offset] : [])].map(({ name }) => name), classes: head.classes };
    }
    return null;
  },

  suggest(outputs, { inputSize }) {
    const maps = outputs.filter(isMap);
    const order = (['nchw', 'nhwc'] as const).find((o) => maps.length > 0 && strideOf(maps, o, inputSize) !== null) ?? 'nchw';
    const chosen = ranked(maps, order).slice(0, 3);
    const names = (chosen.length >= 2 ? chosen : [chosen[0] ?? outputs[0]!, outputs.at(-1)!]).map(({ name }) => name);
    const classes = chosen[0] ? Math.max(1, channelsOf(chosen[0], order)) : 1;
    return { head: { order, stride: 4, classes, logits: false, size: { fields: 2, unit: 'cells' }, offset: names.length === 3 }, outputs: names, classes };
  },

  fit(head, { ports, inputSize, classes }) {
    const { order } = head;
    const flat = ports.find((port) => !isMap(port));
    if (flat) return { problem: `The output ${shownPort(flat)} is no map: four axes, of which the first is 1, are expected.` };
    const stride = strideOf(ports, order, inputSize);
    if (stride === null) return { problem: `The maps ${ports.map(shownPort).join(', ')} are not of one size, or do not cover the input of ${inputSize.width}×${inputSize.height} evenly. Choose other outputs, or where the channels are.` };
    const [heat, size, offset] = ports as [OutputPort, OutputPort, OutputPort | undefined];
    const fields = channelsOf(size, order);
    if (fields !== 2 && fields !== 4) return { problem: `The output ${shownPort(size)} has ${fields} channels; sizes have two (width and height) or four (to each edge).` };
    if (offset && channelsOf(offset, order) !== 2) return { problem: `The output ${shownPort(offset)} has ${channelsOf(offset, order)} channels; offsets have two. Choose none, or another output.` };
    if (channelsOf(heat, order) !== classes) return wrongCount(heat, channelsOf(heat, order), classes);
    return { head: { ...head, stride, classes, size: { ...head.size, fields }, offset: offset !== undefined } };
  },
};
