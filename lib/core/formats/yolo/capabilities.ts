import type { FormatCapabilities } from '../dataset';

export const yoloCapabilities: FormatCapabilities = {
  kinds: ['box'],
  flags: [],
  attributes: false,
  groups: false,
  outside: [],
  classColors: false,
  skeletonPairs: false,
};
