/** Looking at a network before it is trained, in a thread of its own. */
import type { BackboneChoice } from '../inspect/backbone';
import type { NetworkReport } from '../inspect/schema';

export type { BackboneChoice };
export type InspectAnswer = { report: NetworkReport } | { fault: string };

/** The report of a network from shapes alone. Rejects with an Error that says why there is none, or with the signal's reason. */
export async function inspectInThread(choice: BackboneChoice, signal: AbortSignal): Promise<NetworkReport> {
  signal.throwIfAborted();
  const thread = new Worker(new URL('./inspect.webworker.ts', import.meta.url), { type: 'module', name: 'fieldmark-network' });
  try {
    return await new Promise<NetworkReport>((resolve, reject) => {
      thread.onmessage = ({ data }: MessageEvent<InspectAnswer>) => ('report' in data ? resolve(data.report) : reject(new Error(data.fault)));
      thread.onerror = (event) => reject(new Error(`The network could not be built: ${event.message || 'the program for it could not be loaded'}.`));
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
      thread.postMessage(choice);
    });
  } finally {
    thread.terminate();
  }
}
