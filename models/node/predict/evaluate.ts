/** Figures of a model on labelled images. */
import { type PredictOptions, type Predictor } from '../../inference/types';
import { taskOf } from '../../tasks';
import { type Example, type TaskMetrics } from '../../tasks/types';

/** Figures of a loaded model on labelled images. */
export async function evaluateModel(
  predictor: Predictor, examples: readonly Example[], options: Pick<PredictOptions, 'signal' | 'viewing'> & { onImage?: (done: number) => void } = {},
): Promise<TaskMetrics> {
  const { onImage, ...predict } = options;
  const task = taskOf(predictor.card.task);
  const evaluator = task.evaluator(predictor.card);
  await predictor.predict(examples.map(({ image }) => image), {
    ...task.defaults.decode, ...predict,
    onImage(i, { labels }) {
      evaluator.add(examples[i]!, labels);
      onImage?.(i + 1);
    },
  });
  return evaluator.result();
}
