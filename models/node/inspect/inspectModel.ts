/** The report of a stored model, of whatever kind, measured where asked. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { toOnnx } from '../../graph/onnx/emitter';
import { sizeOf } from '../../graph';
import { imageInput } from '../../import/upload';
import { inspectGraph, inspectLayers, type Inspected, type NetworkReport } from '../../inspect';
import { nodeNames, onnxReport } from '../../inspect/onnx';
import { type ModelCard } from '../../runtime/card';
import { readUpload } from '../import/upload';
import { prepareInput } from '../import/onnxNetwork';
import { onnxProviders } from '../engines';
import { loadCard, loadModel } from '../modelFiles';
import { onnxRuntime } from '../onnxRuntime';
import { readGraph } from '../pretrained/read';
import { profile, type Profile } from './profile';

export interface MeasureOptions {
  /** Default 1. */
  threads?: number;
  /** Default 10. */
  runs?: number;
}

/**
 * Measures a program and writes the times into its report. What is merged into another layer has no time of its own. Only ONNX
 * Runtime tells them: where it cannot be loaded, the report comes back without.
 */
export async function measureProgram({ report, program, image, layerOf }: Inspected, { threads = 1, runs = 10 }: MeasureOptions): Promise<NetworkReport> {
  if (!(await onnxRuntime().catch(() => null))) return report;
  const { bytes, feeds, origins } = toOnnx(program);
  const [port] = feeds;
  if (feeds.length !== 1 || !port) throw new Error('only networks with one input are measured');
  const data = Float32Array.from({ length: sizeOf(image.shape) }, (_, i) => Math.sin(i));
  const providers = await onnxProviders();
  const measured = await profile(bytes, port.name, { type: 'float32', data, dims: image.shape }, { threads, runs, fused: true, providers });
  const times = new Map<string, number>();
  for (const [name, { milliseconds }] of measured.nodes) {
    // ONNX Runtime keeps the name of a value in what it makes of the node: `Conv_v12`, `v12_nchwc`.
    const value = /(?:^|_)(v\d+)(?:_|$)/.exec(name)?.[1];
    const layer = value === undefined ? undefined : layerOf.get(origins.get(value) ?? -1);
    if (layer !== undefined) times.set(layer, (times.get(layer) ?? 0) + milliseconds);
  }
  return timed(report, times, measured, { threads, runs, providers });
}

interface Conditions {
  threads: number;
  runs: number;
  providers: readonly string[];
}

function timed(report: NetworkReport, times: ReadonlyMap<string, number>, { total }: Profile, { threads, runs, providers: [provider] }: Conditions): NetworkReport {
  const known = [...times.values()].reduce((a, b) => a + b, 0);
  return {
    ...report,
    layers: report.layers.map((layer) => ({ ...layer, milliseconds: times.get(layer.name) ?? null })),
    timing: { engine: provider === 'cpu' ? 'ort' : `ort:${provider}`, threads, runs, total, rest: Math.max(0, total - known) },
  };
}

/** An uploaded model: run once as it is for the shapes, and, where asked, again as it is in use for the times. */
async function inspectOnnx(bytes: Uint8Array, { inputSize, network }: Pick<ModelCard, 'inputSize' | 'network'>, measure: MeasureOptions | null): Promise<NetworkReport> {
  const model = readUpload(bytes);
  const { input, type, layout } = imageInput(model);
  const channels = network?.runtime === 'onnx' ? network.channels : 'rgb';
  const pixels = Uint8Array.from({ length: inputSize.width * inputSize.height * 3 }, (_, i) => (i * 37) & 255);
  const normalisation = { resize: 'stretch' as const, fill: 0, mean: [0, 0, 0], deviation: [255, 255, 255] };
  const feed = prepareInput(pixels, { inputSize, normalisation, network: { runtime: 'onnx', input, type, layout, channels, outputs: [] } });
  const { threads = 1, runs = 10 } = measure ?? {};
  const plain = await profile(bytes, input, feed, { threads, runs: 1, fused: false });
  const shapes = new Map([...plain.nodes].flatMap(([name, { shape }]) => (shape ? [[name, shape] as const] : [])));
  const report = onnxReport(model, inputSize, shapes);
  if (!measure) return report;
  const providers = await onnxProviders();
  const used = await profile(bytes, input, feed, { threads, runs, fused: true, providers });
  const names = nodeNames(model);
  const times = new Map<string, number>();
  for (const node of model.nodes) {
    const own = [names.get(node)!, ...node.outputs.map((output) => `${output}_nchwc`)].flatMap((name) => used.nodes.get(name) ?? []);
    if (own.length > 0) times.set(names.get(node)!, own.reduce((sum, { milliseconds }) => sum + milliseconds, 0));
  }
  return timed(report, times, used, { threads, runs, providers });
}

/** Two networks that work one after the other, as one. */
function joined(a: NetworkReport, b: NetworkReport): NetworkReport {
  const sum = (of: (totals: NetworkReport['totals']) => number) => of(a.totals) + of(b.totals);
  return {
    ...a,
    inputs: [...a.inputs, ...b.inputs],
    layers: [...a.layers, ...b.layers],
    totals: {
      parameters: sum((t) => t.parameters), trainable: sum((t) => t.trainable), multiplications: sum((t) => t.multiplications), weightBytes: sum((t) => t.weightBytes),
      peakBytes: Math.max(a.totals.peakBytes ?? 0, b.totals.peakBytes ?? 0),
    },
    timing: a.timing && b.timing && { ...a.timing, total: a.timing.total + b.timing.total, rest: a.timing.rest + b.timing.rest },
  };
}

/** The report of the model in the folder `dir`. With `measure`, layers are timed (by running the network some times). */
export async function inspectModel(dir: string, measure: MeasureOptions | null = null): Promise<NetworkReport> {
  const card = await loadCard(dir);
  if (card.network?.runtime === 'onnx') return inspectOnnx(await readFile(path.join(dir, 'model.onnx')), card, measure);
  const report = async (inspected: Inspected) => (measure ? measureProgram(inspected, measure) : inspected.report);
  if (card.network?.runtime === 'graph') {
    const graph = await readGraph(dir);
    const { refine } = card.network;
    const first = await report(inspectGraph(graph, card.network, card.inputSize));
    return refine ? joined(first, await report(inspectGraph(graph, refine, refine.inputSize))) : first;
  }
  const { model } = await loadModel(dir);
  try {
    return await report(inspectLayers(model, [card.inputSize.height, card.inputSize.width, model.inputs[0]!.shape[3] ?? 3]));
  } finally {
    model.dispose();
  }
}
