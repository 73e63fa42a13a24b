/** What the loader and its threads say to each other. */
import type { RawImage } from '../../inference/types';
import type { ModelDesign } from '../../runtime/card';
import type { Tensors } from '../../runtime/engine';
import type { Recipe } from './makeBatch';
import type { StoreMemory } from './pixelStore';

/** What a thread is born with. */
export interface ThreadData {
  design: ModelDesign;
  store: StoreMemory;
  /** One word: not 0 once the work is to end. */
  stop: SharedArrayBuffer;
}

/** An error as it travels. */
export interface Failure {
  message: string;
  stack?: string;
}

export type ToThread =
  | { type: 'make'; recipe: Recipe }
  | { type: 'loaded'; index: number; image: Uint8Array | RawImage }
  | { type: 'not loaded'; index: number; failure: Failure }
  | { type: 'end' };

export type FromThread =
  | { type: 'ready' }
  | { type: 'made'; batch: number; feeds: Tensors }
  | { type: 'failed'; batch: number; failure: Failure }
  /** The bytes of an example without a path. */
  | { type: 'load'; index: number };
