/** `--augment name=value`: how training images vary, where it shall differ from the task's own. */
import { InvalidArgumentError } from 'commander';
import { augmentNames, augmentOverride, type AugmentOverride } from '@/lib/core/augmentation';

/**
 * One setting more: `rotate=20`, and for sizes from and to: `scale=0.8,1.25`.
 * @throws InvalidArgumentError for what is unknown or out of range
 */
export function augment(text: string, before: AugmentOverride = {}): AugmentOverride {
  const [name, value = '', ...rest] = text.split('=').map((part) => part.trim());
  if (!name || value === '' || rest.length > 0) throw new InvalidArgumentError('It is not of the form name=value.');
  if (!(augmentNames as readonly string[]).includes(name)) throw new InvalidArgumentError(`There is no "${name}"; known are ${augmentNames.join(', ')}.`);
  const numbers = value.split(',').map((part) => (part.trim() === '' ? NaN : Number(part)));
  if (name === 'scale' && numbers.length !== 2) throw new InvalidArgumentError('scale takes two sizes, from and to: scale=0.8,1.25.');
  const read = augmentOverride.safeParse({ [name]: numbers.length === 1 ? numbers[0] : numbers });
  if (!read.success) throw new InvalidArgumentError(`${name} cannot be ${value}: ${read.error.issues[0]!.message}.`);
  return { ...before, ...read.data };
}
