import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { backbones } from '../backbones';
import { loadPredictor, saveModel } from '../node';
import { tfEngine } from '../node/tfEngine';
import { type ModelCard } from '../runtime/card';
import { classify } from '../tasks/classify';
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

  it('that is stored otherwise is refused', async () => {
    const foreign = { ...card, network: { runtime: 'graph' as const, input: 'x', outputs: ['y'] } };
    const read: ReadFile = async () => new TextEncoder().encode(JSON.stringify(foreign)).buffer as ArrayBuffer;
    await expect(openModel(read, tfEngine)).rejects.toThrow('stored as graph, which runs on the server only');
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
