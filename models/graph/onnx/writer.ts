/** Collects ONNX nodes, initializers, inputs and outputs, and encodes them as a model. */
import { type Shape } from '../types';
import { ModelProto, onnxType, type OnnxTypeName } from './schema';

/** A whole number becomes an int attribute, a list of them ints, a string a string; `float()` marks a float. */
export type Attribute = number | string | readonly number[] | { float: number };
export const float = (value: number): Attribute => ({ float: value });

/** Domain of ONNX Runtime's own operators. */
export const MICROSOFT = 'com.microsoft';
/** Domain of its operators on blocks of channels. */
export const BLOCKED = 'com.microsoft.nchwc';

export class OnnxWriter {
  private readonly nodes: object[] = [];
  private readonly initializers: object[] = [];
  private readonly inputs: object[] = [];
  private readonly outputs: object[] = [];
  private readonly constants = new Map<string, string>();
  /** Names that nodes made and that are no output yet. */
  private readonly free = new Set<string>();
  private readonly domains = new Set<string>();
  private counter = 0;
  /** Whatever the nodes now written are made for; kept for each value, so that a profile can be read. */
  origin = -1;
  readonly origins = new Map<string, number>();

  get nodeCount(): number {
    return this.nodes.length;
  }

  input(name: string, type: OnnxTypeName, shape: Shape): string {
    this.inputs.push(valueInfo(name, type, shape));
    return name;
  }

  /** Makes `source` an output of the model and returns the output's name: its own, or that of a copy where it must be one. */
  output(source: string, type: OnnxTypeName, shape: Shape): string {
    const name = this.free.has(source) ? source : this.node('Identity', [source]);
    this.free.delete(name);
    this.outputs.push(valueInfo(name, type, shape));
    return name;
  }

  /** Adds a node with one output and returns the output's name. An empty input name leaves an optional input out. */
  node(opType: string, input: readonly string[], attributes: Record<string, Attribute> = {}, domain = ''): string {
    return this.nodeOutputs(opType, input, attributes, 1, domain)[0]!;
  }

  /** The same with several outputs. */
  nodeOutputs(opType: string, input: readonly string[], attributes: Record<string, Attribute>, count: number, domain = ''): string[] {
    if (domain) this.domains.add(domain);
    const output = Array.from({ length: count }, () => `v${this.counter++}`);
    for (const name of output) {
      this.free.add(name);
      this.origins.set(name, this.origin);
    }
    this.nodes.push({
      opType, domain, input, output,
      name: `${opType}_${output[0]}`,
      attribute: Object.entries(attributes).map(([name, value]) => attributeProto(name, value)),
    });
    return output;
  }

  /** A constant of int64 numbers: shapes, axes, pads. Equal ones are stored once. */
  int64(values: readonly number[], dims: Shape = [values.length]): string {
    return this.known(`i:${dims.join()}:${values.join()}`, 'int64', dims, () => new Uint8Array(BigInt64Array.from(values, (n) => BigInt(n)).buffer));
  }

  /** `count` floats of one value. */
  filled(count: number, value: number): string {
    return this.known(`r:${count}:${value}`, 'float32', [count], () => new Uint8Array(new Float32Array(count).fill(value).buffer));
  }

  /** A float constant of rank 0. */
  scalar(value: number): string {
    return this.known(`f:${value}`, 'float32', [], () => new Uint8Array(Float32Array.of(value).buffer));
  }

  initializer(type: OnnxTypeName, dims: Shape, bytes: Uint8Array): string {
    const name = `c${this.counter++}`;
    this.initializers.push({ name, dims, dataType: onnxType[type], rawData: bytes });
    return name;
  }

  /**
   * The encoded model, ready for a file, or with `backwards` for ONNX Runtime: that takes nodes in any order, and does the last
   * in the file first of those that it could do. In the format's own order it would put every gradient of a weight off to the
   * end of the step and keep all maps until then.
   */
  encode({ backwards = false } = {}): Uint8Array {
    return ModelProto.encode({
      irVersion: 8,
      producerName: 'fieldmark',
      opsetImport: [{ domain: '', version: 17 }, ...[...this.domains].map((domain) => ({ domain, version: 1 }))],
      graph: { name: 'graph', node: backwards ? this.nodes.toReversed() : this.nodes, initializer: this.initializers, input: this.inputs, output: this.outputs },
    }).finish();
  }

  private known(key: string, type: OnnxTypeName, dims: Shape, bytes: () => Uint8Array): string {
    const found = this.constants.get(key);
    if (found) return found;
    const name = this.initializer(type, dims, bytes());
    this.constants.set(key, name);
    return name;
  }
}

function attributeProto(name: string, value: Attribute): object {
  if (typeof value === 'number') return { name, type: 2, i: value };
  if (typeof value === 'string') return { name, type: 3, s: new TextEncoder().encode(value) };
  if ('float' in value) return { name, type: 1, f: value.float };
  return { name, type: 7, ints: value };
}

function valueInfo(name: string, type: OnnxTypeName, shape: Shape): object {
  return { name, type: { tensorType: { elemType: onnxType[type], shape: { dim: shape.map((n) => ({ dimValue: n })) } } } };
}
