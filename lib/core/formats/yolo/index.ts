import type { Format } from '../dataset';
import { yoloCapabilities } from './capabilities';
import { yoloReader } from './reader';
import { yoloWriter } from './writer';

export const yolo: Format = {
  id: 'yolo',
  name: 'YOLO',
  notes: 'One text file an image with a data.yaml, as Ultralytics and Darknet read it. Boxes only when written; polygons and keypoints are read too.',
  capabilities: yoloCapabilities,
  reader: yoloReader,
  writer: yoloWriter,
};
