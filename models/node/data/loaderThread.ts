/** A loader's thread: makes batches out of recipes until it is told to end. A program of its own in dist/. */
import { parentPort, workerData } from 'node:worker_threads';
import type { RawImage } from '../../inference/types';
import { taskOf } from '../../tasks';
import { type Kitchen, makeBatch, type Recipe } from './makeBatch';
import type { FromThread, ThreadData, ToThread } from './messages';
import { PixelStore } from './pixelStore';

const port = parentPort!;
const { design, store, stop } = workerData as ThreadData;
const stopped = new Int32Array(stop);
const say = (message: FromThread, transfer: ArrayBuffer[] = []) => port.postMessage(message, transfer);

type Asked = { resolve: (image: Uint8Array | RawImage) => void; reject: (error: Error) => void };
const asked = new Map<number, Asked[]>();

const kitchen: Kitchen = {
  design, task: taskOf(design.task), store: new PixelStore(store),
  load: (index) => new Promise((resolve, reject) => {
    const waiting = asked.get(index);
    if (waiting) waiting.push({ resolve, reject });
    else {
      asked.set(index, [{ resolve, reject }]);
      say({ type: 'load', index });
    }
  }),
  check() {
    if (Atomics.load(stopped, 0) !== 0) throw new Error('the loader has ended');
  },
};

async function make(recipe: Recipe): Promise<void> {
  try {
    const feeds = await makeBatch(kitchen, recipe);
    say({ type: 'made', batch: recipe.batch, feeds }, Object.values(feeds).map(({ data }) => data.buffer as ArrayBuffer));
  } catch (error) {
    const { message, stack } = error as Error;
    say({ type: 'failed', batch: recipe.batch, failure: { message, stack } });
  }
}

function answer(index: number, tell: (one: Asked) => void): void {
  const waiting = asked.get(index) ?? [];
  asked.delete(index);
  waiting.forEach(tell);
}

/** One batch after the other, so that the first is ready as early as can be. */
let last = Promise.resolve();
port.on('message', (message: ToThread) => {
  switch (message.type) {
    case 'make':
      last = last.then(() => make(message.recipe));
      return;
    case 'loaded': return answer(message.index, ({ resolve }) => resolve(message.image));
    case 'not loaded': return answer(message.index, ({ reject }) => reject(new Error(message.failure.message)));
    case 'end':
      for (const index of [...asked.keys()]) answer(index, ({ reject }) => reject(new Error('the loader has ended')));
      void last.then(() => port.close());
  }
});
say({ type: 'ready' });
