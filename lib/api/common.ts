import { z } from 'zod';
import { uuid } from '@/lib/core/labels';

export { uuid };
export const isoTime = z.iso.datetime();
export const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'must be a SHA-256 in lower-case hexadecimal');
export const idParam = z.object({ id: uuid });
export const projectParam = z.object({ project: uuid });
export const empty = 'empty' as const;

/** Long lists are paged by key: pass `next` back as `cursor`. */
export const pageQuery = z.object({
  cursor: z.string().max(500).optional(),
  limit: z.coerce.number().int().min(1).max(500).default(50),
});
export function pageOf<T extends z.ZodType>(row: T) {
  return z.object({ items: z.array(row), next: z.string().nullable() });
}

export const split = z.enum(['train', 'val', 'test']);
export type Split = z.infer<typeof split>;
export const itemStatus = z.enum(['open', 'work', 'done']);
export type ItemStatus = z.infer<typeof itemStatus>;

/** A query flag: `1`, `true`, `yes`. */
export const flag = z.union([z.boolean(), z.stringbool()]);
