/** What the output layouts are called and which models have them. Pure: pages list them without loading a runtime. */
import { type TaskName } from '../../runtime/card';

export interface AboutLayout {
  /** Name in the card's `architecture.head`. */
  readonly name: string;
  readonly title: string;
  /** For people: which models have it. */
  readonly description: string;
  readonly task: TaskName;
}

/** In the order in which they are offered. */
export const about = {
  yolov5: {
    name: 'yolov5',
    title: 'YOLOv5 detector',
    description: 'One row a prediction: box, objectness, class scores. YOLOv5, v6, v7 and YOLOX with decoded boxes.',
    task: 'detect',
  },
  yolov8: {
    name: 'yolov8',
    title: 'YOLOv8 or YOLO11 detector',
    description: 'One column a prediction: box, class scores. YOLOv8, v9, 11, 12 as Ultralytics exports them.',
    task: 'detect',
  },
  'yolov8-seg': {
    name: 'yolov8-seg',
    title: 'YOLOv8 or YOLO11 instance segmenter',
    description: 'Predictions with 32 mask coefficients, and a second output with the prototypes. Also YOLOv5-seg.',
    task: 'segment',
  },
  'yolov8-pose': {
    name: 'yolov8-pose',
    title: 'YOLOv8 or YOLO11 pose model',
    description: 'One column a prediction: box, class score, points with x, y and how sure the model is. Without a word in the file, 17 points of a person are taken.',
    task: 'landmarks',
  },
  boxes: {
    name: 'boxes',
    title: 'List of boxes',
    description: 'One row a box: left, top, right, bottom in input pixels, score, class. YOLOv10, YOLO26 and exports with non-max suppression inside.',
    task: 'detect',
  },
  centernet: {
    name: 'centernet',
    title: 'CenterNet',
    description: 'A score map a class, a map of sizes, and perhaps one of offsets, at a quarter of the input.',
    task: 'detect',
  },
  'class-map': {
    name: 'class-map',
    title: 'Segmentation map',
    description: 'A score a class for every place (U-Net, DeepLab, SegFormer, torchvision), or the number of the class itself.',
    task: 'segment',
  },
  movenet: {
    name: 'movenet',
    title: 'MoveNet',
    description: 'The pose of one person, 17 points.',
    task: 'landmarks',
  },
} as const satisfies Readonly<Record<string, AboutLayout>>;
