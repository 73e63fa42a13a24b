/**
 * Uploaded ONNX models: looked at, tried, and stored. Runs the model; call it in the child process of a job only, where a
 * model that takes too long or too much can be ended.
 */
import type { InferenceSession } from 'onnxruntime-node';
import { readings, type OutputPort, type Reading } from '../../import/settings';
import { checkOnnx, MAX_ONNX_BYTES, ModelRefused, readOnnx, WireError, type OnnxModel } from '../../import/onnx';
import { type UploadChoices } from '../../import/choices';
import { guessChoices, hintsOf, imageInput, inputSizeOf, uploadCard } from '../../import/upload';
import { type Size } from '../../data/letterbox';
import { type Predictor } from '../../inference/types';
import { type ModelCard, type StoredNetwork } from '../../runtime/card';
import { saveFolder } from '../modelFiles';
import { MemberPredictor, readingOf } from '../predict/loadPredictor';
import { onnxRuntime } from '../onnxRuntime';
import { networkOf, openSession, prepareInput, runSession } from './onnxNetwork';

export interface UploadReport {
  producer: string;
  opset: number;
  nodes: number;
  /** Numbers in the weights. */
  parameters: number;
  inputSize: Size;
  /** Which sides of its input the file leaves open. */
  open: { width: boolean; height: boolean };
  /** Outputs with the shapes they have at this input size. */
  outputs: OutputPort[];
  /** Every layout with choices to begin with: those that the outputs look like first, the likeliest at the head. */
  readings: { reading: Reading; choices: UploadChoices }[];
}

/** Reads and checks a file. Throws a `ModelRefused` that the person can read. */
export function readUpload(bytes: Uint8Array): OnnxModel {
  if (bytes.byteLength > MAX_ONNX_BYTES) throw new ModelRefused(`The file has ${Math.round(bytes.byteLength / 2 ** 20)} MB; models of up to ${MAX_ONNX_BYTES / 2 ** 20} MB are taken.`);
  let model: OnnxModel;
  try {
    model = readOnnx(bytes);
  } catch (error) {
    if (error instanceof WireError) throw new ModelRefused(`This is not an ONNX model that can be read: ${error.message}. Export the model as .onnx and upload that file.`);
    throw error;
  }
  checkOnnx(model);
  return model;
}

/** A model that is not taken is refused; that there is no ONNX Runtime is no fault of the model. */
async function openOrRefuse(bytes: Uint8Array, threads: number): Promise<InferenceSession> {
  await onnxRuntime();
  try {
    return await openSession(bytes, { threads });
  } catch (error) {
    throw new ModelRefused(`ONNX Runtime does not take the model: ${firstLine(error)}`);
  }
}

const firstLine = (error: unknown): string => (error as Error).message.split('\n')[0]!.slice(0, 500);

/** Shapes of all outputs for an image of grey. */
async function tryShapes(session: InferenceSession, network: Omit<StoredNetwork & { runtime: 'onnx' }, 'outputs'>, inputSize: Size): Promise<OutputPort[]> {
  const grey = new Uint8Array(inputSize.width * inputSize.height * 3).fill(114);
  const normalisation = { resize: 'letterbox' as const, fill: 114, mean: [0, 0, 0], deviation: [255, 255, 255] };
  const feed = prepareInput(grey, { inputSize, normalisation, network: { ...network, outputs: [] } });
  let results: InferenceSession.OnnxValueMapType;
  try {
    results = await runSession(session, network.input, feed);
  } catch (error) {
    throw new ModelRefused(`The model does not run on an image of ${inputSize.width}×${inputSize.height}: ${firstLine(error)}. Choose another input size.`);
  }
  return session.outputNames.flatMap((name) => {
    const value = results[name]!;
    return 'dims' in value && value.type !== 'string' ? [{ name, shape: value.dims, type: value.type }] : [];
  });
}

/** What the file is and how it may be read. Runs it once. Rejects with a `ModelRefused`. */
export async function inspectUpload(bytes: Uint8Array, { inputSize: wanted, threads = 1 }: { inputSize?: Size; threads?: number } = {}): Promise<UploadReport> {
  const model = readUpload(bytes);
  const { input, type, layout, depth, size } = imageInput(model);
  const inputSize = inputSizeOf(model, { width: size.width ?? wanted?.width, height: size.height ?? wanted?.height });
  const session = await openOrRefuse(bytes, threads);
  try {
    const outputs = await tryShapes(session, { runtime: 'onnx', input, type, layout, channels: depth === 1 ? 'grey' : 'rgb' }, inputSize);
    return {
      producer: model.producer,
      opset: model.opsets.find(({ domain }) => domain === '' || domain === 'ai.onnx')?.version ?? 0,
      nodes: model.nodes.length,
      parameters: model.initializers.reduce((sum, { dims }) => sum + dims.reduce((a, b) => a * b, 1), 0),
      inputSize,
      open: { width: size.width === undefined, height: size.height === undefined },
      outputs,
      readings: readings(outputs, hintsOf(model, inputSize)).map((reading) => ({ reading, choices: guessChoices(model, reading, inputSize) })),
    };
  } finally {
    await session.release();
  }
}

/** The model with these choices and its card. Runs it once, for the shapes of its outputs. Rejects with a `ModelRefused`. */
async function open(bytes: Uint8Array, choices: UploadChoices, threads: number, credits: readonly string[] = []): Promise<{ card: ModelCard; predictor: Predictor }> {
  const model = readUpload(bytes);
  const { input, type, layout } = imageInput(model);
  const session = await openOrRefuse(bytes, threads);
  try {
    const ports = await tryShapes(session, { runtime: 'onnx', input, type, layout, channels: choices.channels }, choices.inputSize);
    const card = uploadCard(model, choices, ports, credits, new Date());
    const network = networkOf(session, { ...card, network: card.network as StoredNetwork & { runtime: 'onnx' } });
    return { card, predictor: new MemberPredictor(card, readingOf(card), [{ design: card, network }]) };
  } catch (error) {
    await session.release();
    throw error;
  }
}

/** The model with these choices, ready to be tried on images. Rejects with a `ModelRefused`. */
export async function openUpload(bytes: Uint8Array, choices: UploadChoices, { threads = 1 }: { threads?: number } = {}): Promise<Predictor> {
  return (await open(bytes, choices, threads)).predictor;
}

/** Writes the model and its card to the folder `dir`, after a trial on an image of grey. Rejects with a `ModelRefused`. */
export async function saveUpload(bytes: Uint8Array, choices: UploadChoices, dir: string, credits: readonly string[] = []): Promise<ModelCard> {
  const { card, predictor } = await open(bytes, choices, 1, credits);
  try {
    const { width, height } = choices.inputSize;
    await predictor.predict([{ load: async () => ({ data: new Uint8Array(width * height * 3).fill(114), width, height, channels: 3 as const }) }]);
  } catch (error) {
    if (error instanceof ModelRefused) throw error;
    throw new ModelRefused(`The model does not give what ${choices.layout} needs: ${firstLine(error)}.`);
  } finally {
    await predictor.dispose();
  }
  await saveFolder(dir, card, { 'model.onnx': [bytes] });
  return card;
}
