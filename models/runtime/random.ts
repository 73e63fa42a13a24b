/**
 * Random streams as a function of a key: the same key gives the same numbers in every process, so that a resumed run
 * draws what the uninterrupted one would have drawn.
 */
import { Random } from '@/lib/core/random';

export { Random };

/** The stream of a key such as (seed, 'augment', step, image). */
export const randomFor = (...key: readonly (number | string)[]): Random => new Random(key.join('/'));
