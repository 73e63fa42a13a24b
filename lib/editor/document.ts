/**
 * The document as the editor holds it: the state that operations build, an index of where its annotations lie, and events
 * that name what changed. It knows nothing of journals, servers or screens.
 */
import type { Annotation } from '@/lib/core/labels';
import { applyOperation, emptyDocument, type Applied, type Decision, type DocumentState, type Operation } from '@/lib/core/ops';
import { Emitter } from './emitter';
import { SpatialIndex } from './spatialIndex';

export interface DocumentChange {
  /** Annotations that were made, changed, deleted or brought back. */
  annotations: ReadonlySet<string>;
  /** Proposals whose decision changed. */
  decisions: ReadonlySet<string>;
}

/** A copy that can be changed on its own; annotations, being immutable, are shared. */
export function cloneState(state: DocumentState): DocumentState {
  return { annotations: new Map(state.annotations), deleted: new Map(state.deleted), decisions: new Map(state.decisions) };
}

/** The state of a document that was just loaded. */
export function stateOf(annotations: Iterable<Annotation>, decisions: Iterable<[string, Decision]> = []): DocumentState {
  const state = emptyDocument();
  for (const a of annotations) state.annotations.set(a.id, a);
  for (const [id, d] of decisions) state.decisions.set(id, d);
  return state;
}

export class EditorDocument {
  readonly events = new Emitter<{ change: DocumentChange }>();
  readonly index = new SpatialIndex();
  private current: DocumentState;
  /** Grows with every change; for callers that cache what they derive. */
  version = 0;

  constructor(state: DocumentState = emptyDocument()) {
    this.current = state;
    this.index.load(state.annotations.values());
  }

  get state(): Readonly<DocumentState> {
    return this.current;
  }
  get(id: string): Annotation | undefined {
    return this.current.annotations.get(id);
  }
  decision(proposal: string): Decision | undefined {
    return this.current.decisions.get(proposal);
  }
  /** Live annotations in the order in which they were made (ids are UUIDv7). */
  list(): Annotation[] {
    return [...this.current.annotations.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  /** @throws OperationRefused when it can be applied to no state of this document; nothing was changed then */
  apply(op: Operation): Applied {
    const applied = applyOperation(this.current, op);
    const decided = op.changes.flatMap((c) => (c.kind === 'decide' ? [c.proposal] : []));
    this.reindex(applied.touched);
    this.announce(new Set(applied.touched), new Set(decided));
    return applied;
  }

  /** Takes another state in one step, and says what differs. */
  replace(next: DocumentState): void {
    const annotations = differences(this.current.annotations, next.annotations);
    const decisions = differences(this.current.decisions, next.decisions);
    this.current = next;
    if (annotations.size > 256) this.index.load(next.annotations.values());
    else this.reindex(annotations);
    this.announce(annotations, decisions);
  }

  private reindex(ids: Iterable<string>): void {
    for (const id of ids) {
      const a = this.current.annotations.get(id);
      if (a) this.index.set(a);
      else this.index.remove(id);
    }
  }

  private announce(annotations: ReadonlySet<string>, decisions: ReadonlySet<string>): void {
    if (annotations.size === 0 && decisions.size === 0) return;
    this.version++;
    this.events.emit('change', { annotations, decisions });
  }
}

function differences<T>(a: ReadonlyMap<string, T>, b: ReadonlyMap<string, T>): Set<string> {
  const ids = new Set<string>();
  for (const [id, value] of a) if (b.get(id) !== value) ids.add(id);
  for (const id of b.keys()) if (!a.has(id)) ids.add(id);
  return ids;
}
