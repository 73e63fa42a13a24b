/** What training will make of an image, for people to look at: runs in the browser. */
import type { Label, TaskClass } from '../tasks/types';
import { randomFor } from '../runtime/random';
import { type AugmentOptions } from './augment';
import { type Size } from './letterbox';
import { labelMapOf } from './labelMap';
import { mapLabels, mapPolygon } from './mapLabels';
import { drawMembers, planImage } from './plan';
import { renderImage, renderMap } from './render';
import { type Point } from './warp';

/** A ring of points that is only looked at: training learns from masks. */
export interface PolygonShape {
  kind: 'polygon';
  classId: string;
  points: readonly Point[];
}
export type PreviewLabel = Label | PolygonShape;

export interface PreviewExample {
  /** RGBA bytes of the image or of a reduced copy, row-major, as a canvas gives them. Alpha is dropped. */
  pixels: Uint8Array | Uint8ClampedArray;
  width: number;
  height: number;
  /** Size of the full image, in whose pixels the labels are. Default: the size of the pixels. */
  full?: Size;
  labels: readonly PreviewLabel[];
}

export interface PreviewSettings {
  /** Network input in pixels. */
  input: Size;
  options: AugmentOptions;
  seed: number;
  classes: readonly TaskClass[];
  /** Grey of what no image covers. */
  fill?: number;
}

export interface Preview extends Size {
  /** RGBA, opaque. */
  pixels: Uint8ClampedArray<ArrayBuffer>;
  /** In input pixels; masks are in `labelMap`. */
  labels: PreviewLabel[];
  /** `[height, width]` as training sees it (see `Sample`), when there is a mask. */
  labelMap: Uint8Array | null;
}

function withoutAlpha({ pixels, width, height }: PreviewExample) {
  const data = new Uint8Array(width * height * 3);
  for (let i = 0, from = 0, to = 0; i < width * height; i++, from += 4, to += 3) {
    data[to] = pixels[from]!;
    data[to + 1] = pixels[from + 1]!;
    data[to + 2] = pixels[from + 2]!;
  }
  return { data, width, height };
}

/**
 * One augmented training image of `examples[0]`, by the very code that training runs. The others are possible partners in
 * a mosaic. The same seed gives the same image.
 */
export function previewAugmentation(examples: readonly PreviewExample[], { input, options, seed, classes, fill = 114 }: PreviewSettings): Preview {
  const random = randomFor(seed, 'preview');
  const members = drawMembers(0, examples.length, options, random).map((i) => examples[i]!);
  const sizes = members.map(({ full, width, height }) => full ?? { width, height });
  const plan = planImage(sizes, input, options, random);
  const drawn = { data: new Uint8Array(input.width * input.height * 3), ...input };
  renderImage(drawn, plan, members.map(withoutAlpha), fill);
  const pixels = new Uint8ClampedArray(input.width * input.height * 4).fill(255);
  for (let i = 0; i < input.width * input.height; i++) for (let c = 0; c < 3; c++) pixels[i * 4 + c] = drawn.data[i * 3 + c]!;

  const isLabel = (label: PreviewLabel): label is Label => label.kind !== 'polygon';
  const labels = members.flatMap(({ labels: own }, i): PreviewLabel[] => {
    const piece = plan.pieces[i]!;
    return [
      ...mapLabels(own.filter(isLabel), piece, classes),
      ...own.flatMap((label): PolygonShape[] => (label.kind === 'polygon' ? [{ ...label, points: mapPolygon(label.points, piece) }] : [])),
    ];
  });
  let labelMap: Uint8Array | null = null;
  if (members.some((member) => member.labels.some(({ kind }) => kind === 'mask'))) {
    labelMap = new Uint8Array(input.width * input.height);
    const maps = members.map((member, i) => labelMapOf(member.labels.filter(isLabel), classes, sizes[i]!, member));
    renderMap({ data: labelMap, ...input }, plan, maps);
  }
  return { ...input, pixels, labels, labelMap };
}
