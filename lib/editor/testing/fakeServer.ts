/** A server for tests: it applies operations as the real one does, and its wire loses, repeats and delays. */
import { applyOperation, OperationRefused, operation as operationSchema, type DocumentState, type Operation } from '@/lib/core/ops';
import { cloneState, stateOf } from '../document';
import { TransportError, type LoggedOperation, type OperationResult, type Transport } from '../sync';

interface Stored {
  state: DocumentState;
  log: LoggedOperation[];
}

export class FakeServer {
  private readonly documents = new Map<string, Stored>();
  /** Refuses operations with a reason. */
  refuse: (op: Operation, userId: string) => string | null = () => null;

  document(id: string): Stored {
    let stored = this.documents.get(id);
    if (!stored) this.documents.set(id, (stored = { state: stateOf([]), log: [] }));
    return stored;
  }

  receive(documentId: string, operations: readonly Operation[], userId: string): { seq: number; results: OperationResult[] } {
    const stored = this.document(documentId);
    const results = operations.map((sent): OperationResult => {
      // What goes over the wire is JSON, and what comes in crosses the schema.
      const op = operationSchema.parse(JSON.parse(JSON.stringify(sent)));
      const known = stored.log.find((l) => l.operation.id === op.id);
      if (known) return { id: op.id, outcome: 'duplicate', seq: known.seq, reason: null };
      const reason = this.refuse(op, userId);
      if (reason) return { id: op.id, outcome: 'refused', seq: null, reason };
      try {
        applyOperation(stored.state, op);
      } catch (error) {
        if (!(error instanceof OperationRefused)) throw error;
        return { id: op.id, outcome: 'refused', seq: null, reason: error.message };
      }
      const seq = stored.log.length + 1;
      stored.log.push({ seq, receivedAt: op.at, by: { id: userId, name: userId }, operation: op });
      return { id: op.id, outcome: 'applied', seq, reason: null };
    });
    return { seq: stored.log.length, results };
  }

  /** The wire of one person. `faults` decides call by call; null is a good wire. */
  transport(userId: string, faults: (call: 'send' | 'log' | 'load') => Fault | null = () => null): Transport {
    const answer = async <T>(call: 'send' | 'log' | 'load', work: () => T): Promise<T> => {
      const fault = faults(call);
      for (let i = 0; i < (fault?.delay ?? 0); i++) await Promise.resolve();
      if (fault?.lost === 'request') throw new TransportError('offline', 'lost on the way');
      if (fault?.failure) throw new TransportError(fault.failure, `failed: ${fault.failure}`);
      const result = work();
      if (fault?.twice) work();
      for (let i = 0; i < (fault?.delay ?? 0); i++) await Promise.resolve();
      if (fault?.lost === 'response') throw new TransportError('offline', 'the answer was lost');
      return result;
    };
    return {
      send: (id, operations) => answer('send', () => this.receive(id, operations, userId)),
      log: (id, after, limit) => answer('log', () => {
        const { log } = this.document(id);
        return { seq: log.length, operations: log.slice(after, after + limit) };
      }),
      load: (id) => answer('load', () => {
        const { state, log } = this.document(id);
        const copy = cloneState(state);
        return { seq: log.length, annotations: [...copy.annotations.values()], decisions: Object.fromEntries(copy.decisions) };
      }),
    };
  }
}

export interface Fault {
  lost?: 'request' | 'response';
  failure?: 'signed-out' | 'invalid' | 'forbidden';
  /** The request arrives two times. */
  twice?: boolean;
  /** Turns of the event loop, before and after. */
  delay?: number;
}

/** What two documents must agree on: everything but revisions, which only the server counts. */
export function comparable(state: Readonly<DocumentState>): unknown {
  const annotations = [...state.annotations.values()].map(({ rev: _rev, ...a }) => a).sort((a, b) => (a.id < b.id ? -1 : 1));
  return { annotations, decisions: Object.fromEntries([...state.decisions].sort()) };
}
