/** Where batches are made: in a thread, or in this one. */
import type { Worker } from 'node:worker_threads';
import type { RawImage } from '../../inference/types';
import type { Tensors } from '../../runtime/engine';
import { taskOf } from '../../tasks';
import { type Kitchen, makeBatch, type Recipe } from './makeBatch';
import type { FromThread, ThreadData, ToThread } from './messages';
import { PixelStore } from './pixelStore';
import { startThread } from './startThread';

export type Load = (index: number) => Promise<Uint8Array | RawImage>;

export interface Station {
  /** Batches that are waiting or in the making. */
  readonly busy: number;
  make(recipe: Recipe): Promise<Tensors>;
  /** Resolves when nothing runs any more. The stop flag has been set before. */
  end(): Promise<void>;
}

export class InProcessStation implements Station {
  busy = 0;
  private last: Promise<unknown> = Promise.resolve();
  private giveUp!: (error: Error) => void;
  private readonly over = new Promise<never>((_, reject) => (this.giveUp = reject));
  private readonly kitchen: Kitchen;

  constructor({ design, store, stop }: ThreadData, load: Load) {
    const stopped = new Int32Array(stop);
    this.over.catch(() => undefined);
    this.kitchen = {
      design, task: taskOf(design.task), store: new PixelStore(store),
      load: (index) => Promise.race([load(index), this.over]),
      check() {
        if (stopped[0] !== 0) throw new Error('the loader has ended');
      },
    };
  }

  make(recipe: Recipe): Promise<Tensors> {
    this.busy++;
    const made = this.last.then(() => makeBatch(this.kitchen, recipe)).finally(() => this.busy--);
    this.last = made.catch(() => undefined);
    return made;
  }

  async end(): Promise<void> {
    this.giveUp(new Error('the loader has ended'));
    await this.last;
  }
}

interface Waiting {
  resolve: (feeds: Tensors) => void;
  reject: (error: Error) => void;
}

/** A thread has so long to end by itself once it is told to. */
const GRACE_MS = 5000;

export class ThreadStation implements Station {
  private readonly worker: Worker;
  private readonly waiting = new Map<number, Waiting>();
  private readonly exited: Promise<void>;
  private ready = false;
  private dead: Error | null = null;

  constructor(data: ThreadData, private readonly load: Load) {
    this.worker = startThread(data);
    this.worker.on('message', (message: FromThread) => this.hear(message));
    this.worker.on('error', (error: Error) => this.die(new Error(`a loader thread failed: ${error.message}`, { cause: error })));
    this.exited = new Promise((resolve) => {
      this.worker.on('exit', (code) => {
        this.die(new Error(`a loader thread ended with code ${code}`));
        resolve();
      });
    });
  }

  get busy(): number {
    return this.waiting.size;
  }

  make(recipe: Recipe): Promise<Tensors> {
    if (this.dead) return Promise.reject(this.dead);
    return new Promise((resolve, reject) => {
      this.waiting.set(recipe.batch, { resolve, reject });
      this.say({ type: 'make', recipe });
    });
  }

  async end(): Promise<void> {
    this.say({ type: 'end' });
    // One that is still being loaded hears nothing.
    const timer = setTimeout(() => void this.worker.terminate(), this.ready ? GRACE_MS : 0);
    await this.exited;
    clearTimeout(timer);
  }

  private hear(message: FromThread): void {
    if (message.type === 'ready') {
      this.ready = true;
      return;
    }
    if (message.type === 'load') {
      const { index } = message;
      this.load(index).then(
        (image) => this.say({ type: 'loaded', index, image }),
        (error: Error) => this.say({ type: 'not loaded', index, failure: { message: error.message } }),
      );
      return;
    }
    const waiting = this.waiting.get(message.batch);
    this.waiting.delete(message.batch);
    if (message.type === 'made') waiting?.resolve(message.feeds);
    else waiting?.reject(Object.assign(new Error(message.failure.message), { stack: message.failure.stack }));
  }

  private say(message: ToThread): void {
    this.worker.postMessage(message);
  }

  private die(reason: Error): void {
    this.dead ??= reason;
    for (const { reject } of this.waiting.values()) reject(this.dead);
    this.waiting.clear();
  }
}
