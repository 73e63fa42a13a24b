/**
 * A model's proposals for the open document. A proposal never changes; accepting copies it into the document with its
 * origin, and what was done with it is recorded in the same operation.
 */
import type { Annotation, Geometry } from '@/lib/core/labels';
import type { Change, Decision, Operation } from '@/lib/core/ops';
import { createOf, fieldsOf } from './edits';
import { Signal } from './emitter';
import { newId } from './ids';
import { SpatialIndex } from './spatialIndex';
import type { DocumentSession } from './sync/session';

export interface ProposalSource {
  documentId: string;
  /** The model version whose document it is. */
  modelVersion: string;
  name: string;
  annotations: readonly Annotation[];
}

export class Proposals {
  /** The score from which proposals are shown. */
  readonly threshold: Signal<number>;
  /** The one that keys act upon. */
  readonly focus = new Signal<string | null>(null);
  readonly index = new SpatialIndex();
  private readonly byId = new Map<string, Annotation>();
  private readonly ranked: readonly Annotation[];
  private cache: { version: number; threshold: number; list: readonly Annotation[] } | null = null;

  constructor(
    readonly source: ProposalSource,
    private readonly session: DocumentSession,
    threshold = 0.5,
  ) {
    this.threshold = new Signal(threshold);
    this.ranked = [...source.annotations].sort((a, b) => scoreOf(b) - scoreOf(a) || (a.id < b.id ? -1 : 1));
    for (const a of this.ranked) this.byId.set(a.id, a);
    this.index.load(this.ranked);
  }

  get(id: string): Annotation | undefined {
    return this.byId.get(id);
  }
  /** All of the model's proposals, whatever their score or decision. */
  get all(): readonly Annotation[] {
    return this.ranked;
  }
  isShown(a: Annotation): boolean {
    return scoreOf(a) >= this.threshold.get() && this.session.document.decision(a.id) === undefined;
  }

  /** Undecided proposals at or above the threshold, surest first. */
  undecided(): readonly Annotation[] {
    const version = this.session.document.version;
    const threshold = this.threshold.get();
    if (this.cache?.version !== version || this.cache.threshold !== threshold) this.cache = { version, threshold, list: this.ranked.filter((a) => this.isShown(a)) };
    return this.cache.list;
  }

  /** Undecided proposals that a threshold would show: what a slider says before it is let go. */
  countAt(threshold: number): number {
    let count = 0;
    for (const a of this.ranked) if (scoreOf(a) >= threshold && this.session.document.decision(a.id) === undefined) count++;
    return count;
  }

  /** Moves the focus to the next or previous proposal; null when there is none. */
  step(direction: 1 | -1): Annotation | null {
    const list = this.undecided();
    if (list.length === 0) {
      this.focus.set(null);
      return null;
    }
    const at = list.findIndex((a) => a.id === this.focus.get());
    const next = list[at < 0 ? (direction === 1 ? 0 : list.length - 1) : (at + direction + list.length) % list.length]!;
    this.focus.set(next.id);
    return next;
  }

  /** Accepts as it is, with another geometry (then it counts as corrected), or under another class. */
  accept(id: string, change: { geometry?: Geometry; classId?: string } = {}, tool = 'proposals'): Operation | null {
    const proposal = this.byId.get(id);
    if (!proposal) return null;
    const decision: Decision = change.classId && change.classId !== proposal.classId ? 'reclassed' : change.geometry ? 'corrected' : 'accepted';
    const next = this.after(id);
    const op = this.session.commit({ type: 'accept', tool, changes: this.acceptance(proposal, decision, change) });
    if (op && this.focus.get() === id) this.focus.set(next);
    return op;
  }

  /** Accepts every proposal that is shown, in one operation. */
  acceptShown(): number {
    const shown = this.undecided();
    const changes = shown.flatMap((a) => this.acceptance(a, 'accepted', {}));
    if (!this.session.commit({ type: 'accept', tool: 'proposals', changes })) return 0;
    this.focus.set(null);
    return shown.length;
  }

  reject(ids: readonly string[]): Operation | null {
    const changes = ids.flatMap((id): Change[] => {
      const before = this.session.document.decision(id) ?? null;
      return this.byId.has(id) && before !== 'rejected' ? [{ kind: 'decide', proposal: id, before, after: 'rejected', threshold: this.threshold.get() }] : [];
    });
    const focus = this.focus.get();
    const next = focus !== null && ids.includes(focus) ? this.after(focus, new Set(ids)) : focus;
    const op = this.session.commit({ type: 'reject', tool: 'proposals', changes });
    if (op) this.focus.set(next);
    return op;
  }

  /** The undecided proposal to look at once this one is decided. */
  private after(id: string, gone: ReadonlySet<string> = new Set([id])): string | null {
    const list = this.undecided();
    const at = list.findIndex((a) => a.id === id);
    const rest = [...list.slice(at + 1), ...list.slice(0, Math.max(0, at))].filter((a) => !gone.has(a.id));
    return rest[0]?.id ?? null;
  }

  private acceptance(proposal: Annotation, decision: Decision, change: { geometry?: Geometry; classId?: string }): Change[] {
    const { document } = this.session;
    const fields = fieldsOf(proposal);
    return [
      createOf(newId(), {
        ...fields,
        ...(change.geometry && { geometry: change.geometry }),
        // Attributes belong to a class; those of another mean nothing there.
        ...(change.classId && change.classId !== proposal.classId && { classId: change.classId, attributes: {} }),
        score: null,
        origin: { annotation: proposal.id, modelVersion: this.source.modelVersion, score: scoreOf(proposal) },
      }),
      { kind: 'decide', proposal: proposal.id, before: document.decision(proposal.id) ?? null, after: decision, threshold: this.threshold.get() },
    ];
  }
}

export function scoreOf(a: Annotation): number {
  return a.score ?? 0;
}
