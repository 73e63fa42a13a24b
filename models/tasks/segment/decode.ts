/** Logits of one or more views of an image to masks in the image. */
import { isEmptyMask, maskArea, maskFromIndices, maskRows, type Mask } from '@/lib/core/masks';
import { type Size } from '../../data/letterbox';
import { type DecodeOptions, type MaskLabel, type View } from '../types';
import { channelsOf, type SegmentHead } from './head';
import { objectsIn } from './separate';

type Found = MaskLabel & { score: number };

/** Where along a line of cells each pixel of a line lies: between cells `low` and `high`, `part` of the way. Outside the view: low −1. */
interface Places {
  low: Int32Array;
  high: Int32Array;
  part: Float32Array;
}

/**
 * Places of the `pixels` of one axis of the full image among `cells` of `stride` input pixels. Cells that show no part of the
 * image are not read.
 */
function placesOf(pixels: number, from: number, extent: number, at: number, length: number, mirrored: boolean, stride: number, cells: number): Places {
  const places: Places = { low: new Int32Array(pixels).fill(-1), high: new Int32Array(pixels), part: new Float32Array(pixels) };
  const first = Math.min(cells - 1, Math.max(0, Math.ceil(at / stride - 0.5)));
  const last = Math.max(first, Math.min(cells - 1, Math.floor((at + length) / stride - 0.5)));
  for (let i = 0; i < pixels; i++) {
    const across = (i + 0.5 - from) / extent;
    if (across < 0 || across > 1) continue;
    const place = (at + (mirrored ? 1 - across : across) * length) / stride - 0.5;
    const clamped = Math.min(last, Math.max(first, place));
    const low = Math.floor(clamped);
    places.low[i] = low;
    places.high[i] = Math.min(low + 1, cells - 1);
    places.part[i] = clamped - low;
  }
  return places;
}

/** Logarithms of the softmax over the channels. */
function logSoftmax(logits: Float32Array, channels: number): Float32Array {
  const result = new Float32Array(logits.length);
  for (let at = 0; at < logits.length; at += channels) {
    let max = -Infinity;
    for (let c = 0; c < channels; c++) max = Math.max(max, logits[at + c]!);
    let sum = 0;
    for (let c = 0; c < channels; c++) sum += Math.exp(logits[at + c]! - max);
    const offset = max + Math.log(sum);
    for (let c = 0; c < channels; c++) result[at + c] = logits[at + c]! - offset;
  }
  return result;
}

/** A view made ready to be read pixel by pixel. */
interface Reader {
  log: Float32Array;
  columns: number;
  x: Places;
  y: Places;
}

function readerOf({ design, outputs, frame: { full, region, placement, mirrored } }: View<SegmentHead>): Reader {
  const { inputSize, head: { outputStride: stride } } = design;
  const [columns, rows] = [inputSize.width / stride, inputSize.height / stride];
  return {
    log: logSoftmax(outputs[0]!, channelsOf(design)),
    columns,
    x: placesOf(full.width, region.x, region.width, placement.x, placement.width, mirrored, stride, columns),
    y: placesOf(full.height, region.y, region.height, placement.y, placement.height, false, stride, rows),
  };
}

/** The most probable channel of every pixel, and its probability in 255ths. */
export interface ChannelMap extends Size {
  channels: Uint8Array;
  certainty: Uint8Array;
}

/**
 * For each pixel of the full image: log-probabilities interpolated bilinearly between cells, averaged over the views that show
 * the pixel, and the greatest of them. A pixel that no view shows is channel 0 with certainty 0. Works row by row: beside the
 * two maps it keeps one row, however large the image.
 */
export function channelMap(views: readonly View<SegmentHead>[]): ChannelMap {
  const { design, frame: { full: { width, height } } } = views[0]!;
  const channels = channelsOf(design);
  const readers = views.map(readerOf);
  const map: ChannelMap = { width, height, channels: new Uint8Array(width * height), certainty: new Uint8Array(width * height) };
  const row = new Float64Array(width * channels);
  const seen = new Uint16Array(width);
  const lines = readers.map(({ columns }) => new Float32Array(columns * channels));
  for (let y = 0; y < height; y++) {
    row.fill(0);
    seen.fill(0);
    readers.forEach((reader, v) => addRow(reader, y, channels, lines[v]!, row, seen));
    for (let x = 0; x < width; x++) {
      if (seen[x] === 0) continue;
      let best = 0;
      for (let c = 1; c < channels; c++) if (row[x * channels + c]! > row[x * channels + best]!) best = c;
      map.channels[y * width + x] = best;
      map.certainty[y * width + x] = Math.round(255 * Math.exp(row[x * channels + best]! / seen[x]!));
    }
  }
  return map;
}

/** Adds a view's log-probabilities of row `y` to `row` and counts the pixels it shows. `line` is for its use. */
function addRow({ log, columns, x, y: down }: Reader, y: number, channels: number, line: Float32Array, row: Float64Array, seen: Uint16Array): void {
  const top = down.low[y]!;
  if (top < 0) return;
  const [above, below, part] = [top * columns * channels, down.high[y]! * columns * channels, down.part[y]!];
  for (let i = 0; i < line.length; i++) line[i] = log[above + i]! + part * (log[below + i]! - log[above + i]!);
  for (let i = 0; i < seen.length; i++) {
    const low = x.low[i]!;
    if (low < 0) continue;
    const [left, right, share] = [low * channels, x.high[i]! * channels, x.part[i]!];
    for (let c = 0; c < channels; c++) row[i * channels + c]! += line[left + c]! + share * (line[right + c]! - line[left + c]!);
    seen[i]!++;
  }
}

/** Mean probability of a mask's pixels. */
function scoreOf(mask: Mask, { width, certainty }: ChannelMap): number {
  let sum = 0;
  let count = 0;
  for (const { y, x0, x1 } of maskRows(mask)) {
    for (let x = x0; x < x1; x++) sum += certainty[y * width + x]!;
    count += x1 - x0;
  }
  return count === 0 ? 0 : sum / count / 255;
}

/**
 * One mask for each class that is anywhere the most probable; of countable classes one for each connected part (8 neighbours),
 * taken apart at narrow necks, that is no speck. Background is no label. Masks do not overlap.
 */
export function decodeMasks(views: readonly View<SegmentHead>[], { minScore, limit }: DecodeOptions): Found[] {
  const { design, frame: { full, region, placement } } = views[0]!;
  const { classes, head } = design;
  const map = channelMap(views);
  const countable = new Set(head.instances);
  // Specks are measured in input pixels of the first view.
  const minArea = head.minArea * (region.width / placement.width) * (region.height / placement.height);
  const found = classes.flatMap(({ id }, k): Found[] => {
    const all = maskFromIndices(map.channels, full.width, full.height, head.background ? k + 1 : k);
    if (isEmptyMask(all)) return [];
    const masks = countable.has(id) ? objectsIn(all, head.neck).filter((mask) => maskArea(mask) >= minArea) : [all];
    return masks.map((mask) => ({ kind: 'mask', classId: id, mask, score: scoreOf(mask, map) }));
  });
  return found.filter(({ score }) => score >= minScore).sort((a, b) => b.score - a.score).slice(0, limit);
}
