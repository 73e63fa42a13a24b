import type { FormatCapabilities } from '../dataset';

export const classFoldersCapabilities: FormatCapabilities = {
  kinds: ['box', 'mask', 'landmarks'],
  flags: [],
  attributes: false,
  groups: false,
  outside: ['box', 'mask', 'landmarks'],
  classColors: false,
  skeletonPairs: false,
  classOnly: true,
};
