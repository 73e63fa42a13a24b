/** What a loss over a batch divides by when the batch is taken in parts. */
import { type Value } from '../graph';

/**
 * Sums over a whole batch, for losses that divide by a count inside it. With them a batch that is taken in parts, each with a
 * loss of its own, has the very loss and gradients it would have whole: the means of those of its parts.
 */
export interface BatchSums {
  /** The sum over the whole batch of what this part sums to `own`. What depends on the network's outputs costs a forward pass. */
  total(own: Value): Value;
  /** Stands for that sum where the loss is linear in it: the mean over the parts is right, and it costs nothing. */
  linear(own: Value): Value;
}

/** A batch that is taken whole. */
export const wholeBatch: BatchSums = { total: (own) => own, linear: (own) => own };
