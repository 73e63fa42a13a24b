/** A stored detector, ready to predict. */
import { type Detection, type Detector, type ImageSource, type LoadDetectorOptions, type PredictOptions } from '../../inference/types';
import { YoloPredictor } from '../../inference/yoloPredictor';
import { loadModel } from '../modelFiles';
import { ortEngine } from '../ortEngine';
import { detectIn, loadInput, predictDefaults } from './evaluate';

/** Loads the detector of the folder `dir`. Throws an Error that names the file that is missing or wrong. */
export async function loadDetector(dir: string, { threads = 1 }: LoadDetectorOptions = {}): Promise<Detector> {
  const { model, card } = await loadModel(dir);
  const layout = { inputSize: card.inputSize, scales: card.yolo.scales, classes: card.classes.length };
  const predictor = await YoloPredictor.create(ortEngine, model, layout, card.normalisation, { threads });
  model.dispose();
  const classIds = card.classes.map(({ id }) => id);

  return {
    card,
    async predict(images: Iterable<ImageSource> | AsyncIterable<ImageSource>, options: PredictOptions = {}): Promise<Detection[][]> {
      const chosen = { ...predictDefaults, ...Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) };
      const results: Detection[][] = [];
      // The next image is decoded while this one is predicted.
      const iterator = Symbol.asyncIterator in images ? images[Symbol.asyncIterator]() : images[Symbol.iterator]();
      const load = async () => {
        const { value, done } = await iterator.next();
        return done ? null : loadInput(value, card.inputSize, card.normalisation.fill);
      };
      let next = load();
      for (;;) {
        options.signal?.throwIfAborted();
        const input = await next;
        if (!input) return results;
        next = load();
        next.catch(() => undefined);
        const detections = await detectIn(predictor, input.pixels, input.full, card.inputSize, classIds, chosen);
        results.push(detections);
        await options.onImage?.(results.length - 1, detections);
      }
    },
    dispose: () => predictor.dispose(),
  };
}
