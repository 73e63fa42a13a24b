import type { FormatCapabilities } from '../dataset';

export const masksCapabilities: FormatCapabilities = {
  kinds: ['mask'],
  flags: [],
  attributes: false,
  groups: false,
  outside: [],
  classColors: true,
  skeletonPairs: false,
  flat: true,
};
