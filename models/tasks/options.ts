/** Settings of a task's own, as a person gives them. */
import { z } from 'zod';
import { type Task, TrainingDataError } from './types';

/**
 * The settings checked, with the defaults of those that are left out.
 * @throws TrainingDataError that names what is unknown, and what is known, or the setting whose value does not do
 */
export function taskOptions<Options>({ name, optionsSchema }: Pick<Task<unknown, Options>, 'name' | 'optionsSchema'>, given: Record<string, unknown> = {}): Options {
  const result = optionsSchema.safeParse(given);
  if (result.success) return result.data;
  const known = optionsSchema instanceof z.ZodObject ? Object.keys(optionsSchema.shape) : [];
  const unknown = Object.keys(given).filter((key) => !known.includes(key));
  if (unknown.length > 0) {
    const has = known.length === 0 ? `The task ${name} has no settings of its own` : `The task ${name} has ${known.join(', ')}`;
    throw new TrainingDataError(`There is no setting ${unknown.join(' or ')}. ${has}.`);
  }
  const { path, message } = result.error.issues[0]!;
  throw new TrainingDataError(`The setting ${path.join('.')} of the task ${name} does not do: ${message}.`);
}
