/**
 * Which variants of the images are kept, and which is shown when. What an image's variant looks like follows from the seed,
 * the image's name and the variant's number: another image more or less leaves it as it was.
 */
import { drawMembers } from '../../data/plan';
import { randomFor } from '../../runtime/random';
import type { Example } from '../../tasks/types';
import type { Draw } from '../data/maker';
import type { VariantOptions } from './features';

export interface Sample {
  example: number;
  variant: number;
}

/** Places on the ring of a mosaic's partners. */
const RING = 2 ** 31;

export class Variants {
  /** All of all images: sample `variant · images + example`. */
  readonly samples: readonly Sample[];
  private readonly rings = new Map<number, { place: number; example: number }[]>();

  constructor(private readonly examples: readonly Pick<Example, 'id'>[], private readonly seed: number, private readonly options: VariantOptions) {
    this.samples = Array.from({ length: options.count }, (_, variant) => examples.map((_example, example) => ({ example, variant }))).flat();
  }

  /** The number of the sample that is shown of an example at a pass over the images: all usual variants, or all calm ones, in turn. */
  at(example: number, pass: number, calm: boolean): number {
    const { count, calm: calmCount } = this.options;
    const ofCalm = calm && calmCount > 0;
    const [from, size] = ofCalm ? [count - calmCount, calmCount] : [0, count - calmCount];
    const turns = randomFor(this.seed, ofCalm ? 'calm' : 'variant', Math.floor(pass / size), this.examples[example]!.id).shuffle(Array.from({ length: size }, (_, i) => i));
    return (from + turns[pass % size]!) * this.examples.length + example;
  }

  /** How samples are made. */
  draws(samples: readonly Sample[]): Draw[] {
    const { count, calm, augmentation, calmAugmentation } = this.options;
    return samples.map(({ example, variant }) => {
      const varied = variant < count - calm ? augmentation : calmAugmentation;
      const key = [this.seed, 'variant', variant, this.examples[example]!.id];
      const [self, ...partners] = drawMembers(example, RING, varied, randomFor(...key));
      return { examples: [self!, ...partners.map((place) => this.partner(variant, place))], augmentation: varied, key };
    });
  }

  /** The example that stands next on the variant's ring: with one more image few mosaics have another partner. */
  private partner(variant: number, place: number): number {
    let ring = this.rings.get(variant);
    if (!ring) {
      ring = this.examples.map(({ id }, example) => ({ place: randomFor(this.seed, 'ring', variant, id).below(RING), example })).sort((a, b) => a.place - b.place || a.example - b.example);
      this.rings.set(variant, ring);
    }
    let [low, high] = [0, ring.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (ring[middle]!.place < place) low = middle + 1;
      else high = middle;
    }
    return ring[low % ring.length]!.example;
  }
}
