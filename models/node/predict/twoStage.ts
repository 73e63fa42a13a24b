/** Models that find objects in the whole image and then look at each of them again: landmarks of faces. */
import { nms, type Point } from '@/lib/core/geometry';
import { type Size } from '../../data/letterbox';
import { type RgbImage } from '../../data/pixels';
import { graphProgram } from '../../inference/graphNetwork';
import { Network } from '../../inference/network';
import { type Images, type Prediction, type PredictOptions, type Predictor } from '../../inference/types';
import { swapPoints } from '../../data/mapLabels';
import { decodeFaces, FACE_INPUT, type Face } from '../../pretrained/faces/blazeface';
import { cut, MESH_INPUT, placeIn, pointsOf, squareOf, type Square } from '../../pretrained/faces/mesh';
import { type GraphModel } from '../../pretrained/graphModel';
import { type ModelCard, type StoredNetwork } from '../../runtime/card';
import { pointToFull } from '../../tasks/frame';
import { type Frame, type LandmarksLabel } from '../../tasks/types';
import { decodeToFit } from '../data/decode';
import { engineFor } from '../engines';
import { viewImage } from './views';
import { predictInOrder } from './predictInOrder';

type GraphNetwork = StoredNetwork & { runtime: 'graph' };
type TwoStage = ModelCard & { network: GraphNetwork & { refine: NonNullable<GraphNetwork['refine']> } };

export const isTwoStage = (card: ModelCard): card is TwoStage => card.network?.runtime === 'graph' && card.network.refine !== undefined;

/** Longer sides are reduced to this first: a face has pixels enough then. */
const MAX_SIDE = 2048;
/** Beside the whole image, faces are looked for in squares of about this side, which overlap by a quarter: the network sees none that is smaller than a tenth of what it is shown. */
const TILE = 512;
const DEFAULTS = { minScore: 0.3, nmsIou: 0.3, limit: 100 };

/** Squares that cover an image with an overlap; none where the whole is hardly larger than one. */
function tilesOf({ width, height }: Size): Square[] {
  if (Math.max(width, height) < 1.5 * TILE) return [];
  const along = (length: number) => {
    const count = Math.max(1, Math.ceil((length - TILE / 4) / (0.75 * TILE)));
    return Array.from({ length: count }, (_, i) => (count === 1 ? length / 2 : TILE / 2 + (i * (length - TILE)) / (count - 1)));
  };
  return along(height).flatMap((cy) => along(width).map((cx) => ({ cx, cy, side: TILE, angle: 0 })));
}

/** Pixels of a square with left and right changed. */
export function mirrored(pixels: Uint8Array, side: number): Uint8Array {
  const result = new Uint8Array(pixels.length);
  for (let y = 0; y < side; y++) for (let x = 0; x < side; x++) {
    const [to, from] = [(y * side + x) * 3, (y * side + side - 1 - x) * 3];
    for (let c = 0; c < 3; c++) result[to + c] = pixels[from + c]!;
  }
  return result;
}

/** A face elsewhere: `place` carries its points over. In a mirrored view the eyes change places. */
function moved({ score, ...face }: Face, place: (point: Point) => Point, flipped: boolean): Face {
  const [a, b] = [place({ x: face.x0, y: face.y0 }), place({ x: face.x1, y: face.y1 })];
  const [right, left] = [place(face.rightEye), place(face.leftEye)];
  return {
    score, x0: Math.min(a.x, b.x), y0: Math.min(a.y, b.y), x1: Math.max(a.x, b.x), y1: Math.max(a.y, b.y),
    rightEye: flipped ? left : right, leftEye: flipped ? right : left,
  };
}

/** A place of a tile, in pixels of the finder's input, in the image. */
const inTile = (tile: Square, flipped: boolean) => ({ x, y }: Point): Point => placeIn(tile, { x: flipped ? 1 - x / FACE_INPUT : x / FACE_INPUT, y: y / FACE_INPUT });

interface Seen {
  image: RgbImage;
  full: Size;
  views: { pixels: Uint8Array; frame: Frame }[];
}

export class TwoStagePredictor implements Predictor {
  private constructor(readonly card: TwoStage, private readonly finder: Network, private readonly refiner: Network) {}

  static async load(model: GraphModel, card: TwoStage, threads: number): Promise<TwoStagePredictor> {
    const engine = await engineFor();
    const { refine } = card.network;
    const second = { inputSize: refine.inputSize, normalisation: { ...card.normalisation, mean: refine.mean, deviation: refine.deviation } };
    const finder = await Network.compile(engine, graphProgram(model, card, card.network), card, { threads });
    return new TwoStagePredictor(card, finder, await Network.compile(engine, graphProgram(model, second, { runtime: 'graph', ...refine }), second, { threads }));
  }

  /** Faces are looked for in every view; where there are mirrored ones, the points of a face are the mean of the face and its mirror image. */
  predict(images: Images, options: PredictOptions = {}): Promise<Prediction[]> {
    return predictInOrder(images, options, async (source): Promise<Seen> => {
      const { image, full } = await decodeToFit(source, ({ width, height }) => {
        const scale = Math.min(1, MAX_SIDE / Math.max(width, height));
        return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
      });
      const { views } = await viewImage({ load: async () => ({ ...image, channels: 3 as const }) }, this.card, options.viewing ?? 'once');
      return { image, full, views };
    }, (seen) => this.judge(seen, options));
  }

  async dispose(): Promise<void> {
    await this.finder.dispose();
    await this.refiner.dispose();
  }

  /** Faces in pixels of the image as it was reduced. */
  private async find({ image, views }: Seen, minScore: number, nmsIou: number, limit: number, signal?: AbortSignal): Promise<Face[]> {
    const look = async (pixels: Uint8Array, place: (point: Point) => Point, flipped: boolean) => {
      signal?.throwIfAborted();
      return decodeFaces(await this.finder.run(pixels), minScore, nmsIou, limit).map((face) => moved(face, place, flipped));
    };
    const faces: Face[] = [];
    for (const { pixels, frame } of views) faces.push(...(await look(pixels, (point) => pointToFull(point, frame), frame.mirrored)));
    const flips = views.some(({ frame }) => frame.mirrored) ? [false, true] : [false];
    for (const tile of tilesOf(image)) {
      const pixels = cut(image, tile, FACE_INPUT);
      for (const flipped of flips) faces.push(...(await look(flipped ? mirrored(pixels, FACE_INPUT) : pixels, inTile(tile, flipped), flipped)));
    }
    return nms(faces, faces.map(({ score }) => score), nmsIou, { limit }).map((i) => faces[i]!);
  }

  /** The points of a face, and how sure it is one. */
  private async refine(image: RgbImage, face: Face, twice: boolean): Promise<{ points: Point[]; presence: number }> {
    const square = squareOf(face);
    const pixels = cut(image, square, MESH_INPUT);
    const [mesh, presence] = await this.refiner.run(pixels);
    const points = pointsOf(mesh!, square);
    if (!twice) return { points, presence: presence![0]! };
    const [other, also] = await this.refiner.run(mirrored(pixels, MESH_INPUT));
    const back = swapPoints(pointsOf(other!.map((v, i) => (i % 3 === 0 ? MESH_INPUT - v : v)), square), this.card.classes[0]!.swaps);
    return { points: points.map(({ x, y }, k) => ({ x: (x + back[k]!.x) / 2, y: (y + back[k]!.y) / 2 })), presence: (presence![0]! + also![0]!) / 2 };
  }

  private async judge(seen: Seen, { minScore = DEFAULTS.minScore, nmsIou = DEFAULTS.nmsIou, limit = DEFAULTS.limit, signal }: PredictOptions): Promise<Prediction> {
    const { image, full, views } = seen;
    const { id, skip } = this.card.classes[0]!;
    const [sx, sy] = [full.width / image.width, full.height / image.height];
    const labels: (LandmarksLabel & { score: number })[] = [];
    for (const face of skip ? [] : await this.find(seen, minScore, nmsIou, limit, signal)) {
      signal?.throwIfAborted();
      const { points, presence } = await this.refine(image, face, views.some(({ frame }) => frame.mirrored));
      const score = face.score * presence;
      if (score < minScore) continue;
      const placed = points.map(({ x, y }) => ({ x: Math.min(full.width, Math.max(0, x * sx)), y: Math.min(full.height, Math.max(0, y * sy)), v: 2 as const }));
      labels.push({ kind: 'landmarks', classId: id, points: placed, score });
    }
    return { width: full.width, height: full.height, labels: labels.sort((a, b) => b.score - a.score) };
  }
}
