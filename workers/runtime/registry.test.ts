import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { jobKinds } from '@/lib/server/queue/kinds';
import { jobs } from '../jobs';
import { defineJob } from './defineJob';
import { checkRegistry, loadJob, RegistryError } from './registry';

const payload = z.object({ n: z.number() });
const kinds = { one: { queue: 'quick', payload } } as const;
const one = defineJob({ kind: 'one', queue: 'quick', payload, run: async () => undefined });
const loader = async () => ({ default: one });

describe('the registry of jobs', () => {
  it('accepts exactly one handler a kind', async () => {
    expect(() => checkRegistry({ kinds, loaders: { one: loader } })).not.toThrow();
    expect(await loadJob({ kinds, loaders: { one: loader } }, 'one')).toBe(one);
  });

  it('names kinds without a handler, handlers without a kind, and a handler used twice', () => {
    expect(() => checkRegistry({ kinds, loaders: {} })).toThrow(/"one" has no handler/);
    expect(() => checkRegistry({ kinds, loaders: { one: loader, two: async () => ({ default: one }) } })).toThrow(/"two" has no job kind/);
    expect(() => checkRegistry({ kinds: { ...kinds, two: kinds.one }, loaders: { one: loader, two: loader } })).toThrow(/"one" and "two" have the same handler/);
  });

  it('refuses a handler that is not what its contract says', async () => {
    const wrong = (changes: object) => loadJob({ kinds, loaders: { one: async () => ({ default: { ...one, ...changes } }) } }, 'one');
    await expect(wrong({ kind: 'other' })).rejects.toThrow(/calls itself "other"/);
    await expect(wrong({ queue: 'train' })).rejects.toThrow(/names the queue train, its contract quick/);
    await expect(wrong({ payload: z.object({}) })).rejects.toThrow(/checks another payload/);
    await expect(loadJob({ kinds, loaders: {} }, 'none')).rejects.toThrow(RegistryError);
  });
});

describe("the product's jobs", () => {
  it('have a handler each, and it is the right one', async () => {
    checkRegistry({ kinds: jobKinds, loaders: jobs });
    for (const kind of Object.keys(jobKinds)) expect((await loadJob({ kinds: jobKinds, loaders: jobs }, kind)).kind).toBe(kind);
  });
});
