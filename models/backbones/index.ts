/** The registry of backbones. A new one is one file and one entry. */
import { compact } from './compact';
import { type Backbone } from './types';

export const backbones: Record<string, Backbone> = { [compact.name]: compact };
export type { Backbone, FeatureMap } from './types';
