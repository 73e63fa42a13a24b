import type { Format } from '../dataset';
import { masksCapabilities } from './capabilities';
import { masksReader } from './reader';
import { masksWriter } from './writer';

export const masks: Format = {
  id: 'masks',
  name: 'Mask images',
  notes: 'PNG files whose pixels are numbers of classes and of objects (CamVid and the like). Masks only.',
  capabilities: masksCapabilities,
  reader: masksReader,
  writer: masksWriter,
};
