/** Learning rates over a run. `progress` is the share of the run that is done, 0 to 1. */

export type Schedule = (progress: number) => number;

export const constant = (rate: number): Schedule => () => rate;

/** The rate is multiplied by `factor` at each of the given shares of the run. */
export const stepped = (rate: number, at: readonly number[], factor = 0.1): Schedule => (progress) =>
  rate * factor ** at.filter((share) => progress >= share).length;

/** Half a cosine from `rate` down to `rate · floor`. */
export const cosine = (rate: number, floor = 0.01): Schedule => (progress) =>
  rate * (floor + (1 - floor) * 0.5 * (1 + Math.cos(Math.PI * Math.min(Math.max(progress, 0), 1))));

/** A straight rise from near zero during the first `share` of the run, then the schedule itself. */
export const withWarmUp = (schedule: Schedule, share: number): Schedule => (progress) =>
  schedule(progress) * (progress < share ? Math.max(progress / share, 0.01) : 1);
