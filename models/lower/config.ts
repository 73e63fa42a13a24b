/** Reads layer configurations, which are JSON of unknown shape. */

export type Config = Record<string, unknown>;

export function numberOf(config: Config, key: string, fallback?: number): number {
  const value = config[key] ?? fallback;
  if (typeof value !== 'number') throw new Error(`${key} is not a number: ${JSON.stringify(config[key])}`);
  return value;
}

/** A size along height and width, given as one number or two. */
export function pairOf(config: Config, key: string, fallback?: [number, number]): [number, number] {
  const value = config[key] ?? fallback;
  if (typeof value === 'number') return [value, value];
  if (Array.isArray(value) && value.length === 2) {
    const [first, second]: unknown[] = value;
    if (typeof first === 'number' && typeof second === 'number') return [first, second];
  }
  throw new Error(`${key} is not a pair of numbers: ${JSON.stringify(config[key])}`);
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
