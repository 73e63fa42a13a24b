import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defaultAugmentation, noAugmentation } from '../../data/augment';
import { Variants } from './variants';

const options = { count: 10, augmentation: { ...noAugmentation, mosaic: 0.5 }, calm: 2, calmAugmentation: noAugmentation };
const named = (ids: readonly string[]) => ids.map((id) => ({ id }));
/** What each sample is made of, by names. */
const made = (ids: readonly string[], given = options) => {
  const variants = new Variants(named(ids), 7, given);
  return new Map(variants.draws(variants.samples).map(({ examples, augmentation, key }, i) => {
    const { example, variant } = variants.samples[i]!;
    return [`${variant}/${ids[example]}`, JSON.stringify([examples.map((k) => ids[k]), augmentation, key])];
  }));
};
const ids = fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 2, maxLength: 30 });

describe('the variants of images', () => {
  it('are as they were when there is an image more, wherever it stands', () => {
    fc.assert(fc.property(ids, fc.nat(), (all, at) => {
      const [added] = all.slice(at % all.length);
      const plain = { ...options, augmentation: defaultAugmentation.mosaic > 0 ? { ...defaultAugmentation, mosaic: 0 } : defaultAugmentation };
      const [before, after] = [made(all.filter((id) => id !== added), plain), made(all, plain)];
      expect(after.size).toBe(before.size + 10);
      for (const [sample, how] of before) expect(after.get(sample)).toBe(how);
    }));
  });

  it('of mosaics change where the new image comes into them, and nowhere else', () => {
    const all = Array.from({ length: 60 }, (_, i) => `image ${i}`);
    const [before, after] = [made(all.slice(1)), made(all)];
    const changed = [...before].filter(([sample, how]) => after.get(sample) !== how);
    expect(changed.every(([sample]) => after.get(sample)!.includes('"image 0"'))).toBe(true);
    // Three partners of half of the samples, each the new image once in sixty times.
    expect(changed.length).toBeGreaterThan(0);
    expect(changed.length).toBeLessThan(before.size * 0.06);
    // Any may be any's partner.
    const partners = new Set([...after.values()].flatMap((how) => (JSON.parse(how) as [string[]])[0].slice(1)));
    expect(partners.size).toBeGreaterThan(50);
  });

  it('are shown in turn, each once before one is shown again; calm ones at the calm end alone', () => {
    fc.assert(fc.property(ids, fc.nat({ max: 9 }), fc.boolean(), (all, round, calm) => {
      const variants = new Variants(named(all), 3, options);
      const size = calm ? 2 : 8;
      all.forEach((_, example) => {
        const shown = Array.from({ length: size }, (_unused, i) => variants.samples[variants.at(example, round * size + i, calm)]!);
        expect(shown.every((sample) => sample.example === example)).toBe(true);
        expect(shown.map(({ variant }) => variant).sort((a, b) => a - b)).toEqual(Array.from({ length: size }, (_unused, i) => (calm ? 8 : 0) + i));
      });
    }));
    // Without calm ones the usual ones are shown to the end.
    expect(new Variants(named(['a']), 1, { ...options, count: 1, calm: 0 }).at(0, 5, true)).toBe(0);
  });
});
