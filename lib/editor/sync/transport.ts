/** What the editor asks of a server. The page gives an implementation over the typed client; tests give one that fails. */
import type { Annotation } from '@/lib/core/labels';
import type { Decision, Operation } from '@/lib/core/ops';

export interface OperationResult {
  id: string;
  outcome: 'applied' | 'duplicate' | 'refused';
  /** The operation's number in the log; null when refused. */
  seq: number | null;
  reason: string | null;
}

export interface LoggedOperation {
  seq: number;
  receivedAt: string;
  by: { id: string | null; name: string };
  operation: Operation;
}

export interface LoadedDocument {
  seq: number;
  annotations: Annotation[];
  decisions: Record<string, Decision>;
}

export interface Transport {
  /** @throws TransportError */
  send(documentId: string, operations: readonly Operation[]): Promise<{ seq: number; results: OperationResult[] }>;
  /** Operations after `after`, oldest first. @throws TransportError */
  log(documentId: string, after: number, limit: number): Promise<{ seq: number; operations: LoggedOperation[] }>;
  /** @throws TransportError */
  load(documentId: string): Promise<LoadedDocument>;
}

/**
 * Why a call failed, as far as what to do next goes:
 * `offline` try again later; `signed-out` wait for a sign-in; `invalid` something in this batch can never be taken;
 * `forbidden` the document takes nothing from this person (or is gone).
 */
export type TransportFailure = 'offline' | 'signed-out' | 'invalid' | 'forbidden';

export class TransportError extends Error {
  override readonly name = 'TransportError';
  constructor(
    readonly failure: TransportFailure,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
