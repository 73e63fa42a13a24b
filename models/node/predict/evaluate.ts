/** Figures of a model on labelled images. */
import { type PredictOptions, type Predictor, type Viewing } from '../../inference/types';
import { taskOf } from '../../tasks';
import { type Example, type TaskMetrics } from '../../tasks/types';

export type EvaluateOptions = Pick<PredictOptions, 'signal' | 'viewing'> & { onImage?: (done: number) => void };

/** Figures of a loaded model on labelled images. */
export async function evaluateModel(predictor: Predictor, examples: readonly Example[], options: EvaluateOptions = {}): Promise<TaskMetrics> {
  return (await timed(predictor, examples, options)).metrics;
}

/** What a way of looking is worth on labelled images, and what it costs. */
export interface MeasuredViewing {
  viewing: Viewing;
  metrics: TaskMetrics;
  /** Wall time an image, decoding included, comparing with the labels not. */
  milliseconds: number;
}

/**
 * Evaluates a loaded model once for each way of looking, in the order given.
 * @throws RangeError when there are no images
 */
export async function measureViewings(
  predictor: Predictor, examples: readonly Example[], viewings: readonly Viewing[], { signal, onImage }: { signal?: AbortSignal; onImage?: (done: number, of: number) => void } = {},
): Promise<MeasuredViewing[]> {
  if (examples.length === 0) throw new RangeError('there are no images to measure on');
  // The first run of all takes memory and fills caches.
  await predictor.predict([examples[0]!.image], { signal });
  const measured: MeasuredViewing[] = [];
  for (const [i, viewing] of viewings.entries()) {
    const before = i * examples.length;
    measured.push({ viewing, ...(await timed(predictor, examples, { signal, viewing, onImage: (done) => onImage?.(before + done, viewings.length * examples.length) })) });
  }
  return measured;
}

async function timed(predictor: Predictor, examples: readonly Example[], { onImage, ...predict }: EvaluateOptions): Promise<{ metrics: TaskMetrics; milliseconds: number }> {
  const task = taskOf(predictor.card.task);
  // What is not proposed is not judged; of several classes that go to one, one stands for all.
  const classes = [...new Map(predictor.card.classes.filter((c) => !c.skip).map((c) => [c.id, c])).values()];
  const evaluator = task.evaluator({ ...predictor.card, classes });
  const began = performance.now();
  let comparing = 0;
  await predictor.predict(examples.map(({ image }) => image), {
    ...task.defaults.decode, ...predict,
    onImage(i, { labels }) {
      const before = performance.now();
      evaluator.add(examples[i]!, labels);
      onImage?.(i + 1);
      comparing += performance.now() - before;
    },
  });
  const milliseconds = (performance.now() - began - comparing) / examples.length;
  return { metrics: evaluator.result(), milliseconds };
}
