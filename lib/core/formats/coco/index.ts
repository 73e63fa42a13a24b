import type { Format } from '../dataset';
import { cocoCapabilities } from './capabilities';
import { cocoReader } from './reader';
import { cocoWriter } from './writer';

export const coco: Format = {
  id: 'coco',
  name: 'COCO',
  notes: 'One JSON file a split, read by most trainers and by the COCO evaluation. Boxes, masks and landmarks.',
  capabilities: cocoCapabilities,
  reader: cocoReader,
  writer: cocoWriter,
};
