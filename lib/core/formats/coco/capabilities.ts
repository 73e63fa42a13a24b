import type { FormatCapabilities } from '../dataset';

export const cocoCapabilities: FormatCapabilities = {
  kinds: ['box', 'mask', 'landmarks'],
  flags: ['truncated', 'occluded', 'difficult', 'crowd'],
  attributes: true,
  groups: true,
  outside: ['box', 'landmarks'],
  classColors: true,
  skeletonPairs: true,
};
