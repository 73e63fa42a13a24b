/** How much memory a training may take where nobody says. */
import os from 'node:os';

const GB = 2 ** 30;
/** Share of the memory there is, and the most that is taken unasked. */
const SHARE = 0.6;
const MOST = 4 * GB;
/** With less nothing can be trained. */
const LEAST_MB = 500;
const MB = 1_000_000;

/** Bytes of memory that this process may have: the machine's, or its container's where that has less. */
function memoryThereIs(): number {
  const limit = process.constrainedMemory();
  return limit > 0 ? Math.min(os.totalmem(), limit) : os.totalmem();
}

/**
 * The setting FIELDMARK_TRAINING_MEMORY_MB in bytes; without it 60 % of the memory there is (`available`),
 * at most 4 GB. Throws an Error that says what the setting must be.
 */
export function trainingMemory(setting = process.env['FIELDMARK_TRAINING_MEMORY_MB'] ?? '', available = memoryThereIs()): number {
  const text = setting.trim();
  if (text === '') return Math.min(MOST, Math.floor(SHARE * available));
  const megabytes = Number(text);
  if (!(Number.isInteger(megabytes) && megabytes >= LEAST_MB)) throw new Error(`FIELDMARK_TRAINING_MEMORY_MB is "${setting}", but must be a whole number, ${LEAST_MB} or more`);
  return megabytes * MB;
}
