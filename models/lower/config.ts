/** Reads layer configurations, which are JSON of unknown shape. */

export type Config = Record<string, unknown>;

export function numberOf(config: Config, key: string, fallback?: number): number {
  const value = config[key] ?? fallback;
  if (typeof value !== 'number') throw new Error(`${key} is not a number: ${JSON.stringify(config[key])}`);
  return value;
}

/** One number for each of `axes` axes of space, given as one for all or as a list. */
export function sizesOf(config: Config, key: string, axes: number, fallback?: number): number[] {
  const value = config[key] ?? fallback;
  if (typeof value === 'number') return Array<number>(axes).fill(value);
  if (Array.isArray(value) && value.length === axes && value.every((n): n is number => typeof n === 'number')) return [...value];
  throw new Error(`${key} is not ${axes === 1 ? 'a number' : `${axes} numbers`}: ${JSON.stringify(config[key])}`);
}

/** Two numbers, before and after, for each of `axes` axes of space. */
export function marginsOf(config: Config, key: string, axes: number): { before: number[]; after: number[] } {
  const value = config[key];
  const pairs = Array.isArray(value) && value.length === axes ? (value as unknown[]) : null;
  if (!pairs || !pairs.every((pair): pair is [number, number] => Array.isArray(pair) && pair.length === 2 && pair.every((n) => typeof n === 'number'))) {
    throw new Error(`${key} is not ${axes} pairs of numbers: ${JSON.stringify(value)}`);
  }
  return { before: pairs.map(([n]) => n), after: pairs.map(([, n]) => n) };
}

export function choiceOf<T extends string>(config: Config, key: string, choices: readonly T[], fallback: T): T {
  const value = config[key] ?? fallback;
  const found = choices.find((choice) => choice === value);
  if (found === undefined) throw new Error(`${key} ${JSON.stringify(value)} is not one of ${choices.join(', ')}`);
  return found;
}

/** Only channels-last models are read. */
export function requireChannelsLast(config: Config): void {
  if ((config.dataFormat ?? 'channelsLast') !== 'channelsLast') throw new Error('only channels-last layers are supported');
}
