/** Figures of classification: how often the true class is among the k likeliest. */
import type { ClassId } from './coco';

export interface ClassificationFigures<C extends ClassId = ClassId> {
  images: number;
  /** Share of images whose true class is the likeliest; null without images. */
  top1: number | null;
  /** Share of images whose true class is among the five likeliest; null without images, and with five classes or fewer, where it says nothing. */
  top5: number | null;
  /** In the order of the classes. `top1` is the class's recall. */
  perClass: { classId: C; images: number; top1: number | null; top5: number | null }[];
}

/** Takes images one by one. */
export class ClassificationAccumulator<C extends ClassId = ClassId> {
  private readonly counts: Map<C, { images: number; first: number; five: number }>;

  /** @param classes every class that an image may have; images of others are an error. */
  constructor(private readonly classes: readonly C[]) {
    this.counts = new Map(classes.map((c) => [c, { images: 0, first: 0, five: 0 }]));
  }

  /** @param ranked classes by falling score, at least the first five (or all); none is a miss. */
  add(truth: C, ranked: readonly C[]): void {
    const count = this.counts.get(truth);
    if (!count) throw new RangeError(`"${truth}" is not one of the classes`);
    count.images++;
    const place = ranked.indexOf(truth);
    if (place === 0) count.first++;
    if (place >= 0 && place < 5) count.five++;
  }

  result(): ClassificationFigures<C> {
    const share = (n: number, of: number) => (of === 0 ? null : n / of);
    const few = this.classes.length <= 5;
    const perClass = this.classes.map((classId) => {
      const { images, first, five } = this.counts.get(classId)!;
      return { classId, images, top1: share(first, images), top5: few ? null : share(five, images) };
    });
    const sum = (key: 'images' | 'first' | 'five') => [...this.counts.values()].reduce((total, c) => total + c[key], 0);
    const images = sum('images');
    return { images, top1: share(sum('first'), images), top5: few ? null : share(sum('five'), images), perClass };
  }
}
