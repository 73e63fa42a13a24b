/** Attributes of a graph model's nodes: TensorFlow's AttrValue as JSON, where bytes are base64 and whole numbers strings. */
import { z } from 'zod';

const bytes = z.union([z.string(), z.array(z.number().int())]);
const whole = z.union([z.number(), z.string()]);
const valueSchema = z.looseObject({
  s: bytes.optional(),
  i: whole.optional(),
  f: z.union([z.number(), z.string()]).optional(),
  b: z.boolean().optional(),
  type: z.union([z.string(), z.number()]).optional(),
  shape: z.looseObject({ dim: z.array(z.looseObject({ size: whole.optional() })).optional(), unknownRank: z.boolean().optional() }).optional(),
  list: z.looseObject({ s: z.array(bytes).optional(), i: z.array(whole).optional(), f: z.array(z.number()).optional() }).optional(),
});

export const attributesSchema = z.record(z.string(), valueSchema);
export type Attributes = z.infer<typeof attributesSchema>;

const text = (value: string | number[]): string =>
  typeof value === 'string' ? new TextDecoder().decode(Uint8Array.from(atob(value), (c) => c.charCodeAt(0))) : new TextDecoder().decode(Uint8Array.from(value));

/** TensorFlow's DataType numbers, for files that write them instead of names. */
const TYPES: Record<number, string> = { 1: 'DT_FLOAT', 3: 'DT_INT32', 4: 'DT_UINT8', 9: 'DT_INT64', 10: 'DT_BOOL', 19: 'DT_HALF' };

/** Reads attributes by name; what is left out has the default of the operation. */
export class Reader {
  constructor(private readonly attributes: Attributes) {}

  string(key: string, fallback: string): string {
    const value = this.attributes[key]?.s;
    return value === undefined ? fallback : text(value);
  }

  strings(key: string): string[] {
    return (this.attributes[key]?.list?.s ?? []).map(text);
  }

  number(key: string, fallback: number): number {
    const value = this.attributes[key]?.i ?? this.attributes[key]?.f;
    return value === undefined ? fallback : Number(value);
  }

  numbers(key: string): number[] {
    return (this.attributes[key]?.list?.i ?? []).map(Number);
  }

  flag(key: string, fallback = false): boolean {
    return this.attributes[key]?.b ?? fallback;
  }

  type(key: string): string {
    const value = this.attributes[key]?.type;
    return typeof value === 'number' ? (TYPES[value] ?? String(value)) : (value ?? 'DT_FLOAT');
  }

  /** Sizes of a shape, −1 where one is open; null when nothing is said. */
  shape(key: string): number[] | null {
    const shape = this.attributes[key]?.shape;
    if (!shape || shape.unknownRank) return null;
    return (shape.dim ?? []).map(({ size }) => Number(size ?? -1));
  }
}
