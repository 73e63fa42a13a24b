/** The thread that runs models for the labelling page, so that the canvas never waits. One model is kept ready. */
import { type RawImage } from '../inference/types';
import { proposalOf } from '../inference/proposal';
import { browserBackends, type BrowserBackend, type Predicted, type PredictMessage, type PredictRequest, type PredictStage } from './messages';
import { openFiles, readFrom, readModel, startBackend, type BrowserModel, type ModelFiles } from './run';

const absolute = (url: URL) => new URL(url.href, self.location.origin).href;

/** From our own origin: nothing is fetched from anywhere else, so that it works without the internet. */
const wasm = {
  'tfjs-backend-wasm.wasm': absolute(new URL('@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm', import.meta.url)),
  'tfjs-backend-wasm-simd.wasm': absolute(new URL('@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm', import.meta.url)),
  'tfjs-backend-wasm-threaded-simd.wasm': absolute(new URL('@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-threaded-simd.wasm', import.meta.url)),
};

let files: { key: string; files: ModelFiles } | null = null;
let ready: { key: string; backend: BrowserBackend; model: BrowserModel } | null = null;

/** The pixels as labelers see them: turned as the file says, without alpha. */
async function decode(address: string): Promise<RawImage> {
  const response = await fetch(address);
  if (!response.ok) throw new Error(`The image could not be read: the server answered ${response.status}.`);
  const bitmap = await createImageBitmap(await response.blob(), { premultiplyAlpha: 'none' });
  const { width, height } = bitmap;
  const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
  if (!context) throw new Error('This browser gives no pixels of images away.');
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  return { data: new Uint8Array(context.getImageData(0, 0, width, height).data.buffer), width, height, channels: 4 };
}

async function run(request: PredictRequest, tell: (stage: PredictStage) => void): Promise<Predicted> {
  const { model: key, minScore, nmsIou, limit } = request;
  if (files?.key !== key) {
    await ready?.model.dispose();
    files = ready = null;
    files = { key, files: await readModel(readFrom(request.files, (name, bytes) => name === 'weights.bin' && tell({ stage: 'fetching', bytes }))) };
  }
  const image = await decode(request.image);
  const failures: string[] = [];
  // A backend that starts may still lack something when it runs: then the next has its turn.
  const order = request.backend ? [request.backend] : ready ? [ready.backend, ...browserBackends.filter((b) => b !== ready!.backend)] : browserBackends;
  for (const backend of order) {
    try {
      if (ready?.key !== key || ready.backend !== backend) {
        tell({ stage: 'starting', backend });
        await ready?.model.dispose();
        ready = null;
        const engine = await startBackend(backend, { wasm, anyGpu: request.backend === 'webgl' });
        ready = { key, backend, model: await openFiles(files.files, engine) };
      }
      tell({ stage: 'running', backend });
      const before = performance.now();
      const { labels, width, height } = await ready.model.predict(image, { minScore, nmsIou, limit });
      const proposals = labels.flatMap((label) => proposalOf(label) ?? []);
      return { backend, width, height, proposals, milliseconds: performance.now() - before };
    } catch (error) {
      failures.push(`${backend}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  throw new Error(`This browser cannot run the model (${failures.join('; ')}).`);
}

self.addEventListener('message', (event: MessageEvent<PredictRequest>) => {
  const { run: id } = event.data;
  const post = (message: PredictMessage) => self.postMessage(message);
  run(event.data, (stage) => post({ run: id, kind: 'progress', ...stage })).then(
    (predicted) => post({ run: id, kind: 'done', ...predicted }),
    (error: unknown) => post({ run: id, kind: 'failed', message: error instanceof Error ? error.message : String(error) }),
  );
});
