/** Label maps as the shares that the loss is fed with. */
import { IGNORED, type Sample } from '../types';
import { channelOfValue, channelsOf, type SegmentDesign } from './head';

export const sharesShape = (design: SegmentDesign, batch: number): [number, number, number, number] => {
  const { inputSize: { width, height }, head: { outputStride } } = design;
  return [batch, height / outputStride, width / outputStride, channelsOf(design)];
};

/**
 * How much of each output cell's pixels each channel has, as image `index` of `shares` (`sharesShape`). What is ignored, and
 * where there is no background what no class covers, has no share.
 */
export function writeShares(design: SegmentDesign, shares: Float32Array, index: number, { width, height, labelMap }: Sample): void {
  if (!labelMap) throw new Error('a segmenter learns from label maps, and the sample has none');
  const [, rows, columns, channels] = sharesShape(design, 1);
  const stride = design.head.outputStride;
  const own = shares.subarray(index * rows * columns * channels, (index + 1) * rows * columns * channels);
  own.fill(0);
  const pixel = 1 / stride ** 2;
  const channelOf = Int32Array.from({ length: 256 }, (_, value) => (value === IGNORED ? -1 : channelOfValue(value, design)));
  for (let y = 0; y < height; y++) {
    const row = Math.floor(y / stride) * columns;
    for (let x = 0; x < width; x++) {
      const channel = channelOf[labelMap[y * width + x]!]!;
      if (channel >= 0 && channel < channels) own[(row + Math.floor(x / stride)) * channels + channel]! += pixel;
    }
  }
}
