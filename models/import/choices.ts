/** What a person decides about a model that they upload. Pure: pages check it without loading a runtime. */
import { z } from 'zod';

export const MAX_SIDE = 4096;

const side = z.number().int().min(8).max(MAX_SIDE);
const channel3 = <T extends z.ZodType>(value: T) => z.tuple([value, value, value]);

/** The choices that make a file a model: how its input is prepared and its outputs are read. */
export const uploadChoicesSchema = z.object({
  layout: z.string(),
  /** Settings of the layout; the layout checks them. */
  head: z.record(z.string(), z.unknown()),
  outputs: z.array(z.string()).min(1).max(8),
  classes: z.array(z.object({
    id: z.string().min(1),
    name: z.string().min(1),
    points: z.array(z.string()).optional(),
    swaps: z.array(z.tuple([z.number().int().nonnegative(), z.number().int().nonnegative()])).optional(),
    /** Not proposed. */
    skip: z.boolean().optional(),
  })).min(1).max(10_000),
  inputSize: z.object({ width: side, height: side }),
  normalisation: z.object({
    resize: z.enum(['letterbox', 'stretch']),
    fill: z.number().int().min(0).max(255),
    mean: channel3(z.number()),
    deviation: channel3(z.number().positive()),
  }),
  channels: z.enum(['rgb', 'bgr', 'grey']),
});
export type UploadChoices = z.infer<typeof uploadChoicesSchema>;

type ChosenClass = UploadChoices['classes'][number];

/** Names in order, each once: what is named again gets a number. */
function unlike(names: readonly string[]): string[] {
  const taken = new Set<string>();
  return names.map((name) => {
    let own = name;
    for (let n = 2; taken.has(own); n++) own = `${name} (${n})`;
    taken.add(own);
    return own;
  });
}

/** Pairs of a left and a right point of one name ("left eye", "eye_r"), which change places in a mirrored image. */
export function pairsByName(points: readonly string[]): [number, number][] {
  const side = (name: string): { side: 'left' | 'right'; rest: string } | null => {
    const words = name.toLowerCase().split(/[\s_.-]+/).filter(Boolean);
    const at = words.findIndex((word) => ['left', 'right', 'l', 'r'].includes(word));
    return at < 0 || words.length < 2 ? null : { side: words[at]!.startsWith('l') ? 'left' : 'right', rest: words.toSpliced(at, 1).join(' ') };
  };
  const sides = points.map(side);
  return sides.flatMap((left, a): [number, number][] => {
    if (left?.side !== 'left') return [];
    const b = sides.findIndex((right) => right?.side === 'right' && right.rest === left.rest);
    return b < 0 ? [] : [[a, b]];
  });
}

/** Classes of these names (their ids too), with these points where there are any. */
export function classesOf(names: readonly string[], points?: readonly string[]): ChosenClass[] {
  const skeleton = points && { points: [...points], ...(pairsByName(points).length > 0 && { swaps: pairsByName(points) }) };
  return unlike(names).map((name) => ({ id: name, name, ...skeleton }));
}
