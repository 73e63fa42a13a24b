/** Times and shapes of an ONNX model's nodes, out of ONNX Runtime's own profiler. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { z } from 'zod';
import { type OnnxFeed, onnxRuntime, sessionOptions, tensorOf } from '../onnxRuntime';

export interface NodeProfile {
  /** Milliseconds of one run: the median of the runs, so that what else the machine did in one of them does not count. */
  milliseconds: number;
  /** Shape of the first result. */
  shape: number[] | null;
}

export interface Profile {
  nodes: Map<string, NodeProfile>;
  /** Milliseconds of a whole run: the median of the runs. */
  total: number;
}

const eventsSchema = z.array(z.looseObject({ cat: z.string(), name: z.string(), dur: z.number().optional(), args: z.looseObject({ output_type_shape: z.unknown().optional() }).optional() }));
const shapesSchema = z.array(z.record(z.string(), z.array(z.number())));
const SUFFIX = '_kernel_time';

function shapeOf(value: unknown): number[] | null {
  const parsed = shapesSchema.safeParse(value);
  return parsed.success && parsed.data[0] ? (Object.values(parsed.data[0])[0] ?? null) : null;
}

const median = (values: number[]): number => values.sort((a, b) => a - b)[values.length >> 1] ?? 0;

/**
 * Runs a model `runs` times after one that warms it up. With `fused` the model is changed for speed first, as it is in
 * use, and nodes that were merged are not in the result; without, every node is. `providers`: where it runs, default the CPU.
 */
export async function profile(bytes: Uint8Array, input: string, feed: OnnxFeed, { threads, runs, fused, providers }: { threads: number; runs: number; fused: boolean; providers?: readonly string[] }): Promise<Profile> {
  const ort = await onnxRuntime();
  const feeds = { [input]: tensorOf(ort, feed) };
  const folder = await mkdtemp(path.join(os.tmpdir(), 'fieldmark-profile-'));
  try {
    const session = await ort.InferenceSession.create(bytes, {
      ...sessionOptions({ threads }, providers), ...(!fused && { graphOptimizationLevel: 'disabled' }), enableProfiling: true, profileFilePrefix: path.join(folder, 'run'),
    });
    const totals: number[] = [];
    try {
      for (let i = 0; i <= runs; i++) {
        const before = performance.now();
        await session.run(feeds);
        if (i > 0) totals.push(performance.now() - before);
      }
      session.endProfiling();
    } finally {
      await session.release();
    }
    const [file] = await readdir(folder);
    const events = eventsSchema.parse(JSON.parse(await readFile(path.join(folder, file!), 'utf8')));
    const timed = events.filter(({ cat, name }) => cat === 'Node' && name.endsWith(SUFFIX));
    const runsOf = new Map<string, { milliseconds: number[]; shape: NodeProfile['shape'] }>();
    for (const { name: event, dur = 0, args } of timed) {
      const name = event.slice(0, -SUFFIX.length);
      const node = runsOf.get(name) ?? { milliseconds: [], shape: shapeOf(args?.output_type_shape) };
      node.milliseconds.push(dur / 1000);
      runsOf.set(name, node);
    }
    // The first run loads what the others find.
    const nodes = new Map([...runsOf].map(([name, { milliseconds, shape }]) => [name, { milliseconds: median(milliseconds.slice(1)), shape }]));
    return { nodes, total: median(totals) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
