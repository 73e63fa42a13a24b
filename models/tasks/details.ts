/** What evaluators tell besides figures. */
import { type ConfusionMatrix } from '@/lib/core/metrics';
import { type EvaluationDetails } from './types';

/** The counts of a matrix over the classes of these ids, null for what is none of them. */
export const confusionOf = (matrix: ConfusionMatrix, classes: readonly (string | null)[]): NonNullable<EvaluationDetails['confusion']> => ({
  classes, counts: classes.map((_, t) => classes.map((_unused, p) => matrix.at(t, p))),
});
