/** What is chosen from the data before training: input size, whether there is background, and which classes are countable. */
import { cropMask, isEmptyMask, maskArea, maskIou, unionAll, type Mask } from '@/lib/core/masks';
import { type Size } from '../../data/letterbox';
import { MOST_CLASSES } from '../../data/labelMap';
import { type Example, type IgnoreLabel, type MaskLabel, TrainingDataError } from '../types';
import { objectsIn } from './separate';

/** Long side of the input unless small objects ask for more. */
const LONG_SIDE = 384;
const LONGEST_SIDE = 640;
/** One object in ten may be smaller than this in the input: the side of a square of its area, in pixels. */
const SMALL_SIDE = 10;
/** Classes cover the images completely when less than this share of the pixels is left over. */
const LEFT_OVER = 0.01;
/** A class is countable when so large a share of the images that show it has several of its masks. */
const SEVERAL = 0.3;
/** The quantile of the images' long sides that the input does not exceed. */
const LARGEST_IMAGES = 0.75;

/** No class counts for more than this, or for less than its inverse, beside the median class. */
const MOST_WEIGHT = 4;
/** Specks are smaller than this share of what only one training object in fifty falls below. */
const SPECK = 0.25;
/** Necks that are tried, on so many images of so many pixels together. */
const NECKS = [0.5, 0.6, 0.7, 0.8, 0.9];
const NECK_IMAGES = 24;
const NECK_PIXELS = 4e6;
/** Taking objects apart must find this much more of them, in F1, to be worth its mistakes. */
const NECK_GAIN = 0.005;

export interface Usable {
  examples: Example[];
  masks: number;
  skipped: number;
}

/** Masks of known classes and what is to be ignored, clipped to the image; what is left of no pixel is dropped and counted. */
export function usable(examples: readonly Example[], known: ReadonlySet<string>): Usable {
  if (known.size > MOST_CLASSES) throw new TrainingDataError(`A segmenter learns at most ${MOST_CLASSES} classes, not ${known.size}. Leave some out.`);
  let masks = 0;
  let skipped = 0;
  const kept = examples.map((example) => {
    const { width, height } = example;
    const labels = example.labels.flatMap((label): (MaskLabel | IgnoreLabel)[] => {
      if (label.kind !== 'mask' && label.kind !== 'ignore') return [];
      if (label.kind === 'mask' && !known.has(label.classId)) throw new TrainingDataError(`Image ${example.id} has a mask of class ${label.classId}, which is not among the classes to train.`);
      const inside = label.mask.x >= 0 && label.mask.y >= 0 && label.mask.x + label.mask.width <= width && label.mask.y + label.mask.height <= height;
      const mask = inside ? label.mask : cropMask(label.mask, { x: 0, y: 0, width, height });
      if (isEmptyMask(mask)) {
        skipped++;
        return [];
      }
      if (label.kind === 'mask' && !label.crowd) masks++;
      return [{ ...label, mask }];
    });
    return { ...example, labels };
  });
  return { examples: kept, masks, skipped };
}

const masksOf = ({ labels }: Example): { mask: Mask }[] => labels.filter((label): label is MaskLabel | IgnoreLabel => label.kind === 'mask' || label.kind === 'ignore');

/** Whether classes (and what is ignored) leave nothing over: then there is no background to learn. */
export function coversAll(examples: readonly Example[]): boolean {
  const leftOver = examples.map((example) => {
    const pixels = example.width * example.height;
    const masks = masksOf(example).map(({ mask }) => mask);
    // Masks may overlap: only where their sum is enough is it worth joining them.
    if (masks.reduce((sum, mask) => sum + maskArea(mask), 0) < (1 - LEFT_OVER) * pixels) return 1;
    return 1 - maskArea(unionAll(masks)) / pixels;
  });
  return leftOver.length > 0 && leftOver.reduce((a, b) => a + b, 0) / leftOver.length < LEFT_OVER;
}

/** Ids of the classes of which images show several masks. */
export function countable(examples: readonly Example[], classIds: readonly string[]): string[] {
  const shown = new Map<string, { images: number; several: number }>();
  for (const { labels } of examples) {
    const counts = new Map<string, number>();
    for (const label of labels) if (label.kind === 'mask' && !label.crowd) counts.set(label.classId, (counts.get(label.classId) ?? 0) + 1);
    for (const [id, count] of counts) {
      const { images, several } = shown.get(id) ?? { images: 0, several: 0 };
      shown.set(id, { images: images + 1, several: several + (count > 1 ? 1 : 0) });
    }
  }
  return classIds.filter((id) => {
    const { images, several } = shown.get(id) ?? { images: 0, several: 0 };
    return images > 0 && several / images >= SEVERAL;
  });
}

/**
 * One factor a channel for the cross-entropy, in the order of the channels: the root of the median class's share of the pixels
 * over the class's own. Median frequency balancing (Eigen & Fergus 2015) without the root finds still more of what is rare, and
 * takes too much else for it. Null where there are fewer than three channels: two balance each other in the soft Dice.
 */
export function chooseClassWeights(examples: readonly Example[], classIds: readonly string[], background: boolean): number[] | null {
  const channels = classIds.length + (background ? 1 : 0);
  if (channels < 3) return null;
  const areas = new Map<string, number>(classIds.map((id) => [id, 0]));
  let rest = 0;
  for (const { width, height, labels } of examples) {
    rest += width * height;
    for (const label of labels) {
      if (label.kind !== 'mask' && label.kind !== 'ignore') continue;
      const area = maskArea(label.mask);
      rest -= area;
      if (label.kind === 'mask') areas.set(label.classId, areas.get(label.classId)! + area);
    }
  }
  const pixels = [...(background ? [Math.max(0, rest)] : []), ...classIds.map((id) => areas.get(id)!)];
  const median = quantile(pixels.filter((n) => n > 0), 0.5);
  return pixels.map((n) => Math.min(MOST_WEIGHT, Math.max(1 / MOST_WEIGHT, Math.sqrt(median / Math.max(n, 1)))));
}

function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? 0;
}

const objectsOf = (examples: readonly Example[], ids: ReadonlySet<string>) =>
  examples.flatMap(({ width, height, labels }) => labels.flatMap((label) => (label.kind === 'mask' && !label.crowd && ids.has(label.classId) ? [{ width, height, area: maskArea(label.mask) }] : [])));

/**
 * The aspect is the images' median aspect. The long side is 384 pixels, or more (up to 640) where a tenth of the countable
 * objects would be smaller than 10 × 10 pixels; never more than the largest quarter of the images has. Images that are enlarged
 * for it lose nothing: nuclei (dsb2018), half of them 256 × 256 and the next larger ones 320 × 256 and 360 × 360, come to a Dice coefficient
 * of 0.898 at 256 and 0.914 at 384, trained for 12 minutes.
 */
export function chooseInputSize(examples: readonly Example[], instances: readonly string[], multiple: number): Size {
  const aspect = quantile(examples.map(({ width, height }) => width / height), 0.5) || 1;
  const relative = objectsOf(examples, new Set(instances)).map(({ width, height, area }) => Math.sqrt(area) / Math.max(width, height));
  const small = quantile(relative, 0.1);
  const wanted = small > 0 ? Math.min(Math.max(SMALL_SIDE / small, LONG_SIDE), LONGEST_SIDE) : LONG_SIDE;
  const long = Math.min(wanted, quantile(examples.map(({ width, height }) => Math.max(width, height)), LARGEST_IMAGES) || wanted);
  const upTo = (n: number) => Math.max(multiple * 2, Math.ceil(n / multiple) * multiple);
  return aspect >= 1 ? { width: upTo(long), height: upTo(long / aspect) } : { width: upTo(long * aspect), height: upTo(long) };
}

/** Area in input pixels under which a connected part is no object: a quarter of what one training object in fifty falls below. */
export function chooseMinArea(examples: readonly Example[], instances: readonly string[], input: Size): number {
  const areas = objectsOf(examples, new Set(instances)).map(({ width, height, area }) => area * Math.min(input.width / width, input.height / height) ** 2);
  return Math.round(SPECK * quantile(areas, 0.02) * 100) / 100;
}

/** Share of objects found again (F1 at IoU 0.5) when those of a class are joined to one mask and taken apart at `neck`. */
function foundAgain(images: readonly (readonly Mask[])[], neck: number): number {
  let matched = 0;
  let all = 0;
  for (const truth of images) {
    const found = objectsIn(unionAll(truth), neck);
    all += truth.length + found.length;
    // Above one half no two parts can claim the same object; truths that overlap might claim one part.
    matched += 2 * found.filter((part) => truth.some((mask) => maskIou(part, mask) > 0.5)).length;
  }
  return all === 0 ? 1 : matched / all;
}

/**
 * The neck (see `separate`) that finds the most training objects again from their joined masks, which is what a network that
 * knows every pixel would give; 0 where taking apart does not help.
 */
export function chooseNeck(examples: readonly Example[], instances: readonly string[]): number {
  const images: Mask[][] = [];
  let pixels = 0;
  for (const { width, height, labels } of examples) {
    if (images.length >= NECK_IMAGES || pixels >= NECK_PIXELS) break;
    for (const id of instances) {
      const masks = labels.flatMap((label) => (label.kind === 'mask' && label.classId === id && !label.crowd ? [label.mask] : []));
      if (masks.length < 2) continue;
      images.push(masks);
      pixels += width * height;
    }
  }
  const together = foundAgain(images, 0);
  const best = NECKS.map((neck) => ({ neck, share: foundAgain(images, neck) })).reduce((a, b) => (b.share > a.share ? b : a));
  return best.share > together + NECK_GAIN ? best.neck : 0;
}
