/**
 * Undo and redo of one person in one document. Taking back is itself an operation, with `undoes`; so the two stacks can be
 * built again from the log and the journal, and undo survives a reload.
 *
 * A gesture that was checkpointed (a long stroke) is several operations, the later ones of a type ending in `-more`; they
 * are taken back together, newest first.
 */
import { invertOperation, type Operation } from '@/lib/core/ops';
import { newId } from './ids';

/** A gesture: the operations that count as one step, oldest first, and the operation that began it all. */
interface Step {
  root: string;
  operations: Operation[];
}

/** Steps that are remembered. */
const LIMIT = 500;

export class History {
  private undoSteps: Step[] = [];
  private redoSteps: Step[] = [];
  /** Of every remembered operation, the first operation of its gesture. */
  private roots = new Map<string, string>();
  /** Of the first operation of each gesture, what was done. */
  private gestures = new Map<string, string>();

  get canUndo(): boolean {
    return this.undoSteps.length > 0;
  }
  get canRedo(): boolean {
    return this.redoSteps.length > 0;
  }
  /** The type of the gesture that would be taken back next, or done again. */
  get next(): { undo: string | null; redo: string | null } {
    const name = (step: Step | undefined) => (step ? (this.gestures.get(step.root) ?? 'a gesture') : null);
    return { undo: name(this.undoSteps.at(-1)), redo: name(this.redoSteps.at(-1)) };
  }
  /** How many steps could be taken back: a mark to return to. */
  get depth(): number {
    return this.undoSteps.length;
  }

  /** Starts over from one's own operations, oldest first. */
  rebuild(operations: Iterable<Operation>): void {
    this.undoSteps = [];
    this.redoSteps = [];
    this.roots = new Map();
    this.gestures = new Map();
    for (const op of operations) this.record(op);
  }

  /** Notes an operation that was just made (or is found in the log), undo and redo among them. */
  record(op: Operation): void {
    // What a run wrote is taken back as a batch, from the project.
    if (op.batch !== null) return;
    if (op.undoes === null) {
      const last = this.undoSteps.at(-1);
      const more = op.type.endsWith('-more') && last !== undefined;
      const root = more ? last.root : op.id;
      this.roots.set(op.id, root);
      if (!more) this.gestures.set(op.id, op.type);
      if (more) last.operations.push(op);
      else this.undoSteps.push({ root, operations: [op] });
      this.redoSteps = [];
      if (this.undoSteps.length > LIMIT) this.undoSteps.shift();
      return;
    }
    const undone = op.undoes;
    const root = this.roots.get(undone) ?? undone;
    this.roots.set(op.id, root);
    // An undo moves its step over to redo; a redo (which takes an undo back) moves it back.
    if (take(this.undoSteps, undone)) give(this.redoSteps, root, op);
    else if (take(this.redoSteps, undone)) give(this.undoSteps, root, op);
  }

  /** An operation did not happen after all: the server refused it. */
  forget(id: string): void {
    for (const steps of [this.undoSteps, this.redoSteps]) take(steps, id);
  }

  /** The operations that take the newest step back, to be made in this order; empty when there is none. Records nothing. */
  undo(base: number, at: string): Operation[] {
    return inverses(this.undoSteps.at(-1), { base, at, type: 'undo' });
  }

  redo(base: number, at: string): Operation[] {
    return inverses(this.redoSteps.at(-1), { base, at, type: 'redo' });
  }
}

function inverses(step: Step | undefined, envelope: { base: number; at: string; type: 'undo' | 'redo' }): Operation[] {
  if (!step) return [];
  return [...step.operations].reverse().map((op) => invertOperation(op, { ...envelope, id: newId() }));
}

/** Takes an operation out of the step that holds it; false when none does. */
function take(steps: Step[], id: string): boolean {
  for (let i = steps.length - 1; i >= 0; i--) {
    const step = steps[i]!;
    const at = step.operations.findIndex((op) => op.id === id);
    if (at < 0) continue;
    step.operations.splice(at, 1);
    if (step.operations.length === 0) steps.splice(i, 1);
    return true;
  }
  return false;
}

function give(steps: Step[], root: string, op: Operation): void {
  const last = steps.at(-1);
  if (last?.root === root) last.operations.push(op);
  else steps.push({ root, operations: [op] });
}
