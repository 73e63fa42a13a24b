import type { FormatCapabilities } from '../dataset';

export const vocCapabilities: FormatCapabilities = {
  kinds: ['box'],
  flags: ['truncated', 'occluded', 'difficult'],
  attributes: true,
  groups: false,
  outside: ['box'],
  classColors: false,
  skeletonPairs: false,
};
