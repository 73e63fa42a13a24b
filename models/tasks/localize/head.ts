/** A localizer keeps nothing of its own: its output follows from the classes. */
import { z } from 'zod';
import { type ModelDesign } from '../../runtime/card';

export const headSchema = z.object({});
export type LocalizeHead = z.infer<typeof headSchema>;
export type LocalizeDesign = ModelDesign<LocalizeHead>;
