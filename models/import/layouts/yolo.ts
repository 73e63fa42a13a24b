/** Detectors of the YOLO family: v5 and its kin (rows, with objectness), v8 and later (columns, without). */
import { fuseDetections } from '../../tasks/detect/decode';
import * as settings from '../settings/yolo';
import { candidatesOf } from './predictions';
import { type OutputLayout } from './types';

type Layout = OutputLayout<settings.Predictions>;

const defaults = { decode: { minScore: 0.001, nmsIou: 0.5, limit: 100 } };
const decode: Layout['decode'] = (views, options) => fuseDetections(views, options, candidatesOf);

export const yolov5: Layout = { ...settings.yolov5, defaults, decode };
export const yolov8: Layout = { ...settings.yolov8, defaults, decode };
