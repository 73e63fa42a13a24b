/** The lines of a YOLO label file. */
import type { Size } from '../../geometry/box';
import type { Visibility } from '../../labels';
import { maskToString, polygonMask } from '../../masks';
import { plainAnnotation, type DatasetIssue, type InterchangeAnnotation } from '../dataset';

const number = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;

/** Whether the first lines are a class index and at least four numbers each. An empty file may be a negative example. */
export function looksLikeLabels(text: string): boolean {
  const lines = text.split(/\r?\n/).map((l) => l.trim()).filter((l) => l !== '').slice(0, 20);
  return lines.every((line) => {
    const fields = line.split(/\s+/);
    return fields.length >= 5 && /^\d+(\.0*)?$/.test(fields[0]!) && fields.slice(1).every((f) => number.test(f));
  });
}

interface Context {
  path: string;
  /** Of the upright image, in pixels. */
  size: Size;
  className: (index: number) => string;
  keypoints: { count: number; numbers: 2 | 3 } | null;
  issues: DatasetIssue[];
}

/**
 * `class cx cy w h` is a box, with a sixth number a box with its score, `class x1 y1 x2 y2 x3 y3 …` a polygon, and with `kpt_shape`
 * in data.yaml a box followed by points. All numbers are shares of the image.
 */
export function readLabels(text: string, ctx: Context): InterchangeAnnotation[] {
  const { width, height } = ctx.size;
  return text.split(/\r?\n/).flatMap((raw, i): InterchangeAnnotation[] => {
    const line = raw.trim();
    if (line === '') return [];
    const fields = line.split(/\s+/);
    const values = fields.map(Number);
    const [index, ...rest] = values;
    const fail = (code: string, message: string) => {
      ctx.issues.push({ severity: 'error', code, path: ctx.path, message: `"${ctx.path}", line ${i + 1}: ${message}` });
      return [];
    };
    if (!fields.every((f) => number.test(f)) || !Number.isInteger(index) || index! < 0 || rest.length < 4) return fail('bad-line', `"${line.slice(0, 60)}" is not a class index and four or more numbers; it was not imported.`);
    if (rest.some((v) => Math.abs(v) > 2)) return fail('not-normalised', `the numbers are not shares of the image between 0 and 1; it was not imported.`);
    const name = ctx.className(index!);
    const points = ctx.keypoints && rest.length === 4 + ctx.keypoints.count * ctx.keypoints.numbers ? readPoints(rest.slice(4), ctx.keypoints.numbers, ctx.size) : null;
    if (!points && rest.length >= 6) {
      if (rest.length % 2 !== 0) return fail('bad-line', `it has ${rest.length} numbers, which is neither a box nor a list of points; it was not imported.`);
      const ring = Array.from({ length: rest.length / 2 }, (_, k) => ({ x: rest[2 * k]! * width, y: rest[2 * k + 1]! * height }));
      const mask = polygonMask(ring, ctx.size);
      if (mask.width === 0) return fail('zero-area', `the polygon covers no pixel; it was not imported.`);
      return [plainAnnotation(name, { kind: 'mask', v: 1, mask: maskToString(mask) })];
    }
    const [cx, cy, w, h, score] = rest as [number, number, number, number, number?];
    const box = { x0: (cx - w / 2) * width, y0: (cy - h / 2) * height, x1: (cx + w / 2) * width, y1: (cy + h / 2) * height };
    if (!(w > 0 && h > 0)) return fail('zero-area', `the box (${name}) has no area; it was not imported.`);
    if (points) return [plainAnnotation(name, { kind: 'landmarks', v: 1, points })];
    return [plainAnnotation(name, { kind: 'box', v: 1, ...snap(box, ctx.size) }, { score: score !== undefined && score >= 0 && score <= 1 ? score : null })];
  });
}

/** An edge that rounding alone took outside the image is put back on it, so that nobody is told of a cut. */
function snap(box: { x0: number; y0: number; x1: number; y1: number }, size: Size) {
  const near = (value: number, side: number) => (value < 0 && value > -0.01 ? 0 : value > side && value < side + 0.01 ? side : value);
  return { x0: near(box.x0, size.width), y0: near(box.y0, size.height), x1: near(box.x1, size.width), y1: near(box.y1, size.height) };
}

/** Without visibility a point at (0, 0) is one that was not placed. */
function readPoints(values: readonly number[], numbers: 2 | 3, size: Size): { x: number; y: number; v: Visibility }[] {
  const points: { x: number; y: number; v: Visibility }[] = [];
  for (let k = 0; k < values.length; k += numbers) {
    const [x, y] = [values[k]!, values[k + 1]!];
    const v = numbers === 3 ? (Math.max(0, Math.min(2, Math.round(values[k + 2]!))) as Visibility) : x === 0 && y === 0 ? 0 : 2;
    points.push(v === 0 ? { x: 0, y: 0, v } : { x: x * size.width, y: y * size.height, v });
  }
  return points;
}
