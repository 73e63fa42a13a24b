/** The graph builder: nodes in order of creation, equal nodes made once. */
import { primitives } from './primitives';
import { show, sizeOf } from './shapes';
import {
  type DType, type GraphLike, type GraphNode, type InputLayout, type OpAttrs, type OpName, type Primitive, type Shape, type TypedArray, type Value,
} from './types';

export class Graph implements GraphLike {
  /** Every node after its inputs. */
  readonly nodes: GraphNode[] = [];
  readonly inputs = new Map<string, Value>();
  /** Nodes by operation, inputs and attributes: the same question is computed once. */
  private readonly known = new Map<string, GraphNode>();
  private values = 0;

  /** Declares a named input. Throws when the name is taken. */
  input(name: string, shape: Shape, dtype: DType = 'float32', layout: InputLayout = 'plain'): Value {
    if (this.inputs.has(name)) throw new Error(`the graph already has an input named ${name}`);
    const value = this.append('input', [], { name, layout }, [{ shape, dtype }])[0]!;
    this.inputs.set(name, value);
    return value;
  }

  /** A constant tensor, row-major. */
  constant(data: TypedArray, shape: Shape, dtype?: DType): Value {
    if (data.length !== sizeOf(shape)) throw new Error(`${data.length} numbers do not fill the shape ${show(shape)}`);
    const type = dtype ?? (data instanceof Float32Array ? 'float32' : data instanceof Int32Array ? 'int32' : 'uint8');
    const key = data.length <= 64 ? `constant:${type}:${shape.join()}:${Array.from(data).join()}` : null;
    const found = key === null ? undefined : this.known.get(key);
    if (found) return found.outputs[0]!;
    const values = this.append('constant', [], { data }, [{ shape, dtype: type }]);
    if (key !== null) this.known.set(key, values[0]!.node);
    return values[0]!;
  }

  /** A constant of rank 0. */
  scalar(value: number, dtype: DType = 'float32'): Value {
    return this.constant(dtype === 'float32' ? Float32Array.of(value) : dtype === 'int32' ? Int32Array.of(value) : Uint8Array.of(value), [], dtype);
  }

  /** Adds an operation, or returns the equal one that is there. */
  node<K extends OpName>(op: K, inputs: readonly Value[], attrs: OpAttrs[K]): readonly Value[] {
    for (const value of inputs) if (value.graph !== this) throw new Error(`${op}: an input belongs to another graph`);
    const key = `${op}:${inputs.map((value) => value.id).join()}:${JSON.stringify(attrs)}`;
    const found = this.known.get(key);
    if (found) return found.outputs;
    const primitive: Primitive<K> = primitives[op];
    let specs;
    try {
      specs = primitive.infer(inputs, attrs);
    } catch (error) {
      throw new Error(`${op}(${inputs.map((value) => show(value.shape)).join(', ')}): ${(error as Error).message}`, { cause: error });
    }
    const outputs = this.append(op, inputs, attrs, specs);
    this.known.set(key, outputs[0]!.node);
    return outputs;
  }

  private append(op: OpName, inputs: readonly Value[], attrs: OpAttrs[OpName], specs: { shape: Shape; dtype: DType }[]): readonly Value[] {
    const outputs: Value[] = [];
    const node: GraphNode = { id: this.nodes.length, op, inputs, attrs, outputs };
    specs.forEach((spec, index) => outputs.push({ graph: this, id: this.values++, shape: spec.shape, dtype: spec.dtype, node, index }));
    this.nodes.push(node);
    return outputs;
  }
}

/** The nodes that `outputs` depend on, in order of creation. */
export function reachable(outputs: Iterable<Value>): GraphNode[] {
  const seen = new Set<GraphNode>();
  const stack = [...outputs].map((value) => value.node);
  while (stack.length > 0) {
    const node = stack.pop()!;
    if (seen.has(node)) continue;
    seen.add(node);
    for (const value of node.inputs) stack.push(value.node);
  }
  return [...seen].sort((a, b) => a.id - b.id);
}
