/** The loop of every predictor. */
import { orAborted } from '../abort';
import { type Images, type ImageSource, type Prediction, type PredictOptions } from '../../inference/types';

/** Predictions of the images in order; the next image is decoded (`see`) while this one is judged. */
async function* judged<Seen>(images: Images, options: PredictOptions, see: (source: ImageSource) => Promise<Seen>, judge: (seen: Seen) => Promise<Prediction>): AsyncGenerator<Prediction> {
  const iterator = Symbol.asyncIterator in images ? images[Symbol.asyncIterator]() : images[Symbol.iterator]();
  const load = async (): Promise<{ seen: Seen } | null> => {
    const { value, done } = await iterator.next();
    return done ? null : { seen: await see(value) };
  };
  let next = load();
  for (;;) {
    const ready = await orAborted(next, options.signal);
    if (!ready) return;
    next = load();
    next.catch(() => undefined);
    yield await judge(ready.seen);
  }
}

/** See `Predictor.predict`. */
export async function predictInOrder<Seen>(images: Images, options: PredictOptions, see: (source: ImageSource) => Promise<Seen>, judge: (seen: Seen) => Promise<Prediction>): Promise<Prediction[]> {
  const results: Prediction[] = [];
  let index = 0;
  for await (const prediction of judged(images, options, see, judge)) {
    if (options.onImage) await options.onImage(index, prediction);
    else results.push(prediction);
    index++;
  }
  return results;
}
