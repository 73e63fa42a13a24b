/** Walks a program in order and writes ONNX, keeping each value in the layouts that its users ask for. */
import { reachable } from '../graph';
import { type Program } from '../program';
import { type DType, type GraphNode, type OpName, type Shape, type TensorData, type TypedArray, type Value } from '../types';
import { absorbs } from './fusion';
import { isRelabelling, kernelLayout, type Layout, permutation, permute, physicalShape, plain, toPhysical } from './layout';
import { rules } from './rules';
import { OnnxWriter } from './writer';

export interface OnnxPort {
  name: string;
  dtype: DType;
  /** Logical. */
  shape: Shape;
  layout: Layout;
  /** Name of the model's output: of the result, or of a state's next value. Empty for what is fed. */
  output: string;
}

export interface OnnxProgram {
  bytes: Uint8Array;
  /** Fed at each run, in plain layout. */
  feeds: OnnxPort[];
  /** Kept by the engine, in the layout of the port. */
  state: OnnxPort[];
  outputs: OnnxPort[];
  /** For each value that an ONNX node makes, the id of the graph's node that it was written for. */
  origins: ReadonlyMap<string, number>;
}

const bytesOf = (data: TypedArray): Uint8Array => new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

export class OnnxEmitter {
  readonly writer = new OnnxWriter();
  private readonly forms = new Map<Value, Map<string, string>>();
  private readonly natives = new Map<Value, Layout>();
  private readonly same = new Map<Value, Value>();
  private readonly known = new Map<string, GraphNode>();
  private readonly uses = new Map<Value, number>();
  /** The node that reads a value, for values with one reader. */
  private readonly readers = new Map<Value, GraphNode>();
  /** Nodes that are written only if somebody asks for their value: their one reader may do without. */
  private readonly waiting = new Set<GraphNode>();
  private baked: Record<string, TensorData> = {};

  /** `block`: channels in a block of ONNX Runtime's blocked layout on this machine; 0 where it has none. */
  constructor(readonly block = 0) {}

  /** The value that stands for this one: without stopGradient, and equal nodes merged. */
  resolve(value: Value): Value {
    return this.same.get(value) ?? value;
  }

  /** Layout in which the value was made. */
  native(value: Value): Layout {
    const source = this.resolve(value);
    this.settle(source.node);
    return this.natives.get(source) ?? plain(value.shape.length);
  }

  /** The node of a value that has not been written and need not be. */
  unwritten<K extends OpName>(value: Value, op: K): GraphNode<K> | null {
    const node: GraphNode = this.resolve(value).node;
    return node.op === op && this.waiting.has(node) ? (node as GraphNode<K>) : null;
  }

  /** How many nodes and outputs read the value. */
  useCount(value: Value): number {
    return this.uses.get(this.resolve(value)) ?? 0;
  }

  /** ONNX name of the value in `layout` (default: plain); a transpose is written once where it is needed. */
  get(value: Value, layout: Layout = plain(value.shape.length)): string {
    const source = this.resolve(value);
    this.settle(source.node);
    const forms = this.forms.get(source);
    if (!forms) throw new Error(`${source.node.op} has not been written yet`);
    const key = layout.join();
    const ready = forms.get(key);
    if (ready !== undefined) return ready;
    const native = this.natives.get(source)!;
    let name: string;
    if (source.node.op === 'constant') {
      const { data } = source.node.attrs as { data: TypedArray };
      const physical = permute(data, source.shape, plain(source.shape.length), layout);
      name = this.writer.initializer(source.dtype, physicalShape(source.shape, layout), bytesOf(physical));
    } else if (isRelabelling(source.shape, native, layout)) {
      name = this.writer.node('Reshape', [forms.get(native.join())!, this.writer.int64(physicalShape(source.shape, layout))]);
    } else {
      name = this.writer.node('Transpose', [forms.get(native.join())!], { perm: permutation(native, layout) });
    }
    forms.set(key, name);
    return name;
  }

  /** ONNX name of the value in some other form, made when it is first asked for. */
  form(value: Value, key: string, make: () => string): string {
    const source = this.resolve(value);
    this.settle(source.node);
    const forms = this.forms.get(source)!;
    let name = forms.get(key);
    if (name === undefined) forms.set(key, (name = make()));
    return name;
  }

  /** Whether the value is the same at each run, so that the runtime may prepare it. */
  isConstant(value: Value): boolean {
    const { node } = this.resolve(value);
    return node.op === 'constant' || (node.op === 'input' && (node as GraphNode<'input'>).attrs.name in this.baked);
  }

  /** Records the ONNX name of a value in the layout in which it was made. */
  set(value: Value, name: string, layout: Layout = plain(value.shape.length)): void {
    this.forms.set(value, new Map([[layout.join(), name]]));
    this.natives.set(value, layout);
  }

  write(program: Program, backwards: boolean): OnnxProgram {
    const state = program.state ?? {};
    const constants = program.constants ?? {};
    this.baked = constants;
    const results = [...Object.values(program.outputs), ...Object.values(state)];
    const nodes = reachable(results).filter((node) => !this.merged(node));
    const count = (value: Value) => this.uses.set(this.resolve(value), this.useCount(value) + 1);
    for (const node of nodes) {
      node.inputs.forEach(count);
      for (const value of node.inputs) this.readers.set(this.resolve(value), node);
    }
    results.forEach(count);

    const feeds: OnnxPort[] = [];
    const kept: OnnxPort[] = [];
    for (const node of nodes) {
      if (node.op === 'input') {
        const port = this.inputNode(node as GraphNode<'input'>, constants);
        if (port) (port.name in state ? kept : feeds).push(port);
        continue;
      }
      const value = node.outputs[0]!;
      const reader = this.useCount(value) === 1 ? this.readers.get(value) : undefined;
      if (reader && absorbs(reader, node)) this.waiting.add(node);
      else this.emit(node);
    }

    const outputs = Object.entries(program.outputs).map(([name, value]): OnnxPort => {
      const layout = plain(value.shape.length);
      return { name, dtype: value.dtype, shape: value.shape, layout, output: this.writer.output(this.get(value, layout), value.dtype, value.shape) };
    });
    for (const port of kept) {
      port.output = this.writer.output(this.get(state[port.name]!, port.layout), port.dtype, physicalShape(port.shape, port.layout));
    }
    return { bytes: this.writer.encode({ backwards }), feeds, state: kept, outputs, origins: this.writer.origins };
  }

  private emit(node: GraphNode): void {
    const { origin } = this.writer;
    this.writer.origin = node.id;
    (rules[node.op] as (node: GraphNode, emitter: OnnxEmitter) => void)(node, this);
    this.writer.origin = origin;
  }

  /** Writes a node that was waiting. */
  private settle(node: GraphNode): void {
    if (this.waiting.delete(node)) this.emit(node);
  }

  private inputNode(node: GraphNode<'input'>, constants: Record<string, TensorData>): OnnxPort | null {
    const value = node.outputs[0]!;
    const { name, layout: kind } = node.attrs;
    const layout = kind === 'kernel' && value.shape.length >= 3 ? kernelLayout(value.shape.length) : plain(value.shape.length);
    const constant = constants[name];
    const shape = physicalShape(value.shape, layout);
    if (constant) {
      this.set(value, this.writer.initializer(value.dtype, shape, bytesOf(toPhysical(constant, layout))), layout);
      return null;
    }
    this.set(value, this.writer.input(name, value.dtype, shape), layout);
    return { name, dtype: value.dtype, shape: value.shape, layout, output: '' };
  }

  /** True when the node is the same as one before it, or does nothing here. */
  private merged(node: GraphNode): boolean {
    if (node.op === 'stopGradient') {
      this.same.set(node.outputs[0]!, this.resolve(node.inputs[0]!));
      return true;
    }
    if (node.op === 'constant') return false;
    const key = `${node.op}:${node.inputs.map((value) => this.resolve(value).id).join()}:${JSON.stringify(node.attrs)}`;
    const found = this.known.get(key);
    if (!found) {
      this.known.set(key, node);
      return false;
    }
    node.outputs.forEach((value, i) => this.same.set(value, found.outputs[i]!));
    return true;
  }
}

/** Rule of one primitive: reads its inputs from the emitter, writes ONNX nodes, sets its outputs. */
export type EmitRule<K extends OpName> = (node: GraphNode<K>, emitter: OnnxEmitter) => void;

/** The layout in which an elementwise operation does the least moving: that of its largest operand. */
export function commonLayout(emitter: OnnxEmitter, values: readonly Value[], rank: number): Layout {
  let best: Layout = plain(rank);
  let bestSize = -1;
  for (const value of values) {
    if (value.shape.length !== rank) continue;
    const layout = emitter.native(value);
    const size = value.shape.reduce((a, b) => a * b, 1) * (value.node.op === 'constant' ? 1e-9 : 1);
    const permuted = layout.some((axis, i) => axis !== i);
    if (size > bestSize || (size === bestSize && permuted)) {
      best = layout;
      bestSize = size;
    }
  }
  return best;
}

/**
 * A program as one ONNX model. `block`: see `OnnxEmitter`; models with it run only where it was found. `backwards`: see
 * `OnnxWriter.encode`.
 */
export function toOnnx(program: Program, { block = 0, backwards = false } = {}): OnnxProgram {
  return new OnnxEmitter(block).write(program, backwards);
}

