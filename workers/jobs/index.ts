import type { JobKind } from '@/lib/server/queue/kinds';
import type { JobLoader } from '../runtime/registry';

/**
 * The handler of every job kind, loaded in the child process that runs it and nowhere else: the worker itself never
 * loads a deep-learning runtime. A kind without a handler, or with two, does not compile; nor does the worker start.
 */
export const jobs: Record<JobKind, JobLoader> = {
  echo: () => import('./echo'),
  import: () => import('./import'),
  revert: () => import('./revert'),
  reassign: () => import('./reassign'),
  anchors: () => import('./anchors'),
  freeze: () => import('./freeze'),
  train: () => import('./train'),
  prelabel: () => import('./prelabel'),
  inspectModel: () => import('./inspectModel'),
  tryModel: () => import('./tryModel'),
  adoptModel: () => import('./adoptModel'),
  inspectNetwork: () => import('./inspectNetwork'),
  evaluate: () => import('./evaluate'),
  measureViewings: () => import('./measureViewings'),
  quality: () => import('./quality'),
  export: () => import('./export'),
  erase: () => import('./erase'),
  demo: () => import('./demo'),
};
