/**
 * Quality over many items: how far b agrees with the reference a. Items are added one by one; memory grows with the number of
 * classes and pairs of classes only.
 */
import { ClusteredShare, type Interval } from './interval';
import { matchAnnotations, type MatchOptions, type MatchResult } from './match';
import type { Comparable } from './similarity';

/** Counts and shares; null where there is nothing to divide by. */
export interface Figure {
  matches: number;
  /** In a without an agreeing partner in b: missing, of another class there, or in another place. */
  onlyA: number;
  /** In b without an agreeing partner in a. */
  onlyB: number;
  /** matches / (matches + onlyB). */
  precision: number | null;
  /** matches / (matches + onlyA). */
  recall: number | null;
  /** Harmonic mean of both. */
  f1: number | null;
  /** Mean similarity of the matches. */
  meanIou: number | null;
  /** 95 %: Wilson with the design effect of items as clusters; see `interval.ts`. Null where the share is. */
  interval: { precision: Interval | null; recall: Interval | null; f1: Interval | null };
}

export interface QualitySummary {
  items: number;
  overall: Figure;
  /** By class, in the order met. Agreement of two classes (class does not matter) counts for the class in a. */
  perClass: (Figure & { classId: string })[];
  /** Class in a against class in b; null: no agreeing or confused partner. Every annotation that counts is in one row or column. */
  confusion: { a: string | null; b: string | null; count: number }[];
  disagreements: { missing: number; extra: number; class: number; place: number };
  ignored: number;
}

/** Counts of one class or of all, with what error bars need. */
class Tally {
  matches = 0;
  onlyA = 0;
  onlyB = 0;
  iouSum = 0;
  private readonly precision = new ClusteredShare();
  private readonly recall = new ClusteredShare();
  /** Matches among different objects: F1 = 2J / (1 + J), so an interval of J is one of F1. */
  private readonly jaccard = new ClusteredShare();

  add(matches: number, onlyA: number, onlyB: number, iouSum: number): void {
    this.matches += matches;
    this.onlyA += onlyA;
    this.onlyB += onlyB;
    this.iouSum += iouSum;
    this.precision.add(matches, matches + onlyB);
    this.recall.add(matches, matches + onlyA);
    this.jaccard.add(matches, matches + onlyA + onlyB);
  }

  figure(): Figure {
    const j = this.jaccard.share;
    const bounds = this.jaccard.interval();
    const dice = (v: number) => (2 * v) / (1 + v);
    return {
      matches: this.matches,
      onlyA: this.onlyA,
      onlyB: this.onlyB,
      precision: this.precision.share,
      recall: this.recall.share,
      f1: j === null ? null : dice(j),
      meanIou: this.matches === 0 ? null : this.iouSum / this.matches,
      interval: { precision: this.precision.interval(), recall: this.recall.interval(), f1: bounds && [dice(bounds[0]), dice(bounds[1])] },
    };
  }
}

export class QualityAccumulator {
  private items = 0;
  private ignored = 0;
  private readonly overall = new Tally();
  private readonly classes = new Map<string, Tally>();
  /** By `${a}\n${b}`: ids hold no line break. */
  private readonly confusion = new Map<string, { a: string | null; b: string | null; count: number }>();
  private readonly counts = { missing: 0, extra: 0, class: 0, place: 0 };

  constructor(private readonly options: MatchOptions = {}) {}

  /** Compares two documents of one item, counts the result, and returns it for those who list the differences. */
  add(a: readonly Comparable[], b: readonly Comparable[]): MatchResult {
    const result = matchAnnotations(a, b, this.options);
    this.addResult(result);
    return result;
  }

  /** Counts a comparison made elsewhere with the same options. */
  addResult(result: MatchResult): void {
    const own = new Map<string, { matches: number; onlyA: number; onlyB: number; iou: number }>();
    const of = (classId: string) => {
      let entry = own.get(classId);
      if (!entry) own.set(classId, (entry = { matches: 0, onlyA: 0, onlyB: 0, iou: 0 }));
      return entry;
    };
    for (const m of result.matches) {
      const entry = of(m.a.classId);
      entry.matches++;
      entry.iou += m.iou;
      this.confuse(m.a.classId, m.b.classId);
    }
    const agreeing = new Set(result.matches);
    for (const m of result.confusions) {
      if (agreeing.has(m)) continue;
      of(m.a.classId).onlyA++;
      of(m.b.classId).onlyB++;
      this.confuse(m.a.classId, m.b.classId);
    }
    const left = [...result.missing.map((m) => m.annotation), ...result.displaced.map((m) => m.a)];
    const right = [...result.extra.map((m) => m.annotation), ...result.displaced.map((m) => m.b)];
    for (const { classId } of left) {
      of(classId).onlyA++;
      this.confuse(classId, null);
    }
    for (const { classId } of right) {
      of(classId).onlyB++;
      this.confuse(null, classId);
    }

    this.items++;
    this.ignored += result.ignored;
    this.counts.missing += result.missing.length;
    this.counts.extra += result.extra.length;
    this.counts.class += result.confusions.length;
    this.counts.place += result.displaced.length;
    const total = { matches: 0, onlyA: 0, onlyB: 0, iou: 0 };
    for (const [classId, entry] of own) {
      let tally = this.classes.get(classId);
      if (!tally) this.classes.set(classId, (tally = new Tally()));
      tally.add(entry.matches, entry.onlyA, entry.onlyB, entry.iou);
      total.matches += entry.matches;
      total.onlyA += entry.onlyA;
      total.onlyB += entry.onlyB;
      total.iou += entry.iou;
    }
    this.overall.add(total.matches, total.onlyA, total.onlyB, total.iou);
  }

  private confuse(a: string | null, b: string | null): void {
    const key = `${a ?? ''}\n${b ?? ''}`;
    const entry = this.confusion.get(key);
    if (entry) entry.count++;
    else this.confusion.set(key, { a, b, count: 1 });
  }

  /** The figures so far. */
  summary(): QualitySummary {
    return {
      items: this.items,
      overall: this.overall.figure(),
      perClass: [...this.classes].map(([classId, tally]) => ({ classId, ...tally.figure() })),
      confusion: [...this.confusion.values()].map((entry) => ({ ...entry })).sort((p, q) => q.count - p.count),
      disagreements: { ...this.counts },
      ignored: this.ignored,
    };
  }
}
