/**
 * Stored models in the browser, on WebGPU, WebGL or WASM. This file and all it imports is loaded by itself when a model is
 * first run (`import('@/models/browser/run')`): pages that run none do not pay for it. Works the same on Node's WASM.
 */
import { drawImage } from '../data/resample';
import { letterbox, type Placement } from '../data/letterbox';
import { type RgbImage } from '../data/pixels';
import { frameWarp } from '../data/warp';
import { Network } from '../inference/network';
import { type Prediction, type PredictOptions, type RawImage } from '../inference/types';
import { parseModelCard, type ModelCard } from '../runtime/card';
import { type Engine } from '../runtime/engine';
import { tf } from '../runtime/tf';
import { tfEngineOn } from '../runtime/tfEngine';
import { taskOf } from '../tasks';
import { type Frame } from '../tasks/types';

export type BrowserBackend = 'webgpu' | 'webgl' | 'wasm' | 'cpu';

export interface BrowserEngineOptions {
  /** Tried in this order. Default: webgpu, webgl, wasm, cpu. */
  backends?: readonly BrowserBackend[];
  /** Address of the folder that serves the files of `@tensorflow/tfjs-backend-wasm`. WASM is left out without it. */
  wasmPath?: string;
}

/** Makes tfjs know a backend. The code of each is fetched only when it is tried. */
async function register(backend: BrowserBackend, wasmPath: string | undefined): Promise<boolean> {
  if (backend === 'webgpu') await import('@tensorflow/tfjs-backend-webgpu');
  if (backend === 'wasm') {
    if (wasmPath === undefined) return false;
    (await import('@tensorflow/tfjs-backend-wasm')).setWasmPaths(wasmPath);
  }
  return true;
}

/** The first backend that starts, as an engine; its name says which (`tfjs:webgl`). Rejects when none does. */
export async function startBrowserEngine({ backends = ['webgpu', 'webgl', 'wasm', 'cpu'], wasmPath }: BrowserEngineOptions = {}): Promise<Engine> {
  const failures: string[] = [];
  for (const backend of backends) {
    try {
      if ((await register(backend, wasmPath)) && (await tf.setBackend(backend))) return tfEngineOn(backend);
      failures.push(`${backend}: not here`);
    } catch (error) {
      failures.push(`${backend}: ${(error as Error).message}`);
    }
  }
  throw new Error(`no backend of tfjs could be started (${failures.join('; ')})`);
}

export interface BrowserModel {
  readonly card: ModelCard;
  /** What it runs on: `tfjs:webgpu`, `tfjs:webgl`, … */
  readonly engine: string;
  /** Labels of a decoded image, in its pixels. */
  predict(image: RawImage, options?: Pick<PredictOptions, 'minScore' | 'nmsIou' | 'limit'>): Promise<Prediction>;
  dispose(): Promise<void>;
}

/** Files of a stored model by name: card.json, model.json, weights.bin. */
export type ReadFile = (name: string) => Promise<ArrayBuffer>;

/** Reads from an address. Rejects with the file and the status where the answer is not 200. */
export const readFrom = (base: string): ReadFile => async (name) => {
  const response = await fetch(`${base.replace(/\/$/, '')}/${name}`);
  if (!response.ok) throw new Error(`${name}: the server answered ${response.status}`);
  return response.arrayBuffer();
};

function rgbOf({ data, width, height, channels }: RawImage): RgbImage {
  if (channels === 3) return { data, width, height };
  const out = new Uint8Array(width * height * 3);
  for (let i = 0, at = 0; i < width * height; i++) for (let c = 0; c < 3; c++) out[at++] = data[i * channels + (channels === 1 ? 0 : c)]!;
  return { data: out, width, height };
}

/** The image scaled into its place in the network input, as the worker does it. */
function inputOf(image: RgbImage, { inputSize, normalisation }: ModelCard): { pixels: Uint8Array; placement: Placement } {
  const placement = normalisation.resize === 'stretch' ? { x: 0, y: 0, ...inputSize } : letterbox(image, inputSize);
  const pixels = new Uint8Array(inputSize.width * inputSize.height * 3).fill(normalisation.fill);
  drawImage({ data: pixels, ...inputSize }, placement, image, image, frameWarp({ x: 0, y: 0, width: image.width, height: image.height }, placement));
  return { pixels, placement };
}

/** Opens a model that is stored as tf.layers. Rejects for models of other kinds, which only the server runs. */
export async function openModel(read: ReadFile, engine: Engine): Promise<BrowserModel> {
  const text = async (name: string): Promise<unknown> => JSON.parse(new TextDecoder().decode(await read(name)));
  const card = parseModelCard(await text('card.json'));
  if (card.network) throw new Error(`this model is stored as ${card.network.runtime}, which runs on the server only`);
  const json = (await text('model.json')) as tf.io.ModelJSON;
  const weightData = await read('weights.bin');
  const model = await tf.loadLayersModel({
    load: async () => ({ modelTopology: json.modelTopology, format: json.format, weightSpecs: json.weightsManifest.flatMap((group) => group.weights), weightData }),
  });
  const network = await Network.create(engine, model, card).finally(() => model.dispose());
  const task = taskOf(card.task);
  return {
    card,
    engine: engine.name,
    async predict(image, options = {}) {
      const { width, height } = image;
      const { pixels, placement } = inputOf(rgbOf(image), card);
      const frame: Frame = { full: { width, height }, region: { x: 0, y: 0, width, height }, placement, mirrored: false };
      const outputs = await network.run(pixels);
      return { width, height, labels: task.decode([{ design: card, outputs, frame }], { ...task.defaults.decode, ...options }) };
    },
    dispose: () => network.dispose(),
  };
}
