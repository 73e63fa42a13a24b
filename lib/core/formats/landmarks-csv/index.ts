import type { Format } from '../dataset';
import { landmarksCsvCapabilities } from './capabilities';
import { landmarksCsvReader } from './reader';
import { landmarksCsvWriter } from './writer';

export const landmarksCsv: Format = {
  id: 'landmarks-csv',
  name: 'Landmark CSV',
  notes: 'A table a split: an image and its points in pixels a row. Landmarks only.',
  capabilities: landmarksCsvCapabilities,
  reader: landmarksCsvReader,
  writer: landmarksCsvWriter,
};
