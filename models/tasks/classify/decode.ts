/** Logits to classes with probabilities. */
import { type DecodeOptions, type PredictedLabel, type View } from '../types';
import { type ClassifyHead } from './head';

/** Probabilities of logits; the greatest is taken off first, so that no exponential overflows. */
export function softmax(logits: ArrayLike<number>): Float64Array {
  let most = -Infinity;
  for (let i = 0; i < logits.length; i++) most = Math.max(most, logits[i]!);
  const values = Float64Array.from(logits, (z) => Math.exp(z - most));
  const sum = values.reduce((a, b) => a + b, 0);
  return values.map((value) => value / sum);
}

/** The mean of the views' probabilities (not of their logits, nor of weights), best class first. */
export function decodeClasses(views: readonly View<ClassifyHead>[], { minScore, limit }: DecodeOptions): PredictedLabel[] {
  const sums = new Map<string, number>();
  for (const { design, outputs } of views) {
    softmax(outputs[0]!).forEach((p, k) => {
      const { id } = design.classes[k]!;
      sums.set(id, (sums.get(id) ?? 0) + p / views.length);
    });
  }
  return [...sums]
    .map(([classId, score]): PredictedLabel => ({ kind: 'class', classId, score: Math.min(1, score) }))
    .filter(({ score }) => score >= minScore)
    .sort((a, b) => b.score - a.score)
    .slice(0, limit);
}
