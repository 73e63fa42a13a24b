/** The settings of augmentation, as people see and change them. */
import type { AugmentName, AugmentOptions, AugmentOverride } from '@/lib/core/augmentation';
import { usesMosaic } from '@/lib/core/augmentation';
import type { LabelClass, TaskName } from '@/lib/core/labels';

type Strength = Exclude<AugmentName, 'scale'>;

/** One setting with its slider. `unit` is how the value is written, before it is what it means. */
export interface AugmentRow {
  name: AugmentName;
  title: string;
  help: string;
  min: number;
  max: number;
  step: number;
  /** Why it cannot be set here. */
  blocked?: string;
}

const share = (name: Strength, title: string, help: string, max = 1, step = 0.05): AugmentRow => ({ name, title, help, min: 0, max, step });

/** Probabilities: of so many images. */
const OF_IMAGES: ReadonlySet<AugmentName> = new Set(['mosaic', 'mirrorX', 'mirrorY']);
const UP_TO: ReadonlySet<AugmentName> = new Set(['noise', 'blur', 'elastic']);
const DEGREES: ReadonlySet<AugmentName> = new Set(['rotate', 'shear']);

/** The settings that apply to a task, in two groups. `classes`: those that are learned. */
export function augmentRows(task: TaskName, classes: readonly Pick<LabelClass, 'name' | 'skeleton'>[]): { title: string; rows: AugmentRow[] }[] {
  const lopsided = task === 'landmarks' ? classes.find(({ skeleton }) => !skeleton?.pairs.length) : undefined;
  const swaps = task === 'landmarks' ? ' Left and right points change places.' : '';
  const blocked = lopsided && `Off: the points of “${lopsided.name}” have no left and right partners. Name the pairs on the page Label schema.`;
  const mirror = (name: 'mirrorX' | 'mirrorY', title: string, help: string): AugmentRow => ({ ...share(name, title, help + swaps), ...(blocked && { blocked }) });
  return [
    {
      title: 'Place and shape',
      rows: [
        ...(usesMosaic(task) ? [share('mosaic', 'Mosaic', 'Four images put together around a point: small objects, in new company.')] : []),
        mirror('mirrorX', 'Mirror, left to right', 'For what has no left and right of its own: cells, but not letters.'),
        mirror('mirrorY', 'Mirror, upside down', 'For what has no up: things seen from above.'),
        { name: 'scale', title: 'Size', help: 'Against the image fitted into the network’s input. Above 1 a part is seen closer.', min: 0.2, max: 3, step: 0.05 },
        share('translate', 'Shift', 'Along each side, in shares of the input.', 0.5, 0.01),
        share('aspect', 'Stretch', 'Width against height.', 1),
        { name: 'rotate', title: 'Turn', help: 'About the middle of the image.', min: 0, max: 180, step: 1 },
        { name: 'shear', title: 'Slant', help: 'Along each side.', min: 0, max: 45, step: 1 },
        share('elastic', 'Local warping', 'Bends the image as rubber, up to the strongest bend that cannot fold it.'),
        { name: 'elasticCells', title: 'Warping: fineness', help: 'Cells along the shorter side: few bend the whole, many bend details.', min: 1, max: 16, step: 1 },
      ],
    },
    {
      title: 'Colour and sharpness',
      rows: [
        share('contrast', 'Contrast', 'About the middle grey.'),
        share('brightness', 'Brightness', 'In shares of white.', 0.5, 0.01),
        share('tint', 'Tint', 'Contrast and brightness once more for red, green and blue alone, at this share of them.'),
        share('colourShift', 'Colour shift', 'Red, green and blue are moved, each alone, in shares of white.', 0.5, 0.01),
        share('noise', 'Noise', 'Grain of cameras in the dark; its standard deviation in shares of white.', 0.3, 0.01),
        { name: 'blur', title: 'Blur', help: 'Out of focus or in motion; its standard deviation in pixels of the input.', min: 0, max: 5, step: 0.1 },
      ],
    },
  ];
}

const decimal = (value: number): string => String(Math.round(value * 100) / 100);

/** A setting's value with its unit. */
export function augmentText(name: AugmentName, value: AugmentOptions[AugmentName]): string {
  if (typeof value !== 'number') return `${decimal(value[0])} to ${decimal(value[1])} ×`;
  if (name === 'elasticCells') return `${value} ${value === 1 ? 'cell' : 'cells'}`;
  if (value === 0) return 'off';
  const percent = `${decimal(value * 100)} %`;
  if (OF_IMAGES.has(name)) return `${percent} of images`;
  if (name === 'blur') return `up to ${decimal(value)} px`;
  if (name === 'tint') return percent;
  if (UP_TO.has(name)) return `up to ${percent}`;
  return DEGREES.has(name) ? `± ${decimal(value)}°` : `± ${percent}`;
}

/** What a task does by itself with these classes: landmarks without partners are not mirrored. */
export function usualFor(usual: AugmentOptions, rows: readonly { rows: readonly AugmentRow[] }[]): AugmentOptions {
  const off = rows.flatMap((group) => group.rows).filter(({ blocked }) => blocked);
  return { ...usual, ...Object.fromEntries(off.map(({ name }) => [name, 0])) };
}

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

/** The changes with one more; what is as the task has it is no change. */
export function withAugment(override: AugmentOverride, usual: AugmentOptions, name: AugmentName, value: AugmentOptions[AugmentName]): AugmentOverride {
  const { [name]: _, ...others } = override;
  return same(value, usual[name]) ? others : { ...others, [name]: value };
}
