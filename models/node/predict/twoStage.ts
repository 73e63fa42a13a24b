/** Models that find objects in the whole image and then look at each of them again: landmarks of faces. */
import { nms, type Point } from '@/lib/core/geometry';
import { type Size } from '../../data/letterbox';
import { type RgbImage } from '../../data/pixels';
import { graphProgram } from '../../inference/graphNetwork';
import { Network } from '../../inference/network';
import { type Images, type Prediction, type PredictOptions, type Predictor } from '../../inference/types';
import { decodeFaces, FACE_INPUT, type Face } from '../../pretrained/faces/blazeface';
import { cut, MESH_INPUT, placeIn, pointsOf, squareOf, type Square } from '../../pretrained/faces/mesh';
import { type GraphModel } from '../../pretrained/graphModel';
import { type ModelCard, type StoredNetwork } from '../../runtime/card';
import { pointToFull, toFull } from '../../tasks/frame';
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

/** A face of a tile in the image. */
function faceIn(tile: Square, face: Face): Face {
  const place = ({ x, y }: Point) => placeIn(tile, { x: x / FACE_INPUT, y: y / FACE_INPUT });
  const [a, b] = [place({ x: face.x0, y: face.y0 }), place({ x: face.x1, y: face.y1 })];
  return { score: face.score, x0: a.x, y0: a.y, x1: b.x, y1: b.y, rightEye: place(face.rightEye), leftEye: place(face.leftEye) };
}

interface Seen {
  image: RgbImage;
  full: Size;
  pixels: Uint8Array;
  frame: Frame;
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

  predict(images: Images, options: PredictOptions = {}): Promise<Prediction[]> {
    return predictInOrder(images, options, async (source): Promise<Seen> => {
      const { image, full } = await decodeToFit(source, ({ width, height }) => {
        const scale = Math.min(1, MAX_SIDE / Math.max(width, height));
        return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
      });
      const { views } = await viewImage({ load: async () => ({ ...image, channels: 3 as const }) }, this.card, 'once');
      return { image, full, ...views[0]! };
    }, (seen) => this.judge(seen, options));
  }

  async dispose(): Promise<void> {
    await this.finder.dispose();
    await this.refiner.dispose();
  }

  private async judge({ image, full, pixels, frame }: Seen, { minScore = DEFAULTS.minScore, nmsIou = DEFAULTS.nmsIou, limit = DEFAULTS.limit, signal }: PredictOptions): Promise<Prediction> {
    const { id, skip } = this.card.classes[0]!;
    const [sx, sy] = [full.width / image.width, full.height / image.height];
    const labels: (LandmarksLabel & { score: number })[] = [];
    const faces: Face[] = [];
    if (!skip) {
      for (const face of decodeFaces(await this.finder.run(pixels), minScore, nmsIou, limit)) {
        faces.push({ score: face.score, ...toFull(face, frame), rightEye: pointToFull(face.rightEye, frame), leftEye: pointToFull(face.leftEye, frame) });
      }
      for (const tile of tilesOf(image)) {
        signal?.throwIfAborted();
        const found = decodeFaces(await this.finder.run(cut(image, tile, FACE_INPUT)), minScore, nmsIou, limit);
        faces.push(...found.map((face) => faceIn(tile, face)));
      }
    }
    for (const i of nms(faces, faces.map(({ score }) => score), nmsIou, { limit })) {
      signal?.throwIfAborted();
      const face = faces[i]!;
      const square = squareOf(face);
      const [mesh, presence] = await this.refiner.run(cut(image, square, MESH_INPUT));
      const score = face.score * presence![0]!;
      if (score < minScore) continue;
      const points = pointsOf(mesh!, square).map(({ x, y }) => ({ x: Math.min(full.width, Math.max(0, x * sx)), y: Math.min(full.height, Math.max(0, y * sy)), v: 2 as const }));
      labels.push({ kind: 'landmarks', classId: id, points, score });
    }
    return { width: full.width, height: full.height, labels: labels.sort((a, b) => b.score - a.score) };
  }
}
