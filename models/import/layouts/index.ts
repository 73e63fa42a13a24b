/** The registry of output layouts. */
import { boxes } from './boxes';
import { centernet } from './centernet';
import { classMap } from './classMap';
import { movenet } from './movenet';
import { pointList } from './pointList';
import { type OutputLayout } from './types';
import { yolov5, yolov8 } from './yolo';
import { yolov8Pose } from './yoloPose';
import { yolov8Segment } from './yoloSegment';

const all = [yolov8Pose, yolov8Segment, yolov8, yolov5, boxes, centernet, pointList, classMap, movenet] as unknown as readonly OutputLayout[];

export const layouts: Readonly<Record<string, OutputLayout>> = Object.fromEntries(all.map((layout) => [layout.name, layout]));

export type { OutputLayout } from './types';
