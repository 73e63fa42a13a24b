import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { backbones } from '../backbones';
import { loadPredictor, saveModel } from '../node';
import { tfEngine } from '../node/tfEngine';
import { type ModelCard } from '../runtime/card';
import { classify } from '../tasks/classify';
import { detect } from '../tasks/detect';
import { type BoxLabel } from '../tasks/types';
import { designOf, drawnShapes } from '../testing/classDesign';
import { openModel, readFrom, startBrowserEngine, type ReadFile } from './run';

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'fieldmark-browser-'));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

const card: ModelCard = {
  format: 'fieldmark-model', version: 2, ...designOf('classify', { labelSmoothing: 0 }), datasetHash: null, metrics: null,
  training: { seed: 1, steps: 0, epochs: 0, seconds: 0, images: 0, batch: 1, engine: 'ort' }, credits: [], createdAt: '2026-01-01T00:00:00.000Z',
};
const reader = (folder: string): ReadFile => async (name) => {
  const bytes = await readFile(path.join(folder, name));
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
};

describe('a stored model in the browser', () => {
  it('answers as it does in the worker', async () => {
    const folder = path.join(dir, 'model');
    await saveModel(folder, { model: classify.build(designOf('classify', { labelSmoothing: 0 }), backbones.compact!, 5), card });
    const inWorker = await loadPredictor(folder);
    const inBrowser = await openModel(reader(folder), tfEngine);
    expect(inBrowser.engine).toBe('tfjs:wasm');
    for (const { pixels } of drawnShapes(3, 1)) {
      const image = { data: pixels, width: 64, height: 64, channels: 3 as const };
      const [[expected], { labels }] = [await inWorker.predict([{ load: async () => image }], { minScore: 0 }), await inBrowser.predict(image, { minScore: 0 })];
      expect(labels.map(({ classId }) => classId)).toEqual(expected!.labels.map(({ classId }) => classId));
      labels.forEach(({ score }, i) => expect(score).toBeCloseTo(expected!.labels[i]!.score, 4));
      const opaque = new Uint8Array(64 * 64 * 4).fill(255).map((value, i) => (i % 4 === 3 ? value : pixels[(i >> 2) * 3 + (i % 4)]!));
      expect((await inBrowser.predict({ data: opaque, width: 64, height: 64, channels: 4 }, { minScore: 0 })).labels).toEqual(labels);
    }
    await Promise.all([inWorker.dispose(), inBrowser.dispose()]);
  });

  it('sees large images as the worker does, up to what rounding makes of an untrained network', async () => {
    const folder = path.join(dir, 'detector');
    const scales = [{ stride: 16, anchors: [{ w: 20, h: 20 }, { w: 40, h: 30 }] }, { stride: 32, anchors: [{ w: 50, h: 60 }, { w: 80, h: 80 }] }];
    const design = designOf('detect', { scales, meanBestIou: null }, { size: 96, classes: [{ id: 'cell', name: 'Cell' }] });
    await saveModel(folder, { model: detect.build(design, backbones.compact!, 5), card: { ...card, ...design } });
    const inWorker = await loadPredictor(folder);
    const inBrowser = await openModel(reader(folder), tfEngine);
    for (const [width, height] of [[351, 233], [200, 333], [90, 60]] as const) {
      const data = Uint8Array.from({ length: width * height * 3 }, (_, i) => 128 + 70 * Math.sin((Math.floor(i / 3) % width) / 17) + 50 * Math.cos(i / 3 / width / 13));
      const png = await sharp(data, { raw: { width, height, channels: 3 } }).png().toBuffer();
      const options = { minScore: 0, nmsIou: 1, limit: 40 };
      const [expected] = await inWorker.predict([{ load: async () => png }], options);
      const found = await inBrowser.predict({ data, width, height, channels: 3 }, { ...options, limit: 1000 });
      expect(expected!.labels.length, 'boxes to compare').toBeGreaterThan(5);
      const boxes = found.labels as BoxLabel[];
      for (const box of expected!.labels as BoxLabel[]) {
        const apart = boxes.map((b) => Math.max(Math.abs(b.x0 - box.x0), Math.abs(b.y0 - box.y0), Math.abs(b.x1 - box.x1), Math.abs(b.y1 - box.y1)));
        expect(Math.min(...apart), `${width} × ${height}`).toBeLessThan(0.005 * Math.max(width, height));
      }
    }
    await Promise.all([inWorker.dispose(), inBrowser.dispose()]);
  });

  it('that is stored otherwise is refused', async () => {
    const onnx = { runtime: 'onnx', input: 'x', type: 'float32', layout: 'nchw', channels: 'rgb', outputs: ['y'] } as const;
    const refine = { input: 'z', outputs: ['y'], inputSize: { width: 8, height: 8 }, mean: [0, 0, 0], deviation: [1, 1, 1] };
    for (const [network, why] of [[onnx, 'an uploaded ONNX model, which only the worker runs: use Pre-label'], [{ runtime: 'graph', input: 'x', outputs: ['y'], refine }, 'looks twice at each object']] as const) {
      const asked: string[] = [];
      const read: ReadFile = async (name) => {
        asked.push(name);
        return new TextEncoder().encode(JSON.stringify({ ...card, network })).buffer as ArrayBuffer;
      };
      await expect(openModel(read, tfEngine)).rejects.toThrow(why);
      expect(asked, 'its weights are not fetched for nothing').toEqual(['card.json']);
    }
  });

  it('that is not there is named', async () => {
    const before = globalThis.fetch;
    globalThis.fetch = async (address) => new Response('', { status: String(address) === 'http://here/card.json' ? 404 : 500 });
    try {
      await expect(readFrom('http://here/')('card.json')).rejects.toThrow('card.json: the server answered 404');
    } finally {
      globalThis.fetch = before;
    }
  });
});

describe('the backend', () => {
  it('is the first that starts', async () => {
    expect((await startBrowserEngine({ backends: ['webgl', 'cpu'] })).name).toBe('tfjs:cpu');
  });
  it('that none starts is said', async () => {
    await expect(startBrowserEngine({ backends: ['webgl', 'wasm'] })).rejects.toThrow(/webgl: .*wasm: not here/);
  });
});
