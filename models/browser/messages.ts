/** What a page and the thread that runs its models say to each other. Pure: pages read it without loading a runtime. */
import { type ProposedLabel } from '../inference/proposal';
import { type ModelCard } from '../runtime/card';

export const browserBackends = ['webgpu', 'webgl', 'wasm', 'cpu'] as const;
export type BrowserBackend = (typeof browserBackends)[number];

/** Why the browser cannot run this model, or null when it can. */
export function onlyOnServer({ network }: Pick<ModelCard, 'network'>): string | null {
  if (network?.runtime === 'onnx') return 'This is an uploaded ONNX model, which only the worker runs: use Pre-label for it.';
  if (network?.runtime === 'graph' && network.refine) return 'This model looks twice at each object, which only the worker does: use Pre-label for it.';
  return null;
}

/** One run of one model on one image. Addresses are absolute: a thread may have another base than its page. */
export interface PredictRequest {
  run: number;
  /** Names the model: one that is loaded already is not loaded again. */
  model: string;
  /** Folder of card.json, model.json and weights.bin. */
  files: string;
  image: string;
  /** Null: the first that works of WebGPU, WebGL, WASM and the plain CPU. */
  backend: BrowserBackend | null;
  minScore: number;
  nmsIou: number;
  limit: number;
}

export type PredictStage =
  | { stage: 'fetching'; bytes: number }
  | { stage: 'starting'; backend: BrowserBackend }
  | { stage: 'running'; backend: BrowserBackend };

export interface Predicted {
  backend: BrowserBackend;
  width: number;
  height: number;
  proposals: ProposedLabel[];
  /** Milliseconds of the network and what is around it, without loading. */
  milliseconds: number;
}

export type PredictMessage = { run: number } & (({ kind: 'progress' } & PredictStage) | ({ kind: 'done' } & Predicted) | { kind: 'failed'; message: string });
