/**
 * The engine on tfjs, one primitive after another on whatever backend it is given: WASM where ONNX Runtime is absent,
 * WebGPU, WebGL or WASM in a browser. State stays on the backend between runs.
 */
import { type Graph, type Program, reachable, sameShape, show, sizeOf, type GraphNode, type TensorData, type TypedArray, type Value } from '../graph';
import { engineRules } from '../graph/tf/engineRules';
import { type Engine, type Executable, type Tensors } from './engine';
import { tf } from './tf';

/** tfjs has no uint8: those are int32 there. */
const tfType = (dtype: TensorData['dtype']): 'float32' | 'int32' | 'bool' => (dtype === 'uint8' ? 'int32' : dtype);
const upload = ({ data, shape, dtype }: TensorData): tf.Tensor => tf.tensor(dtype === 'uint8' ? Int32Array.from(data) : data, [...shape], tfType(dtype));

function typed(data: ArrayLike<number>, dtype: TensorData['dtype']): TypedArray {
  return dtype === 'float32' ? Float32Array.from(data) : dtype === 'int32' ? Int32Array.from(data) : Uint8Array.from(data);
}

class TfExecutable implements Executable {
  private readonly nodes: GraphNode[];
  /** Index of the node after which a value has no reader left. */
  private readonly lastUse = new Map<Value, number>();
  private readonly rules: ReturnType<typeof engineRules>;
  private readonly state = new Map<string, tf.Tensor>();
  /** Constants and baked inputs, uploaded once. */
  private readonly constants = new Map<Value, tf.Tensor>();

  constructor(private readonly program: Program, private readonly backend: string) {
    const results = [...Object.values(program.outputs), ...Object.values(program.state ?? {})];
    this.nodes = reachable(results);
    this.nodes.forEach((node, i) => node.inputs.forEach((value) => this.lastUse.set(value, i)));
    for (const value of results) this.lastUse.set(value, Infinity);
    this.rules = engineRules((node, index) => this.lastUse.has((node as GraphNode).outputs[index]!));
    for (const [name, next] of Object.entries(program.state ?? {})) {
      const input = (next.graph as Graph).inputs.get(name);
      if (!input) throw new Error(`the program has a state ${name}, but the graph no such input`);
      this.state.set(name, tf.keep(upload({ dtype: input.dtype, shape: input.shape, data: typed(new Uint8Array(sizeOf(input.shape)), input.dtype) })));
    }
    for (const node of this.nodes) {
      const value = node.outputs[0]!;
      if (node.op === 'constant') this.constants.set(value, tf.keep(upload({ dtype: value.dtype, shape: value.shape, data: (node as GraphNode<'constant'>).attrs.data })));
      const baked = node.op === 'input' ? program.constants?.[(node as GraphNode<'input'>).attrs.name] : undefined;
      if (baked) this.constants.set(value, tf.keep(upload({ ...baked, shape: value.shape })));
    }
  }

  async run(feeds: Tensors): Promise<Tensors> {
    if (tf.getBackend() !== this.backend) await tf.setBackend(this.backend);
    const { outputs, state } = this.evaluate(feeds);
    for (const [name, tensor] of state) {
      this.state.get(name)!.dispose();
      this.state.set(name, tensor);
    }
    const entries = await Promise.all([...outputs].map(async ([name, tensor]): Promise<[string, TensorData]> => {
      const { dtype, shape } = this.program.outputs[name]!;
      const data = typed(await tensor.data(), dtype);
      tensor.dispose();
      return [name, { dtype, shape, data }];
    }));
    return Object.fromEntries(entries);
  }

  readState(name: string): TensorData {
    const { dtype, shape } = this.program.state?.[name] ?? {};
    const tensor = this.state.get(name);
    if (!dtype || !shape || !tensor) throw new Error(`the program has no state named ${name}`);
    return { dtype, shape, data: typed(tensor.dataSync(), dtype) };
  }

  writeState(name: string, value: TensorData): void {
    const tensor = this.state.get(name);
    if (!tensor) throw new Error(`the program has no state named ${name}`);
    if (!sameShape(tensor.shape, value.shape)) throw new Error(`state ${name} has the shape ${show(tensor.shape)}, not ${show(value.shape)}`);
    tensor.dispose();
    this.state.set(name, tf.keep(upload(value)));
  }

  async dispose(): Promise<void> {
    for (const tensor of [...this.state.values(), ...this.constants.values()]) tensor.dispose();
    this.state.clear();
    this.constants.clear();
  }

  /** Runs all nodes, letting go of each value after its last reader: the WASM heap ends at 4 GB. */
  private evaluate(feeds: Tensors): { outputs: Map<string, tf.Tensor>; state: Map<string, tf.Tensor> } {
    const known = new Map<Value, tf.Tensor>(this.constants);
    const owned = new Set<Value>();
    const results = { outputs: new Map<string, tf.Tensor>(), state: new Map<string, tf.Tensor>() };
    try {
      this.nodes.forEach((node, i) => {
        if (!known.has(node.outputs[0]!)) {
          if (node.op === 'input') this.input(node as GraphNode<'input'>, feeds, known, owned);
          else this.compute(node, known, owned);
        }
        for (const value of new Set([...node.inputs, ...node.outputs])) {
          if (!owned.has(value) || (this.lastUse.get(value) ?? -1) > i) continue;
          known.get(value)!.dispose();
          owned.delete(value);
        }
      });
      // A tensor of their own each: the same value may be an output and a state.
      for (const [name, value] of Object.entries(this.program.outputs)) results.outputs.set(name, tf.keep(tf.clone(known.get(value)!)));
      for (const [name, value] of Object.entries(this.program.state ?? {})) results.state.set(name, tf.keep(tf.clone(known.get(value)!)));
      return results;
    } finally {
      for (const value of owned) known.get(value)!.dispose();
    }
  }

  private input(node: GraphNode<'input'>, feeds: Tensors, known: Map<Value, tf.Tensor>, owned: Set<Value>): void {
    const value = node.outputs[0]!;
    const { name } = node.attrs;
    const kept = this.state.get(name);
    if (kept) {
      known.set(value, kept);
      return;
    }
    const fed = feeds[name];
    if (!fed) throw new Error(`input ${name} was not fed`);
    if (fed.dtype !== value.dtype || !sameShape(fed.shape, value.shape)) {
      throw new Error(`input ${name} is ${value.dtype} ${show(value.shape)}, fed was ${fed.dtype} ${show(fed.shape)}`);
    }
    known.set(value, tf.keep(upload(fed)));
    owned.add(value);
  }

  private compute(node: GraphNode, known: Map<Value, tf.Tensor>, owned: Set<Value>): void {
    const rule = this.rules[node.op as keyof typeof this.rules] as (inputs: tf.Tensor[], attrs: object, node: GraphNode) => tf.Tensor | tf.Tensor[];
    const inputs = node.inputs.map((value) => known.get(value)!);
    const made = tf.tidy(() => {
      const result = rule(inputs, node.attrs, node);
      // A rule may hand its input on; what is kept here must be its own to dispose of.
      return (Array.isArray(result) ? result : [result]).map((tensor) => (inputs.includes(tensor) ? tf.clone(tensor) : tensor));
    });
    made.forEach((tensor, i) => {
      known.set(node.outputs[i]!, tf.keep(tensor));
      owned.add(node.outputs[i]!);
    });
  }
}

/** The engine on a backend of tfjs that has been registered. */
export function tfEngineOn(backend: string): Engine {
  return {
    name: `tfjs:${backend}`,
    async compile(program: Program): Promise<Executable> {
      if (tf.getBackend() !== backend && !(await tf.setBackend(backend))) throw new Error(`tfjs cannot start its backend ${backend}`);
      await tf.ready();
      return new TfExecutable(program, backend);
    },
  };
}
