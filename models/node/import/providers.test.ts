/** Where uploaded models run: on the execution providers of the engine that is set. */
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import * as ort from 'onnxruntime-node';
import { afterEach, expect, it, vi } from 'vitest';
import { yolov8Model } from '../../testing/onnxModels';
import { inspectModel } from '../inspect';
import { ortProviders } from '../ortEngine';
import { loadPredictor } from '../predict/loadPredictor';
import { inspectUpload, saveUpload } from '.';

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

const image = { load: async () => ({ data: new Uint8Array(64 * 64 * 3), width: 64, height: 64, channels: 3 as const }) };
/** One that this build has beside the CPU; that it works here is not asked of it. */
const other = ortProviders().find((name) => name !== 'cpu') ?? 'cpu';

it.each([['auto', ['cpu']], ['tfjs', ['cpu']], [`ort:${other}`, other === 'cpu' ? ['cpu'] : [other, 'cpu']]])('with the engine %s they run on %j', async (setting, expected) => {
  vi.stubEnv('FIELDMARK_ENGINE', setting);
  const create = ort.InferenceSession.create.bind(ort.InferenceSession) as (bytes: Uint8Array, options: ort.InferenceSession.SessionOptions) => Promise<ort.InferenceSession>;
  const asked: unknown[] = [];
  vi.spyOn(ort.InferenceSession, 'create').mockImplementation(((bytes: Uint8Array, options: ort.InferenceSession.SessionOptions) => {
    asked.push(options.executionProviders);
    return create(bytes, { ...options, executionProviders: ['cpu'] });
  }) as never);
  const dir = await mkdtemp(path.join(os.tmpdir(), 'fieldmark-providers-'));
  try {
    const bytes = yolov8Model();
    const { readings } = await inspectUpload(bytes);
    await saveUpload(bytes, readings[0]!.choices, dir);
    const predictor = await loadPredictor(dir);
    expect(await predictor.predict([image])).toHaveLength(1);
    await predictor.dispose();
    // Looked at, tried before it is kept, loaded.
    expect(asked).toEqual([expected, expected, expected]);
    const { timing } = await inspectModel(dir, { runs: 1 });
    // The shapes are the same everywhere; the times are those of its use.
    expect(asked.slice(3)).toEqual([['cpu'], expected]);
    expect(timing!.engine).toBe(expected[0] === 'cpu' ? 'ort' : `ort:${expected[0]}`);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
});
