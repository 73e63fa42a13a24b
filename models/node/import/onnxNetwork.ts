/** An uploaded ONNX model, run as it is. */
import { readFile } from 'node:fs/promises';
import type { InferenceSession, Tensor } from 'onnxruntime-node';
import { checkOnnx, readOnnx } from '../../import/onnx';
import { type Network } from '../../inference/network';
import { type ModelDesign, type StoredNetwork } from '../../runtime/card';
import { type CompileOptions } from '../../runtime/engine';
import { encodeHalf, decodeHalf } from '../../runtime/half';
import { onnxProviders } from '../engines';
import { type OnnxFeed, onnxRuntime, sessionOptions, tensorOf } from '../onnxRuntime';

type OnnxDesign = Pick<ModelDesign, 'inputSize' | 'normalisation'> & { network: StoredNetwork & { runtime: 'onnx' } };

/** Pixels (RGB, interleaved) in the order, scale and type that the model wants. */
export function prepareInput(pixels: Uint8Array, { inputSize: { width, height }, normalisation: { mean, deviation }, network }: OnnxDesign): OnnxFeed {
  const { layout, channels, type } = network;
  const count = width * height;
  const order = channels === 'rgb' ? [0, 1, 2] : channels === 'bgr' ? [2, 1, 0] : [0];
  const planes = layout === 'nchw';
  const data = new Float32Array(count * order.length);
  order.forEach((source, c) => {
    const [offset, factor] = [mean[source]!, 1 / deviation[source]!];
    for (let i = 0; i < count; i++) {
      // Luma of ITU-R BT.601 for models of grey images.
      const value = channels === 'grey' ? 0.299 * pixels[3 * i]! + 0.587 * pixels[3 * i + 1]! + 0.114 * pixels[3 * i + 2]! : pixels[3 * i + source]!;
      data[planes ? c * count + i : i * order.length + c] = (value - offset) * factor;
    }
  });
  const dims = planes ? [1, order.length, height, width] : [1, height, width, order.length];
  return { type, dims, data: inType[type](data) };
}

const inType: Readonly<Record<OnnxFeed['type'], (data: Float32Array) => OnnxFeed['data']>> = {
  float32: (data) => data,
  float16: encodeHalf,
  uint8: (data) => Uint8Array.from(data, (v) => Math.round(v)),
  int32: (data) => Int32Array.from(data, (v) => Math.round(v)),
};

/** Any numbers as floats. */
export function toFloats({ data, type }: Tensor): Float32Array {
  if (data instanceof Float32Array) return data;
  if (type === 'float16' && data instanceof Uint16Array) return decodeHalf(data);
  if (type === 'string') throw new Error('an output holds texts');
  return Float32Array.from(data as ArrayLike<number | bigint>, Number);
}

/** Opens a model on the execution providers of the engine that is set: all uploaded models run by this one. */
export async function openSession(bytes: Uint8Array, options?: CompileOptions): Promise<InferenceSession> {
  const { InferenceSession } = await onnxRuntime();
  return InferenceSession.create(bytes, sessionOptions(options, await onnxProviders()));
}

/** One run of a session with one input. */
export async function runSession(session: InferenceSession, input: string, feed: OnnxFeed, outputs?: readonly string[]): Promise<InferenceSession.OnnxValueMapType> {
  const feeds = { [input]: tensorOf(await onnxRuntime(), feed) };
  return outputs ? session.run(feeds, [...outputs]) : session.run(feeds);
}

/** A network of an open session. */
export function networkOf(session: InferenceSession, design: OnnxDesign): Network {
  const { input, outputs } = design.network;
  return {
    async run(pixels) {
      const results = await runSession(session, input, prepareInput(pixels, design), outputs);
      return outputs.map((name) => toFloats(results[name] as Tensor));
    },
    dispose: () => session.release(),
  };
}

/** Loads a stored model. It is checked again: folders may be changed by hand. */
export async function loadOnnxNetwork(file: string, design: OnnxDesign, options?: CompileOptions): Promise<Network> {
  const bytes = await readFile(file);
  checkOnnx(readOnnx(bytes));
  return networkOf(await openSession(bytes, options), design);
}
