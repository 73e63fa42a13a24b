import type { z } from 'zod';
import type { Applied, DocumentState } from '../state';

/** One kind of change: its shape, what it does, its inverse, and how its older forms are read. */
export interface ChangeType<S extends z.ZodType> {
  readonly schema: S;
  /** Applies the change to `state` in place (annotations themselves are replaced, never mutated). */
  apply(state: DocumentState, change: z.infer<S>): Applied;
  /** The change that takes this one back. */
  invert(change: z.infer<S>): unknown;
  /** Brings a change stored under an older operation version up to the newest. Stored operations are never rewritten. */
  upgrade(change: unknown, fromVersion: number): unknown;
}
