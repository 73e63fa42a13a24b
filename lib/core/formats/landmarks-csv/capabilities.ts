import type { FormatCapabilities } from '../dataset';

export const landmarksCsvCapabilities: FormatCapabilities = {
  kinds: ['landmarks'],
  flags: [],
  attributes: false,
  groups: false,
  outside: ['landmarks'],
  classColors: false,
  skeletonPairs: false,
};
