/** BlazeFace (Bazarevsky et al. 2019), the form for faces at a distance: boxes and six points of every face. */
import { nms, type Box, type Point } from '@/lib/core/geometry';

/** Side of the input; values from −1 to 1. */
export const FACE_INPUT = 256;
/** Cells along each side of the two maps, and predictors of each cell. */
const MAPS = [{ cells: 16, predictors: 2 }, { cells: 8, predictors: 6 }] as const;
/** Box, and six points: right eye, left eye, nose, mouth, right ear, left ear (the person's own right). */
const FIELDS = 16;

/** A face in network input pixels. */
export interface Face extends Box {
  score: number;
  rightEye: Point;
  leftEye: Point;
}

/** Outputs: logits of the fine and the coarse map, then boxes and points of both, relative to the middle of their cell. */
export function decodeFaces(outputs: readonly Float32Array[], minScore: number, nmsIou: number, limit: number): Face[] {
  const faces: Face[] = [];
  MAPS.forEach(({ cells, predictors }, m) => {
    const [logits, values] = [outputs[m]!, outputs[MAPS.length + m]!];
    const stride = FACE_INPUT / cells;
    for (let i = 0; i < cells * cells * predictors; i++) {
      const score = 1 / (1 + Math.exp(-logits[i]!));
      if (!(score >= minScore)) continue;
      const cell = Math.floor(i / predictors);
      const [ax, ay] = [((cell % cells) + 0.5) * stride, (Math.floor(cell / cells) + 0.5) * stride];
      const at = (k: number) => values[i * FIELDS + k]!;
      const [x, y, w, h] = [ax + at(0), ay + at(1), at(2), at(3)];
      if (!(w > 0 && h > 0)) continue;
      faces.push({ score, x0: x - w / 2, y0: y - h / 2, x1: x + w / 2, y1: y + h / 2, rightEye: { x: ax + at(4), y: ay + at(5) }, leftEye: { x: ax + at(6), y: ay + at(7) } });
    }
  });
  return nms(faces, faces.map(({ score }) => score), nmsIou, { limit }).map((i) => faces[i]!);
}
