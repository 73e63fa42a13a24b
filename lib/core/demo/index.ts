/**
 * The demo project: micrographs of stained blood that the product draws itself, with a label schema, a guide and the ground
 * truth. Pure and deterministic: the same seed and index give the same pixels and the same labels on every machine.
 */
import { clipBox } from '../geometry/box';
import type { AnnotationFields } from '../labels';
import { maskFromBitmap, maskToString, type Mask } from '../masks';
import { Random } from '../random';
import { smoothstep } from './noise';
import { Plate, paintPlatelet, paintRed, paintWhite } from './paint';
import { demoClassIds, lobesAttribute } from './schema';
import { nucleusField, outlineBounds, placeCells, type Cell } from './shapes';

export { demoClassIds, demoSchema } from './schema';
export { demoGuide } from './guide';

export const DEMO_WIDTH = 640;
export const DEMO_HEIGHT = 480;
/** The seed of the demo project. */
export const DEMO_SEED = 20;

/** What an annotation of the ground truth holds; the caller gives it an id. */
export interface DemoAnnotation extends AnnotationFields {
  /** Annotations of the same cell have the same number. */
  object: number;
}

export interface DemoImage {
  /** `smear-007.png` */
  name: string;
  width: number;
  height: number;
  /** Row-major, four bytes a pixel, opaque. */
  rgba: Uint8ClampedArray;
  /** Boxes of every cell; of white cells also the nucleus as a mask and its long axis as landmarks. */
  annotations: DemoAnnotation[];
}

/** Draws a picture of the demo, 640 × 480, with its ground truth. Takes about a fifth of a second. */
export function drawDemoImage(seed: number, index: number): DemoImage {
  const random = new Random(`demo/${seed}/${index}`);
  const plate = new Plate(DEMO_WIDTH, DEMO_HEIGHT);
  const pictureSeed = (seed * 7919 + index * 104_729) >>> 0;
  plate.background(pictureSeed, random.between(0, 1));
  const cells = placeCells(DEMO_WIDTH, DEMO_HEIGHT, random).map((c) => ({ ...c, seed: (c.seed * 31 + pictureSeed) >>> 0 }));
  for (const cell of cells) (cell.kind === 'red' ? paintRed : cell.kind === 'white' ? paintWhite : paintPlatelet)(plate, cell);
  plate.blur(1 + random.below(2));
  const rgba = plate.develop(pictureSeed, random.between(0.97, 1.02));
  return { name: `smear-${String(index + 1).padStart(3, '0')}.png`, width: DEMO_WIDTH, height: DEMO_HEIGHT, rgba, annotations: cells.flatMap(truthOf) };
}

function truthOf(cell: Cell, object: number): DemoAnnotation[] {
  const fields = { object, attributes: {}, truncated: false, occluded: false, difficult: false, crowd: false, group: null, track: null, at: null, score: null, origin: null };
  const bounds = outlineBounds(cell);
  const box = clipBox(bounds, { width: DEMO_WIDTH, height: DEMO_HEIGHT });
  if (!box) return [];
  const truncated = bounds.x0 < 0 || bounds.y0 < 0 || bounds.x1 > DEMO_WIDTH || bounds.y1 > DEMO_HEIGHT;
  const whole: DemoAnnotation = { ...fields, classId: demoClassIds[cell.kind], truncated, geometry: { kind: 'box', v: 1, x0: tenth(box.x0), y0: tenth(box.y0), x1: tenth(box.x1), y1: tenth(box.y1) } };
  if (cell.kind !== 'white') return [whole];
  const nucleus = nucleusMask(cell);
  return [
    { ...whole, attributes: { [lobesAttribute]: cell.lobeCount } },
    { ...fields, classId: demoClassIds.nucleus, truncated, geometry: { kind: 'mask', v: 1, mask: maskToString(nucleus.mask) } },
    { ...fields, classId: demoClassIds.axis, truncated, geometry: { kind: 'landmarks', v: 1, points: nucleus.axis.map((p) => ({ ...p, v: 2 as const })) } },
  ];
}

/** A tenth of a pixel is finer than anybody draws. */
const tenth = (value: number) => Math.round(value * 10) / 10;

/** The nucleus as it is painted, and its long axis: left end, centre, right end. */
function nucleusMask(cell: Cell): { mask: Mask; axis: { x: number; y: number }[] } {
  const bounds = outlineBounds(cell);
  const x0 = Math.max(0, Math.floor(bounds.x0));
  const y0 = Math.max(0, Math.floor(bounds.y0));
  const width = Math.min(DEMO_WIDTH, Math.ceil(bounds.x1)) - x0;
  const height = Math.min(DEMO_HEIGHT, Math.ceil(bounds.y1)) - y0;
  const bitmap = new Uint8Array(width * height);
  let [n, sx, sy, sxx, syy, sxy] = [0, 0, 0, 0, 0, 0];
  const inside = (x: number, y: number) => smoothstep(0.93, 1.07, nucleusField(cell, x, y)) >= 0.5;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const px = x0 + x + 0.5;
      const py = y0 + y + 0.5;
      if (!inside(px, py)) continue;
      bitmap[y * width + x] = 1;
      n++;
      sx += px;
      sy += py;
      sxx += px * px;
      syy += py * py;
      sxy += px * py;
    }
  }
  const mask = maskFromBitmap(bitmap, width, height, { x: x0, y: y0 });
  const cx = sx / n;
  const cy = sy / n;
  // The eigenvector of the larger eigenvalue of the covariance: the direction in which the nucleus is longest.
  const [a, b, c] = [sxx / n - cx * cx, sxy / n - cx * cy, syy / n - cy * cy];
  const root = Math.sqrt(((a - c) / 2) ** 2 + b * b);
  let ux = b;
  let uy = (c - a) / 2 + root;
  if (Math.abs(ux) + Math.abs(uy) < 1e-9) [ux, uy] = a >= c ? [1, 0] : [0, 1];
  const length = Math.sqrt(ux * ux + uy * uy);
  const toRight = ux < 0 || (ux === 0 && uy < 0) ? -1 : 1;
  const u = { x: (ux / length) * toRight, y: (uy / length) * toRight };
  let [least, most] = [Infinity, -Infinity];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (!bitmap[y * width + x]) continue;
      const along = (x0 + x + 0.5 - cx) * u.x + (y0 + y + 0.5 - cy) * u.y;
      least = Math.min(least, along);
      most = Math.max(most, along);
    }
  }
  const at = (t: number) => ({ x: tenth(cx + u.x * t), y: tenth(cy + u.y * t) });
  return { mask, axis: [at(least), at(0), at(most)] };
}
