/** The registry of output layouts, in the order in which they are tried on a model. */
import { boxes } from './boxes';
import { centernet } from './centernet';
import { classMap } from './classMap';
import { movenet } from './movenet';
import { type Hints, type OutputLayout, type OutputPort, type Recognised } from './types';
import { yolov5, yolov8 } from './yolo';
import { yolov8Pose } from './yoloPose';
import { yolov8Segment } from './yoloSegment';

const all = [yolov8Pose, yolov8Segment, yolov8, yolov5, boxes, centernet, classMap, movenet] as unknown as readonly OutputLayout[];

export const layouts: Readonly<Record<string, OutputLayout>> = Object.fromEntries(all.map((layout) => [layout.name, layout]));

export interface Reading extends Recognised {
  layout: string;
}

/** Every way these outputs can be read, the likeliest first. */
export function readings(outputs: readonly OutputPort[], hints: Hints): Reading[] {
  if (outputs.length === 0) return [];
  return all.flatMap((layout) => {
    const recognised = layout.recognise(outputs, hints);
    return recognised ? [{ layout: layout.name, ...recognised }] : [];
  });
}

export type { Hints, OutputLayout, OutputPort, Recognised } from './types';
