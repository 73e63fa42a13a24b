import type { Format } from '../dataset';
import { vocCapabilities } from './capabilities';
import { vocReader } from './reader';
import { vocWriter } from './writer';

export const voc: Format = {
  id: 'voc',
  name: 'Pascal VOC',
  notes: 'One XML file an image; LabelImg writes it. Boxes only.',
  capabilities: vocCapabilities,
  reader: vocReader,
  writer: vocWriter,
};
