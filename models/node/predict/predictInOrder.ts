/** The loop of every predictor. */
import { orAborted } from '../abort';
import { type Images, type ImageSource, type Prediction, type PredictOptions } from '../../inference/types';

type Judged = Prediction | { unreadable: Error };

/** Predictions of the images in order; the next image is decoded (`see`) while this one is judged. */
async function* judged<Seen>(images: Images, options: PredictOptions, see: (source: ImageSource) => Promise<Seen>, judge: (seen: Seen) => Promise<Prediction>): AsyncGenerator<Judged> {
  const iterator = Symbol.asyncIterator in images ? images[Symbol.asyncIterator]() : images[Symbol.iterator]();
  const load = async (): Promise<{ seen: Seen } | { unreadable: Error } | null> => {
    const { value, done } = await iterator.next();
    if (done) return null;
    try {
      return { seen: await see(value) };
    } catch (error) {
      if (!options.onUnreadable || options.signal?.aborted || !(error instanceof Error)) throw error;
      return { unreadable: error };
    }
  };
  let next = load();
  for (;;) {
    const ready = await orAborted(next, options.signal);
    if (!ready) return;
    next = load();
    next.catch(() => undefined);
    yield 'seen' in ready ? await judge(ready.seen) : ready;
  }
}

/** See `Predictor.predict`. */
export async function predictInOrder<Seen>(images: Images, options: PredictOptions, see: (source: ImageSource) => Promise<Seen>, judge: (seen: Seen) => Promise<Prediction>): Promise<Prediction[]> {
  const results: Prediction[] = [];
  let index = 0;
  for await (const prediction of judged(images, options, see, judge)) {
    if ('unreadable' in prediction) await options.onUnreadable!(index, prediction.unreadable);
    else if (options.onImage) await options.onImage(index, prediction);
    else results.push(prediction);
    index++;
  }
  return results;
}
