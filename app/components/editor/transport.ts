/** The editor's transport over the typed client. */
import { AppError } from '@/lib/api/errors';
import { TransportError, type Transport, type TransportFailure } from '@/lib/editor';
import { api } from '../../lib/api';

/** A server that does not answer in this time counts as not reached; the operations are sent again. */
const TIMEOUT_MS = 30_000;

function failureOf(error: unknown): TransportFailure {
  if (!(error instanceof AppError)) return error instanceof Error && error.name === 'ZodError' ? 'invalid' : 'offline';
  if (error.code === 'unauthenticated') return 'signed-out';
  if (error.code === 'forbidden' || error.code === 'not-found' || error.code === 'gone') return 'forbidden';
  return error.status < 500 && error.status !== 429 ? 'invalid' : 'offline';
}

async function ask<T>(call: (signal: AbortSignal) => Promise<T>): Promise<T> {
  // Not AbortSignal.timeout: its timer cannot be taken back when the answer is there.
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), TIMEOUT_MS);
  try {
    return await call(controller.signal);
  } catch (error) {
    if (error instanceof TransportError) throw error;
    const message = controller.signal.aborted ? 'The server does not answer.' : error instanceof Error ? error.message : String(error);
    throw new TransportError(failureOf(error), message, { cause: error });
  } finally {
    clearTimeout(timer);
  }
}

export const transport: Transport = {
  send: (documentId, operations) => ask((signal) => api.sendOperations({ params: { id: documentId }, body: { operations: [...operations] } }, { signal })),
  log: (documentId, after, limit) => ask((signal) => api.log({ params: { id: documentId }, query: { after, limit } }, { signal })),
  load: async (documentId) => {
    const { document, annotations, decisions } = await ask((signal) => api.documentOne({ params: { id: documentId } }, { signal }));
    return { seq: document.seq, annotations, decisions };
  },
};
