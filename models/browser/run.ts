/**
 * Stored models in the browser, on WebGPU, WebGL or WASM. Only `predict.webworker.ts` loads this file and what it imports: pages
 * do not pay for it. Works the same on Node's WASM.
 */
import { type RgbImage } from '../data/pixels';
import { shrink } from '../data/shrink';
import { reducedSize, viewsOf } from '../inference/frames';
import { graphProgram } from '../inference/graphNetwork';
import { Network } from '../inference/network';
import { readingOf, wanted } from '../inference/reading';
import { type Prediction, type PredictOptions, type RawImage } from '../inference/types';
import { readGraphModel } from '../pretrained/graphModel';
import { parseModelCard, type ModelCard } from '../runtime/card';
import { type Engine } from '../runtime/engine';
import { tf } from '../runtime/tf';
import { tfEngineOn } from '../runtime/tfEngine';
import { onlyOnServer, type BrowserBackend } from './messages';

/** Where the files of `@tensorflow/tfjs-backend-wasm` are: a folder, or the address of each by its name. */
export type WasmPaths = string | Readonly<Record<string, string>>;

export interface BrowserEngineOptions {
  /** Tried in this order. Default: webgpu, webgl, wasm, cpu. */
  backends?: readonly BrowserBackend[];
  /** WASM is left out without it. */
  wasm?: WasmPaths;
}

/** Makes tfjs know a backend. The code of each is fetched only when it is tried. */
async function register(backend: BrowserBackend, wasm: WasmPaths | undefined): Promise<boolean> {
  if (backend === 'webgpu') await import('@tensorflow/tfjs-backend-webgpu');
  if (backend === 'wasm') {
    if (wasm === undefined) return false;
    (await import('@tensorflow/tfjs-backend-wasm')).setWasmPaths(wasm);
  }
  return true;
}

/** Numbers of 16 bits move boxes by whole pixels, and a GPU that is drawn by the processor is slower than WASM. */
function fitWebgl(): string | null {
  if (!tf.env().getBool('WEBGL_RENDER_FLOAT32_ENABLED')) return 'this GPU has no numbers of 32 bits';
  const gl = new OffscreenCanvas(1, 1).getContext('webgl2');
  const about = gl?.getExtension('WEBGL_debug_renderer_info');
  const renderer = gl && about ? String(gl.getParameter(about.UNMASKED_RENDERER_WEBGL)) : '';
  return /swiftshader|llvmpipe|software|basic render/i.test(renderer) ? `no GPU (${renderer})` : null;
}

/** One backend as an engine; its name says which (`tfjs:webgl`). Rejects with the reason when it does not start. */
export async function startBackend(backend: BrowserBackend, { wasm, anyGpu = false }: { wasm?: WasmPaths; anyGpu?: boolean } = {}): Promise<Engine> {
  if (!(await register(backend, wasm)) || !(await tf.setBackend(backend))) throw new Error('not here');
  const unfit = backend === 'webgl' && !anyGpu ? fitWebgl() : null;
  if (unfit) throw new Error(unfit);
  return tfEngineOn(backend);
}

/** The first backend that starts. Rejects when none does. */
export async function startBrowserEngine({ backends = ['webgpu', 'webgl', 'wasm', 'cpu'], wasm }: BrowserEngineOptions = {}): Promise<Engine> {
  const failures: string[] = [];
  for (const backend of backends) {
    try {
      return await startBackend(backend, { wasm });
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
  predict(image: RawImage, options?: Pick<PredictOptions, 'minScore' | 'nmsIou' | 'limit' | 'viewing'>): Promise<Prediction>;
  dispose(): Promise<void>;
}

/** Files of a stored model by name: card.json, model.json, weights.bin. */
export type ReadFile = (name: string) => Promise<ArrayBuffer>;

/** Reads from an address, and tells how many bytes of a file have come. Rejects with the file and the status where the answer is not 200. */
export const readFrom = (base: string, onBytes?: (name: string, bytes: number) => void): ReadFile => async (name) => {
  const response = await fetch(`${base.replace(/\/$/, '')}/${name}`);
  if (!response.ok) throw new Error(`${name}: the server answered ${response.status}`);
  if (!onBytes || !response.body) return response.arrayBuffer();
  let bytes = 0;
  const counted = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      bytes += chunk.length;
      onBytes(name, bytes);
      controller.enqueue(chunk);
    },
  });
  return new Response(response.body.pipeThrough(counted)).arrayBuffer();
};

function rgbOf({ data, width, height, channels }: RawImage): RgbImage {
  if (channels === 3) return { data, width, height };
  const out = new Uint8Array(width * height * 3);
  for (let i = 0, at = 0; i < width * height; i++) for (let c = 0; c < 3; c++) out[at++] = data[i * channels + (channels === 1 ? 0 : c)]!;
  return { data: out, width, height };
}

/** The files of a model that the browser can run, read once whatever backend they are then tried on. */
export interface ModelFiles {
  card: ModelCard;
  json: tf.io.ModelJSON;
  weights: ArrayBuffer;
}

/** Rejects for models that only the server runs, before their weights are fetched. */
export async function readModel(read: ReadFile): Promise<ModelFiles> {
  const text = async (name: string): Promise<unknown> => JSON.parse(new TextDecoder().decode(await read(name)));
  const card = parseModelCard(await text('card.json'));
  const refused = onlyOnServer(card);
  if (refused) throw new Error(refused);
  const [json, weights] = await Promise.all([text('model.json'), read('weights.bin')]);
  return { card, json: json as tf.io.ModelJSON, weights };
}

async function networkOf({ card, json, weights }: ModelFiles, engine: Engine): Promise<Network> {
  const { network } = card;
  if (network?.runtime === 'graph') return Network.compile(engine, graphProgram(readGraphModel(json, new Uint8Array(weights)), card, network), card);
  const model = await tf.loadLayersModel({
    load: async () => ({ modelTopology: json.modelTopology, format: json.format, weightSpecs: json.weightsManifest.flatMap((group) => group.weights), weightData: weights }),
  });
  return Network.create(engine, model, card).finally(() => model.dispose());
}

/** A model on an engine. */
export async function openFiles(files: ModelFiles, engine: Engine): Promise<BrowserModel> {
  const { card } = files;
  const reading = readingOf(card);
  reading.headSchema.parse(card.head);
  const network = await networkOf(files, engine);
  return {
    card,
    engine: engine.name,
    async predict(image, { viewing = 'once', ...options } = {}) {
      const { width, height } = image;
      const full = { width, height };
      const { views } = viewsOf(shrink(rgbOf(image), reducedSize(full, card, viewing)), full, card, viewing);
      const seen = [];
      for (const { pixels, frame } of views) seen.push({ design: card, frame, outputs: await network.run(pixels) });
      return { ...full, labels: wanted(reading.decode(seen, { ...reading.defaults.decode, ...options }), card) };
    },
    dispose: () => network.dispose(),
  };
}

/** Opens a stored model. Rejects for models of kinds which only the server runs. */
export const openModel = async (read: ReadFile, engine: Engine): Promise<BrowserModel> => openFiles(await readModel(read), engine);
