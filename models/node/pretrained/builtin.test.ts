import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { looksLikeFace } from '@/lib/core/formats/landmarks-csv/faces68';
import { guessMapping, mapClasses } from '../../import/mapClasses';
import { swapPoints } from '../../data/mapLabels';
import { movenetPoints } from '../../import/layouts/movenet';
import { type ImageSource, type Viewing } from '../../inference/types';
import { type View } from '../../tasks/types';
import { builtinOf, builtins } from '../../pretrained/builtin';
import { type ModelCard } from '../../runtime/card';
import { tf } from '../../runtime/tf';
import { loadCard, loadModel } from '../modelFiles';
import { loadPredictor, openNetwork } from '../predict/loadPredictor';
import { viewImage } from '../predict/views';
import { humanModels, saveBuiltin } from '.';

/** A photograph of several people, which comes with the networks. */
const photo = path.join(humanModels(), '..', 'assets', 'samples.jpg');
const testFaces = path.resolve(process.env.FIELDMARK_TEST_DATA ?? '../shared/data', 'landmarks/udacity_faces68');
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'fieldmark-builtin-'));
  for (const { name } of builtins) await saveBuiltin(name, path.join(folder, name));
  setWasmPaths(`${path.dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm/package.json'))}/dist/`);
  await tf.setBackend('wasm');
});
afterAll(async () => {
  await tf.setBackend('cpu');
  await rm(folder, { recursive: true, force: true });
});

/** Every output of the stored network by its name, as tfjs computes it. */
async function byTf(dir: string, pixels: Uint8Array, card: ModelCard, output: string): Promise<Float32Array> {
  const json = JSON.parse(await readFile(path.join(dir, 'model.json'), 'utf8')) as { modelTopology: object; format: string; weightsManifest: { weights: tf.io.WeightsManifestEntry[] }[] };
  const bytes = await readFile(path.join(dir, 'weights.bin'));
  const weightData = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
  const model = await tf.loadGraphModel({ load: async () => ({ modelTopology: json.modelTopology, format: json.format, weightSpecs: json.weightsManifest.flatMap((group) => group.weights), weightData }) });
  const { width, height } = card.inputSize;
  return tf.tidy(() => {
    const x = tf.tensor(pixels, [1, height, width, 3], output === 'Identity' ? 'int32' : 'float32');
    return Float32Array.from((model.execute(x, output) as tf.Tensor).dataSync());
  });
}

async function seen(name: string) {
  const dir = path.join(folder, name);
  const card = await loadCard(dir);
  const { full, views } = await viewImage({ path: photo }, card, 'once');
  const network = await openNetwork(dir, card, 1);
  const outputs = await network.run(views[0]!.pixels);
  await network.dispose();
  return { dir, card, full, pixels: views[0]!.pixels, frame: views[0]!.frame, outputs };
}

describe('everyday objects', () => {
  it('gives the boxes that the network itself would give', async () => {
    const { dir, card, pixels, frame } = await seen('coco-objects');
    // Rows of left, top, right, bottom in input pixels, score, class.
    const rows = await byTf(dir, pixels, card, 'tower_0/detections');
    const predictor = await loadPredictor(dir);
    const [prediction] = await predictor.predict([{ path: photo }], { minScore: 0.25, nmsIou: 1 });
    const labels = prediction!.labels.filter((label) => label.kind === 'box');
    await predictor.dispose();
    const scale = frame.full.width / frame.placement.width;
    const expected = Array.from({ length: rows.length / 6 }, (_, i) => Array.from(rows.subarray(6 * i, 6 * i + 6))).filter((row) => row[4]! >= 0.25);
    expect(labels.length).toBeGreaterThan(5);
    expect(labels.map(({ score }) => score)).toEqual(expected.map((row) => expect.closeTo(row[4]!, 4)));
    labels.forEach((label, i) => {
      const [x0, y0, x1, y1, , classIndex] = expected[i] as [number, number, number, number, number, number];
      expect(label.classId).toBe(card.classes[classIndex]!.id);
      const clip = (v: number, most: number) => Math.min(most, Math.max(0, v));
      const at = ({ x, y }: { x: number; y: number }) => [clip((x - frame.placement.x) * scale, frame.full.width), clip((y - frame.placement.y) * (frame.full.height / frame.placement.height), frame.full.height)];
      const wanted = [...at({ x: x0, y: y0 }), ...at({ x: x1, y: y1 })];
      [label.x0, label.y0, label.x1, label.y1].forEach((v, k) => expect(Math.abs(v - wanted[k]!)).toBeLessThan(0.1));
    });
    expect(labels.slice(0, 5).every(({ classId }) => classId === 'person')).toBe(true);
  });

  it('proposes what the project has classes for, and nothing else', async () => {
    const dir = path.join(folder, 'mapped');
    await saveBuiltin('coco-objects', dir, { person: 'people', dog: 'animal', cat: 'animal' });
    const predictor = await loadPredictor(dir);
    const [prediction] = await predictor.predict([{ path: photo }], { minScore: 0.25 });
    await predictor.dispose();
    expect(new Set(prediction!.labels.map(({ classId }) => classId))).toEqual(new Set(['people']));
  });
});

describe('pose of a person', () => {
  it('gives the points that the network itself would give', async () => {
    const { dir, card, pixels, outputs } = await seen('body-pose');
    // y, x of the input's size, score.
    const expected = await byTf(dir, pixels, card, 'Identity');
    const points = movenetPoints({ design: card, outputs } as unknown as Pick<View<Parameters<typeof movenetPoints>[0]['design']['head']>, 'design' | 'outputs'>);
    points.forEach(({ x, y, score }, k) => {
      expect(y / card.inputSize.height).toBeCloseTo(expected[3 * k]!, 3);
      expect(x / card.inputSize.width).toBeCloseTo(expected[3 * k + 1]!, 3);
      expect(score).toBeCloseTo(expected[3 * k + 2]!, 4);
    });
  });
});

describe('landmarks of faces', () => {
  const pointsIn = async (image: ImageSource, minScore = 0.5, viewing: Viewing = 'once') => {
    const predictor = await loadPredictor(path.join(folder, 'face-landmarks'));
    const [prediction] = await predictor.predict([image], { minScore, viewing });
    await predictor.dispose();
    return { ...prediction!, faces: prediction!.labels.filter((label) => label.kind === 'landmarks').map(({ points }) => points) };
  };

  it('follow a face that is turned', async () => {
    const upright = await sharp(photo).extract({ left: 120, top: 0, width: 240, height: 240 }).png().toBuffer();
    const turned = await sharp(upright).rotate(20, { background: '#000' }).png().toBuffer();
    const [before, after] = [await pointsIn({ load: async () => upright }), await pointsIn({ load: async () => turned })];
    expect([before.faces.length, after.faces.length]).toEqual([1, 1]);
    const [face, other] = [before.faces[0]!, after.faces[0]!];
    expect(looksLikeFace(face.flatMap(({ x, y }) => [x, y]))).toBe(true);
    const eyes = Math.hypot(face[36]!.x - face[45]!.x, face[36]!.y - face[45]!.y);
    const [cos, sin] = [Math.cos((20 * Math.PI) / 180), Math.sin((20 * Math.PI) / 180)];
    const errors = face.map(({ x, y }, k) => {
      const [dx, dy] = [x - before.width / 2, y - before.height / 2];
      return Math.hypot(after.width / 2 + dx * cos - dy * sin - other[k]!.x, after.height / 2 + dx * sin + dy * cos - other[k]!.y) / eyes;
    });
    expect(errors.reduce((a, b) => a + b) / 68).toBeLessThan(0.06);
  });

  it('are found on several faces of one photo, best first', async () => {
    const { faces, labels } = await pointsIn({ path: photo }, 0.3);
    expect(faces.length).toBeGreaterThan(3);
    expect(labels.map(({ score }) => score)).toEqual(labels.map(({ score }) => score).sort((a, b) => b - a));
  });

  it('are, with the mirror image looked at too, the same for a mirrored photo', async () => {
    const upright = await sharp(photo).extract({ left: 120, top: 0, width: 240, height: 240 }).png().toBuffer();
    const flopped = await sharp(upright).flop().png().toBuffer();
    const swaps = builtinOf('face-landmarks').design.classes[0]!.swaps!;
    const apart = async (viewing: Viewing) => {
      const [one, other] = [await pointsIn({ load: async () => upright }, 0.5, viewing), await pointsIn({ load: async () => flopped }, 0.5, viewing)];
      expect([one.faces.length, other.faces.length]).toEqual([1, 1]);
      const back = swapPoints(other.faces[0]!, swaps).map(({ x, y }) => ({ x: 240 - x, y }));
      return Math.max(...one.faces[0]!.map(({ x, y }, k) => Math.hypot(x - back[k]!.x, y - back[k]!.y)));
    };
    const [once, flip, crops] = [await apart('once'), await apart('flip'), await apart('ten-crop')];
    // Half a pixel: what rounding of the squares' pixels leaves.
    expect(flip).toBeLessThan(0.5);
    expect(crops).toBeLessThan(0.5);
    expect(flip).toBeLessThan(once);
  });

  it.skipIf(!existsSync(testFaces))('lie within 7 % of the distance of the eyes on labelled faces', async () => {
    const rows = (await readFile(path.join(testFaces, 'test_frames_keypoints.csv'), 'utf8')).trim().split('\n').slice(1).filter((_, i) => i % 19 === 0);
    const predictor = await loadPredictor(path.join(folder, 'face-landmarks'));
    const truth = rows.map((row) => row.split(','));
    const predictions = await predictor.predict(truth.map(([file]) => ({ path: path.join(testFaces, 'test', file!) })));
    await predictor.dispose();
    const errors = predictions.map(({ labels: [label] }, i) => {
      if (label?.kind !== 'landmarks') return 1;
      const at = (k: number) => ({ x: Number(truth[i]![1 + 2 * k]), y: Number(truth[i]![2 + 2 * k]) });
      const eyes = Math.hypot(at(36).x - at(45).x, at(36).y - at(45).y);
      return label.points.reduce((sum, { x, y }, k) => sum + Math.hypot(x - at(k).x, y - at(k).y) / eyes, 0) / 68;
    });
    expect(errors.reduce((a, b) => a + b) / errors.length).toBeLessThan(0.07);
  });
});

describe('stored built-in models', () => {
  it('predict, and say why they cannot be trained', async () => {
    await expect(loadModel(path.join(folder, 'coco-objects'))).rejects.toThrow('is stored as graph');
    expect(() => builtinOf('none')).toThrow('known are coco-objects');
  });
  it('are refused when their files are not whole', async () => {
    const dir = path.join(folder, 'broken');
    await saveBuiltin('body-pose', dir);
    const bytes = await readFile(path.join(dir, 'weights.bin'));
    await writeFile(path.join(dir, 'weights.bin'), bytes.subarray(0, 1000));
    await expect(loadPredictor(dir)).rejects.toThrow('cut short');
  });
});

describe('class mapping', () => {
  const { design } = builtinOf('coco-objects');
  it('is guessed from names, whatever their case and plural', () => {
    expect(guessMapping(design.classes, [{ id: 'a', name: 'Cars' }, { id: 'b', name: 'traffic_light' }, { id: 'c', name: 'Cell' }])).toEqual({ car: 'a', 'traffic light': 'b' });
  });
  it('refuses classes that the network does not have', () => {
    expect(() => mapClasses(design, { unicorn: 'x' })).toThrow('the model has no class unicorn');
  });
});
