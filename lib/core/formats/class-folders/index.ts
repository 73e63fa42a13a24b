import type { Format } from '../dataset';
import { classFoldersCapabilities } from './capabilities';
import { classFoldersReader } from './reader';
import { classFoldersWriter } from './writer';

export const classFolders: Format = {
  id: 'class-folders',
  name: 'Class folders',
  notes: 'A folder a class, for classifiers (ImageFolder). No places of objects.',
  capabilities: classFoldersCapabilities,
  reader: classFoldersReader,
  writer: classFoldersWriter,
};
