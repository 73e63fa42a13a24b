import type { Annotation } from '../labels';

/** What a person decided about a proposal of a model's document. Undecided proposals have no entry. */
export const decisions = ['accepted', 'corrected', 'reclassed', 'rejected'] as const;
export type Decision = (typeof decisions)[number];

/**
 * One author's annotations of one item, as operations build it. Annotations are immutable values: an operation replaces
 * them. Deleted ones stay as they were, so that their revision goes on and an undo brings them back.
 */
export interface DocumentState {
  annotations: Map<string, Annotation>;
  deleted: Map<string, Annotation>;
  decisions: Map<string, Decision>;
}

export function emptyDocument(): DocumentState {
  return { annotations: new Map(), deleted: new Map(), decisions: new Map() };
}

/** A value that an operation overwrote although its author had not seen it. Listed to people, and restorable. */
export interface Conflict {
  /** The annotation, or for decisions the proposal. */
  annotation: string;
  /** The field, or `*` when a delete met a change. */
  field: string;
  lost: unknown;
  kept: unknown;
}

/** What applying one change did. */
export interface Applied {
  /** Annotations whose row has to be written. */
  touched: string[];
  conflicts: Conflict[];
}

/** An operation that cannot be applied whatever the state: the sender has to be told, nothing was changed. */
export class OperationRefused extends Error {
  override readonly name = 'OperationRefused';
}

/** Structural equality of JSON values; key order does not count. */
export function sameValue(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const ka = Object.keys(a);
  const kb = Object.keys(b);
  if (ka.length !== kb.length) return false;
  return ka.every((k) => k in b && sameValue((a as Record<string, unknown>)[k], (b as Record<string, unknown>)[k]));
}
