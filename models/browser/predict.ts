/** Running stored models from a page, in a thread of their own. */
import { type Predicted, type PredictMessage, type PredictRequest, type PredictStage } from './messages';

export { browserBackends, onlyOnServer, type BrowserBackend, type Predicted, type PredictStage } from './messages';

export interface PredictCall {
  signal: AbortSignal;
  onProgress(stage: PredictStage): void;
}

/**
 * Keeps one thread with one model ready. Runs follow each other: a second one asked for meanwhile is refused. Cancelling ends
 * the thread, since nothing else stops a network at work; the next run starts another.
 */
export class BrowserPredictor {
  private thread: Worker | null = null;
  private runs = 0;
  private busy = false;

  constructor(private readonly start: () => Worker = startThread) {}

  /** Rejects with an `AbortError` when cancelled, else with an Error that says what is wrong. */
  async predict(request: Omit<PredictRequest, 'run'>, { signal, onProgress }: PredictCall): Promise<Predicted> {
    signal.throwIfAborted();
    if (this.busy) throw new Error('A model is at work already.');
    this.busy = true;
    const run = ++this.runs;
    const thread = (this.thread ??= this.start());
    const stops = new AbortController();
    try {
      return await new Promise<Predicted>((resolve, reject) => {
        const listening = { signal: stops.signal };
        thread.addEventListener('message', ({ data }: MessageEvent<PredictMessage>) => {
          if (data.run !== run) return;
          if (data.kind === 'progress') onProgress(data);
          else if (data.kind === 'done') resolve(data);
          else reject(new Error(data.message));
        }, listening);
        thread.addEventListener('error', (event) => {
          this.close();
          reject(new Error(`The thread that runs models failed: ${event.message || 'its program could not be loaded'}.`));
        }, listening);
        signal.addEventListener('abort', () => {
          this.close();
          reject(signal.reason as Error);
        }, listening);
        thread.postMessage({ run, ...request } satisfies PredictRequest);
      });
    } finally {
      stops.abort();
      this.busy = false;
    }
  }

  /** Ends the thread and gives the model's memory back. */
  close(): void {
    this.thread?.terminate();
    this.thread = null;
  }
}

const startThread = (): Worker => new Worker(new URL('./predict.webworker.ts', import.meta.url), { type: 'module', name: 'fieldmark-models' });
