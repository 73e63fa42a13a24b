/** Finds out how many channels ONNX Runtime keeps side by side on this machine, and that its operators for that do what is expected. */
import type { InferenceSession } from 'onnxruntime-node';
import { type OnnxRuntime } from './onnxRuntime';
import { toOnnx } from '../graph/onnx/emitter';
import { BLOCKED, OnnxWriter } from '../graph/onnx/writer';
import { Graph, gradients, ops } from '../graph';

let found: Promise<number> | undefined;

/** Channels in a block; 0 where there are no such operators, or where they give other numbers than the ordinary ones. */
export function blockOfChannels(ort: OnnxRuntime): Promise<number> {
  return (found ??= probe(ort).catch(() => 0));
}

async function probe(ort: OnnxRuntime): Promise<number> {
  const writer = new OnnxWriter();
  const name = writer.node('ReorderInput', [writer.input('x', 'float32', [1, 4, 1, 1])], {}, BLOCKED);
  // Its shape is what is asked; a cast keeps the optimizer from taking the operator away.
  writer.output(writer.node('Shape', [name]), 'int64', [4]);
  const session = await ort.InferenceSession.create(writer.encode(), quiet);
  const result = await session.run({ x: new ort.Tensor('float32', new Float32Array(4), [1, 4, 1, 1]) });
  await session.release();
  const block = Number((Object.values(result)[0]!.data as BigInt64Array)[1]);
  return block > 1 && (await agrees(ort, block)) ? block : 0;
}

const quiet: InferenceSession.SessionOptions = { intraOpNumThreads: 1, logSeverityLevel: 4 };

/** Whether a depthwise convolution and its gradients come out the same with and without blocks. */
async function agrees(ort: OnnxRuntime, block: number): Promise<boolean> {
  const channels = 2 * block;
  const graph = new Graph();
  const [x, w] = [graph.input('x', [2, 5, 7, channels]), graph.input('w', [3, 3, 1, channels], 'float32', 'kernel')];
  const y = ops.conv(x, w, { strides: [1, 1], dilations: [1, 1], pads: [1, 1, 1, 1], groups: channels });
  const [dx, dw] = gradients(ops.reduceSum(ops.square(y)), [x, w]);
  const results: Float32Array[][] = [];
  for (const size of [0, block]) {
    const { bytes, feeds, outputs } = toOnnx({ outputs: { y, dx: dx!, dw: dw! } }, { block: size });
    const session = await ort.InferenceSession.create(bytes, quiet);
    const given = Object.fromEntries(feeds.map(({ name, shape, layout }) => {
      const data = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => ((i * 31) % 17) / 17 - 0.5);
      return [name, new ort.Tensor('float32', data, layout.map((axis) => shape[axis]!))];
    }));
    const found = await session.run(given);
    results.push(outputs.map(({ output }) => found[output]!.data as Float32Array));
    await session.release();
  }
  const [plain, blocked] = results as [Float32Array[], Float32Array[]];
  return plain.every((data, i) => data.every((value, at) => Math.abs(value - blocked[i]![at]!) <= 1e-4));
}
