/**
 * An operation is one gesture: a list of changes that happen together or not at all. Browser and server apply it with
 * this same code; the log keeps it as it came.
 *
 * Laws (held by properties in operation.test.ts): apply ∘ invert is the identity on what the operation touched, up to
 * `rev`; applying twice is prevented by the operation's id, not here; on an unchanged base there are no conflicts.
 */
import { z } from 'zod';
import { uuid } from '../labels';
import type { ChangeType } from './changes/ChangeType';
import { create, createChange } from './changes/create';
import { decide, decideChange } from './changes/decide';
import { del, deleteChange } from './changes/delete';
import { paint, paintChange } from './changes/paint';
import { update, updateChange } from './changes/update';
import { OperationRefused, type Applied, type DocumentState } from './state';

/** The newest version of the operation format; `upgradeOperation` reads all before it. */
export const OPERATION_VERSION = 1;

export const change = z.discriminatedUnion('kind', [createChange, updateChange, deleteChange, paintChange, decideChange]);
export type Change = z.infer<typeof change>;

const changeTypes: { [K in Change['kind']]: ChangeType<z.ZodType<Extract<Change, { kind: K }>>> } = {
  create: create as never,
  update: update as never,
  delete: del as never,
  paint: paint as never,
  decide: decide as never,
};

export const operation = z.object({
  id: uuid,
  v: z.literal(OPERATION_VERSION),
  /** The gesture, for people: `draw`, `move`, `paint`, `accept`, `import`, `undo`… It does not decide what happens. */
  type: z.string().regex(/^[a-z][a-z-]{0,39}$/),
  document: uuid,
  /** The document's `seq` that the author had seen. */
  base: z.number().int().min(0),
  changes: z.array(change).min(1).max(20_000),
  tool: z.string().max(40),
  /** When it was made, by the author's clock (ISO 8601, UTC). */
  at: z.iso.datetime(),
  /** Milliseconds of active work since the operation before it. */
  activeMs: z.number().int().min(0),
  /** The operation that this one takes back (or, as a redo, the undo that it takes back). */
  undoes: uuid.nullable().default(null),
  /** The import, pre-label or other run that it belongs to; a batch is reverted as one. */
  batch: uuid.nullable().default(null),
});
export type Operation = z.infer<typeof operation>;

function typeOf(c: Change): ChangeType<z.ZodType<Change>> {
  return changeTypes[c.kind] as unknown as ChangeType<z.ZodType<Change>>;
}

/**
 * Applies an operation to a document in place: all its changes or, when one is refused, none.
 * @throws OperationRefused when a change can be applied to no state of this document
 */
export function applyOperation(state: DocumentState, op: Operation): Applied {
  const touched = new Set<string>();
  const conflicts: Applied['conflicts'] = [];
  const undo: (() => void)[] = [];
  try {
    for (const c of op.changes) {
      undo.push(remember(state, c.kind === 'decide' ? c.proposal : c.annotation));
      const applied = typeOf(c).apply(state, c);
      applied.touched.forEach((id) => touched.add(id));
      conflicts.push(...applied.conflicts);
    }
  } catch (error) {
    undo.reverse().forEach((restore) => restore());
    if (error instanceof OperationRefused) throw error;
    throw new OperationRefused(error instanceof Error ? error.message : String(error));
  }
  return { touched: [...touched], conflicts };
}

/** Keeps what the document holds under this id, and gives back the function that restores it. */
function remember(state: DocumentState, id: string): () => void {
  const maps = [state.annotations, state.deleted, state.decisions] as Map<string, unknown>[];
  const held = maps.map((m) => m.get(id));
  return () => maps.forEach((m, i) => (held[i] === undefined ? m.delete(id) : m.set(id, held[i])));
}

/** The operation that takes `op` back, under an id and a time of its own. */
export function invertOperation(op: Operation, envelope: Pick<Operation, 'id' | 'at' | 'base'> & { type: 'undo' | 'redo' }): Operation {
  return {
    ...envelope,
    v: OPERATION_VERSION,
    document: op.document,
    changes: op.changes.map((c) => change.parse(typeOf(c).invert(c))).reverse(),
    tool: op.tool,
    activeMs: 0,
    undoes: op.id,
    batch: null,
  };
}

/**
 * Reads a stored operation of any version.
 * @throws ZodError when it is not an operation
 */
export function upgradeOperation(stored: unknown): Operation {
  const raw = z.looseObject({ v: z.number().int().min(1).max(OPERATION_VERSION), changes: z.array(z.looseObject({ kind: z.string() })) }).parse(stored);
  const changes = raw.changes.map((c) => (c.kind in changeTypes ? changeTypes[c.kind as Change['kind']].upgrade(c, raw.v) : c));
  return operation.parse({ ...raw, v: OPERATION_VERSION, changes });
}
