/** What a training step takes in memory, known before it is started, and how its batch is cut to fit a budget. */
import { costOf } from '../graph/cost';
import { buildStep, type TrainerSpec } from './step';

/** Resident memory of a process that trains, measured in bench/engine: the libraries, and ONNX Runtime's arena over the values alive at once. */
const RUNTIME_BYTES = 300 * 2 ** 20;
const MEMORY_FACTOR = 3;

/**
 * Bytes that a process training `spec` is expected to take at most: activations that the backward pass needs, parameters
 * with their moments and averages (old and new), gradients, and the largest column matrix of a convolution. Images that are
 * kept or wait for their step come on top.
 */
export function estimateMemory(spec: TrainerSpec): number {
  const { program, totals } = buildStep(spec);
  return RUNTIME_BYTES + MEMORY_FACTOR * (costOf(program).peakBytes + (totals ? costOf(totals.program).peakBytes : 0));
}

/**
 * The fewest micro-batches with which `spec` is expected to stay within `bytes`, with that expectation; `besides` is what the
 * process needs for other things, such as images that are kept or wait. One example at a time is the least there is, so that
 * the expectation may exceed the budget then. `between` is awaited before each try: a large network takes seconds to try.
 */
export async function fitToMemory(
  spec: TrainerSpec, bytes: number, { besides = 0, between }: { besides?: number; between?: () => Promise<void> } = {},
): Promise<{ microBatches: number; bytes: number }> {
  const batch = Object.values(spec.inputs)[0]?.shape[0] ?? 1;
  const divisors = Array.from({ length: batch }, (_, i) => i + 1).filter((n) => batch % n === 0);
  let expected = Infinity;
  for (const microBatches of divisors) {
    await between?.();
    expected = besides + estimateMemory({ ...spec, microBatches });
    if (expected <= bytes) return { microBatches, bytes: expected };
  }
  return { microBatches: batch, bytes: expected };
}
