/**
 * What an ONNX file says of itself: inputs, outputs, nodes, the shapes of its weights. The weights' bytes are not looked
 * at. Field numbers are those of onnx.proto3. Everything is bounded, because the file may come from anybody.
 */
import { fields, numbers, text, WireError, type Field } from './wire';

export interface OnnxPort {
  name: string;
  /** TensorProto.DataType; 0 when not said. */
  type: number;
  /** Sizes, the name of one that is open, or null where nothing is said; null: no shape at all. */
  shape: (number | string | null)[] | null;
}

export interface OnnxNode {
  name: string;
  opType: string;
  domain: string;
  inputs: string[];
  outputs: string[];
  /** Whole numbers and lists of them, texts; other attributes are left out. */
  attributes: Record<string, number | number[] | string>;
}

export interface OnnxTensor {
  name: string;
  type: number;
  dims: number[];
  external: boolean;
}

export interface OnnxModel {
  irVersion: number;
  producer: string;
  opsets: { domain: string; version: number }[];
  metadata: Record<string, string>;
  functions: number;
  inputs: OnnxPort[];
  outputs: OnnxPort[];
  nodes: OnnxNode[];
  initializers: OnnxTensor[];
  /** Sparse tensors, of graphs and of attributes. Their parts may lie in other files like those of any tensor. */
  sparse: number;
  /** Operators of graphs inside nodes (branches and loops), by `domain:opType`. */
  nested: Set<string>;
}

const MAX_NODES = 50_000;
const MAX_NAMES = 200_000;
const MAX_RANK = 16;
const MAX_DEPTH = 8;
const MAX_TEXT = 4 * 2 ** 20;

class Counter {
  private count = 0;

  constructor(private readonly limit: number, private readonly what: string) {}

  add(): void {
    if (++this.count > this.limit) throw new WireError(`it has more than ${this.limit} ${this.what}`);
  }
}

interface Limits {
  nodes: Counter;
  names: Counter;
}

const bounded = (field: Field): string => {
  if (field.bytes.length > MAX_TEXT) throw new WireError('a text in it is too long');
  return text(field);
};

function readShape(bytes: Uint8Array): OnnxPort['shape'] {
  const shape: (number | string | null)[] = [];
  for (const dim of fields(bytes)) {
    if (dim.id !== 1) continue;
    let size: number | string | null = null;
    for (const field of fields(dim.bytes)) {
      if (field.id === 1) size = field.value > 0 ? field.value : null;
      else if (field.id === 2) size = bounded(field);
    }
    shape.push(size);
    if (shape.length > MAX_RANK) throw new WireError(`a shape has more than ${MAX_RANK} axes`);
  }
  return shape;
}

function readPort(bytes: Uint8Array): OnnxPort {
  const port: OnnxPort = { name: '', type: 0, shape: null };
  for (const field of fields(bytes)) {
    if (field.id === 1) port.name = bounded(field);
    if (field.id !== 2) continue;
    for (const type of fields(field.bytes)) {
      // Sequences, maps and optional values stay without a type.
      if (type.id !== 1) continue;
      for (const tensor of fields(type.bytes)) {
        if (tensor.id === 1) port.type = tensor.value;
        else if (tensor.id === 2) port.shape = readShape(tensor.bytes);
      }
    }
  }
  return port;
}

function readTensor(bytes: Uint8Array): OnnxTensor {
  const tensor: OnnxTensor = { name: '', type: 0, dims: [], external: false };
  for (const field of fields(bytes)) {
    if (field.id === 1) tensor.dims.push(...numbers(field));
    else if (field.id === 2) tensor.type = field.value;
    else if (field.id === 8) tensor.name = bounded(field);
    else if (field.id === 13 || (field.id === 14 && field.value !== 0)) tensor.external = true;
  }
  if (tensor.dims.length > MAX_RANK || tensor.dims.some((n) => n < 0)) throw new WireError(`the tensor ${tensor.name} has an impossible shape`);
  return tensor;
}

/** Reads an attribute; graphs in it are walked for their operators, tensors in other files and sparse ones are noted. */
function readAttribute(bytes: Uint8Array, node: OnnxNode, model: OnnxModel, limits: Limits, depth: number): void {
  let name = '';
  let value: number | number[] | string | null = null;
  for (const field of fields(bytes)) {
    if (field.id === 1) name = bounded(field);
    else if (field.id === 3) value = field.value;
    else if (field.id === 4) value = field.bytes.length <= 1024 ? text(field) : null;
    else if (field.id === 8) value = [...(Array.isArray(value) ? value : []), ...numbers(field)];
    else if (field.id === 5 || field.id === 10) {
      const tensor = readTensor(field.bytes);
      if (tensor.external) model.initializers.push(tensor);
    } else if (field.id === 22 || field.id === 23) model.sparse++;
    else if (field.id === 6 || field.id === 11) readNested(field.bytes, model, limits, depth + 1);
    if (Array.isArray(value) && value.length > 1024) throw new WireError(`an attribute of ${node.name || node.opType} has too many numbers`);
  }
  if (name && value !== null) node.attributes[name] = value;
}

function readNode(bytes: Uint8Array, model: OnnxModel, limits: Limits, depth: number): OnnxNode {
  limits.nodes.add();
  const node: OnnxNode = { name: '', opType: '', domain: '', inputs: [], outputs: [], attributes: {} };
  const attributes: Uint8Array[] = [];
  for (const field of fields(bytes)) {
    if (field.id === 1 || field.id === 2) {
      limits.names.add();
      (field.id === 1 ? node.inputs : node.outputs).push(bounded(field));
    } else if (field.id === 3) node.name = bounded(field);
    else if (field.id === 4) node.opType = bounded(field);
    else if (field.id === 5) attributes.push(field.bytes);
    else if (field.id === 7) node.domain = bounded(field);
  }
  for (const attribute of attributes) readAttribute(attribute, node, model, limits, depth);
  return node;
}

function readNested(bytes: Uint8Array, model: OnnxModel, limits: Limits, depth: number): void {
  if (depth > MAX_DEPTH) throw new WireError(`graphs lie in one another deeper than ${MAX_DEPTH}`);
  for (const field of fields(bytes)) {
    if (field.id === 1) {
      const { domain, opType } = readNode(field.bytes, model, limits, depth);
      model.nested.add(`${domain}:${opType}`);
    } else if (field.id === 5) model.initializers.push(readTensor(field.bytes));
    else if (field.id === 15) model.sparse++;
  }
}

function readGraph(bytes: Uint8Array, model: OnnxModel, limits: Limits): void {
  for (const field of fields(bytes)) {
    if (field.id === 1) model.nodes.push(readNode(field.bytes, model, limits, 0));
    else if (field.id === 5) {
      limits.names.add();
      model.initializers.push(readTensor(field.bytes));
    } else if (field.id === 15) model.sparse++;
    else if (field.id === 11 || field.id === 12) {
      limits.names.add();
      (field.id === 11 ? model.inputs : model.outputs).push(readPort(field.bytes));
    }
  }
}

/** Reads the description of a model. Throws a `WireError` when the bytes are no ONNX model or break a limit. */
export function readOnnx(bytes: Uint8Array): OnnxModel {
  const model: OnnxModel = { irVersion: 0, producer: '', opsets: [], metadata: {}, functions: 0, inputs: [], outputs: [], nodes: [], initializers: [], sparse: 0, nested: new Set() };
  const limits = { nodes: new Counter(MAX_NODES, 'nodes'), names: new Counter(MAX_NAMES, 'values') };
  let graphs = 0;
  for (const field of fields(bytes)) {
    if (field.id === 1) model.irVersion = field.value;
    else if (field.id === 2) model.producer = bounded(field);
    else if (field.id === 7) {
      graphs++;
      readGraph(field.bytes, model, limits);
    } else if (field.id === 8) {
      const opset = { domain: '', version: 0 };
      for (const part of fields(field.bytes)) {
        if (part.id === 1) opset.domain = bounded(part);
        else if (part.id === 2) opset.version = part.value;
      }
      model.opsets.push(opset);
    } else if (field.id === 14) {
      let [key, value] = ['', ''];
      for (const part of fields(field.bytes)) {
        if (part.id === 1) key = bounded(part);
        else if (part.id === 2) value = bounded(part);
      }
      if (Object.keys(model.metadata).length < 200) model.metadata[key] = value;
    } else if (field.id === 25) model.functions++;
  }
  if (graphs !== 1 || model.irVersion < 1) throw new WireError('it is no ONNX model');
  // Old files list their weights among the inputs.
  const weights = new Set(model.initializers.map(({ name }) => name));
  model.inputs = model.inputs.filter(({ name }) => !weights.has(name));
  return model;
}
