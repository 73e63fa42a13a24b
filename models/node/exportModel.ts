/** Stored models in the forms that other programs read. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { toOnnx } from '../graph/onnx/emitter';
import { ModelProto } from '../graph/onnx/schema';
import { graphProgram } from '../inference/graphNetwork';
import { inferenceProgram } from '../inference/network';
import { filesOf, type ModelCard } from '../runtime/card';
import { loadCard, loadModel } from './modelFiles';
import { readGraph } from './pretrained/read';

/** The model cannot be had in this form; the message says why and what to do. */
export class ExportError extends Error {
  override readonly name = 'ExportError';
}

export interface OnnxExport {
  card: ModelCard;
  bytes: Uint8Array;
  /** uint8 `[batch, height, width, 3]`, RGB; the graph normalises by itself. Of a model made elsewhere: its own. */
  input: { name: string; type: string; shape: number[] };
  outputs: { name: string; shape: number[] }[];
  /** Domains of operators beside ONNX's own: other runtimes than ONNX Runtime may not have them. */
  domains: string[];
}

interface OnnxNode { input: string[]; output: string[]; name: string; opType: string }
interface OnnxFile {
  graph: { name: string; node: OnnxNode[]; output: { name: string; type: unknown }[] };
  opsetImport: { domain: string }[];
}

/**
 * The model as one ONNX file (opset 17): input `image`, uint8 `[batch, height, width, 3]` in RGB; outputs `output0` … as the network
 * gives them, channels last. How they are read as labels, the card says.
 * @throws ExportError for models that are two networks in one
 */
export async function exportOnnx(dir: string, { batch = 1 }: { batch?: number } = {}): Promise<OnnxExport> {
  const card = await loadCard(dir);
  const { network } = card;
  if (network?.runtime === 'onnx') {
    const { width, height } = card.inputSize;
    const shape = network.layout === 'nchw' ? [1, network.channels === 'grey' ? 1 : 3, height, width] : [1, height, width, network.channels === 'grey' ? 1 : 3];
    return { card, bytes: await readFile(path.join(dir, 'model.onnx')), input: { name: network.input, type: network.type, shape }, outputs: network.outputs.map((name) => ({ name, shape: [] })), domains: [] };
  }
  if (network?.refine) throw new ExportError(`${dir} is two networks, of which the second looks at what the first found: that cannot be one ONNX model`);
  let program;
  if (network) program = graphProgram(await readGraph(dir), card, network, batch);
  else {
    const { model } = await loadModel(dir);
    try {
      program = inferenceProgram(model, card, batch);
    } finally {
      model.dispose();
    }
  }
  const { bytes, feeds, outputs } = toOnnx(program);
  const file = ModelProto.decode(bytes) as unknown as OnnxFile;
  file.graph.name = card.architecture.backbone;
  // Names that stay the same from one version to the next, instead of the writer's numbers.
  for (const port of outputs) {
    file.graph.node.push({ input: [port.output], output: [port.name], name: port.name, opType: 'Identity' });
    file.graph.output.find((o) => o.name === port.output)!.name = port.name;
  }
  const [feed] = feeds;
  return {
    card, bytes: ModelProto.encode(file).finish(),
    input: { name: feed!.name, type: feed!.dtype, shape: [...feed!.shape] }, outputs: outputs.map((port) => ({ name: port.name, shape: [...port.shape] })),
    domains: file.opsetImport.map((o) => o.domain).filter((d) => d !== ''),
  };
}

/**
 * The files of a model that TensorFlow.js reads: model.json with weights.bin, and the card. `layers`: by `tf.loadLayersModel`; `graph`: by `tf.loadGraphModel`.
 * @throws ExportError for models that came as ONNX
 */
export async function tfjsFiles(dir: string): Promise<{ card: ModelCard; files: string[]; kind: 'layers' | 'graph' }> {
  const card = await loadCard(dir);
  if (card.network?.runtime === 'onnx') throw new ExportError(`${dir} came as ONNX, and cannot be turned into a TensorFlow.js model`);
  return { card, files: filesOf(card), kind: card.network ? 'graph' : 'layers' };
}
