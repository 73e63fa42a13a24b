/**
 * The default engine: a program becomes one ONNX model, run by ONNX Runtime on the CPU. Loading this file loads its native
 * library: `engineFor` does that, and sees when it cannot be done.
 *
 * State is double-buffered: a run reads the one set of tensors and writes the other, so that no step allocates weights.
 */
import * as ort from 'onnxruntime-node';
import { blockOfChannels } from './blocks';
import { sessionOptions } from './onnxRuntime';
import { type OnnxPort, toOnnx } from '../graph/onnx/emitter';
import { permute, physicalShape, plain, toPhysical } from '../graph/onnx/layout';
import { type DType, type Program, sameShape, show, sizeOf, type TensorData, type TypedArray } from '../graph';
import { type CompileOptions, type Engine, type Executable, type Tensors } from '../runtime/engine';

const arrays = { float32: Float32Array, int32: Int32Array, uint8: Uint8Array, bool: Uint8Array } as const;

function zeros(dtype: DType, shape: readonly number[]): ort.Tensor {
  return new ort.Tensor(dtype, new arrays[dtype](sizeOf(shape)) as never, shape);
}

class OrtExecutable implements Executable {
  private readonly ports = new Map<string, OnnxPort>();
  private current = new Map<string, ort.Tensor>();
  private next = new Map<string, ort.Tensor>();

  constructor(
    private readonly session: ort.InferenceSession,
    private readonly feeds: readonly OnnxPort[],
    state: readonly OnnxPort[],
    private readonly outputs: readonly OnnxPort[],
  ) {
    for (const port of state) {
      this.ports.set(port.name, port);
      const shape = physicalShape(port.shape, port.layout);
      this.current.set(port.name, zeros(port.dtype, shape));
      this.next.set(port.name, zeros(port.dtype, shape));
    }
  }

  async run(feeds: Tensors): Promise<Tensors> {
    const given: Record<string, ort.Tensor> = Object.fromEntries(this.current);
    for (const port of this.feeds) given[port.name] = this.feed(port, feeds[port.name]);
    const wanted: Record<string, ort.Tensor | null> = {};
    for (const port of this.outputs) wanted[port.output] = null;
    for (const [name, tensor] of this.next) wanted[this.ports.get(name)!.output] = tensor;
    const results = await this.session.run(given, wanted);
    [this.current, this.next] = [this.next, this.current];
    return Object.fromEntries(this.outputs.map((port): [string, TensorData] => {
      const tensor = results[port.output]!;
      return [port.name, { dtype: port.dtype, shape: port.shape, data: tensor.data as TypedArray }];
    }));
  }

  readState(name: string): TensorData {
    const { port, tensor } = this.stateOf(name);
    return { dtype: port.dtype, shape: port.shape, data: permute(tensor.data as TypedArray, port.shape, port.layout, plain(port.shape.length)) };
  }

  writeState(name: string, value: TensorData): void {
    const { port, tensor } = this.stateOf(name);
    if (!sameShape(value.shape, port.shape)) throw new Error(`state ${name} has the shape ${show(port.shape)}, not ${show(value.shape)}`);
    (tensor.data as TypedArray).set(toPhysical(value, port.layout));
  }

  async dispose(): Promise<void> {
    this.current.clear();
    this.next.clear();
    await this.session.release();
  }

  private stateOf(name: string): { port: OnnxPort; tensor: ort.Tensor } {
    const port = this.ports.get(name);
    const tensor = this.current.get(name);
    if (!port || !tensor) throw new Error(`the program has no state named ${name}`);
    return { port, tensor };
  }

  private feed(port: OnnxPort, value: TensorData | undefined): ort.Tensor {
    if (!value) throw new Error(`input ${port.name} was not fed`);
    if (value.dtype !== port.dtype || !sameShape(value.shape, port.shape)) {
      throw new Error(`input ${port.name} is ${port.dtype} ${show(port.shape)}, fed was ${value.dtype} ${show(value.shape)}`);
    }
    return new ort.Tensor(port.dtype, toFeed(value, port) as never, physicalShape(port.shape, port.layout));
  }
}

/** Plain inputs are passed without a copy. */
const toFeed = (value: TensorData, port: OnnxPort): TypedArray =>
  port.layout.every((axis, i) => axis === i) ? value.data : toPhysical(value, port.layout);

function engineOn(name: string, providers: readonly string[]): Engine {
  return {
    name,
    providers,
    async compile(program: Program, options?: CompileOptions): Promise<Executable> {
      // Blocks of channels are the CPU's own.
      const block = providers.length === 1 ? await blockOfChannels(ort) : 0;
      const { bytes, feeds, state, outputs } = toOnnx(program, { block, backwards: true });
      const session = await ort.InferenceSession.create(bytes, sessionOptions(options, providers));
      return new OrtExecutable(session, feeds, state, outputs);
    },
  };
}

export const ortEngine: Engine = engineOn('ort', ['cpu']);

/** Execution providers that this build of ONNX Runtime has (`cpu`, and perhaps `webgpu`, `cuda`, `dml`, `coreml`). */
export const ortProviders = (): string[] => ort.listSupportedBackends().map(({ name }) => name);

/**
 * ONNX Runtime on an execution provider, with the CPU for what that one lacks. Throws an Error that lists the providers of
 * this build.
 */
export function ortEngineOn(provider: string): Engine {
  const known = ortProviders();
  if (!known.includes(provider)) throw new Error(`this build of ONNX Runtime has no execution provider ${provider}, only ${known.join(', ')}`);
  return provider === 'cpu' ? ortEngine : engineOn(`ort:${provider}`, [provider, 'cpu']);
}
