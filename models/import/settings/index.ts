/** The registry of output layouts as people choose and set them, in the order in which they are tried on a model. */
import type { UploadChoices } from '../choices';
import { boxes } from './boxes';
import { centernet } from './centernet';
import { classMap } from './classMap';
import { movenet } from './movenet';
import { pointList } from './pointList';
import type { Fitted, Hints, LayoutSettings, OutputPort, Recognised } from './types';
import { yolov5, yolov8, yolov8Pose, yolov8Segment } from './yolo';

const all = [yolov8Pose, yolov8Segment, yolov8, yolov5, boxes, centernet, pointList, classMap, movenet] as unknown as readonly LayoutSettings[];

export const layoutSettings: Readonly<Record<string, LayoutSettings>> = Object.fromEntries(all.map((layout) => [layout.name, layout]));

export interface Reading extends Recognised {
  layout: string;
  /** The outputs look like it; else it may be chosen all the same. */
  recognised: boolean;
}

/** Every way these outputs may be read: those that are recognised first, the likeliest of them at the head. */
export function readings(outputs: readonly OutputPort[], hints: Hints): Reading[] {
  if (outputs.length === 0) return [];
  const found = all.map((layout): Reading => {
    const recognised = layout.recognise(outputs, hints);
    return { layout: layout.name, recognised: recognised !== null, ...(recognised ?? layout.suggest(outputs, hints)) };
  });
  return [...found.filter(({ recognised }) => recognised), ...found.filter(({ recognised }) => !recognised)];
}

/** Settings completed by the shapes of a model's outputs; or, in words for the person who chose them, why they do not fit. */
export function fitChoices({ layout: name, head, outputs: names, classes, inputSize }: Pick<UploadChoices, 'layout' | 'head' | 'outputs' | 'classes' | 'inputSize'>, outputs: readonly OutputPort[]): Fitted {
  const layout = layoutSettings[name];
  if (!layout) return { problem: `There is no output layout ${name}; known are ${Object.keys(layoutSettings).join(', ')}.` };
  const ports = names.map((wanted) => outputs.find((port) => port.name === wanted));
  const missing = names.find((_, i) => !ports[i]);
  if (missing !== undefined) return { problem: `The model has no output ${missing}; it has ${outputs.map((port) => port.name).join(', ')}.` };
  const needed = layout.roles.filter(({ optional }) => !optional).length;
  if (names.length < needed || names.length > layout.roles.length) return { problem: `${layout.title} reads ${needed === 1 ? 'one output' : `${needed} outputs`} (${layout.roles.map(({ title }) => title).join(', ')}), ${names.length} are chosen.` };
  const parsed = layout.headSchema.safeParse(head);
  if (!parsed.success) return { problem: `The settings of ${layout.title} are not right: ${parsed.error.issues[0]?.path.join('.')}: ${parsed.error.issues[0]?.message}.` };
  const points = classes.map((one) => one.points?.length ?? 0);
  if (points.some((count) => count !== points[0])) return { problem: 'All classes of a pose model have the same points.' };
  return layout.fit(parsed.data, { ports: ports as OutputPort[], inputSize, classes: classes.length, points: points[0] ?? 0 });
}

export type { Field, Fitted, Hints, LayoutSettings, OutputPort, Recognised } from './types';
