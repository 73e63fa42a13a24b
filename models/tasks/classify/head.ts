/** What a classifier's card keeps of its head. */
import { z } from 'zod';
import { type ModelDesign } from '../../runtime/card';

export const headSchema = z.object({
  /** Share of the target that is spread over all classes in training (Szegedy et al. 2016, section 7). */
  labelSmoothing: z.number().min(0).max(0.9).default(0),
});
export type ClassifyHead = z.infer<typeof headSchema>;
export type ClassifyDesign = ModelDesign<ClassifyHead>;
