/**
 * Weights packed into vectors. An optimizer then updates a network in a dozen operations; one by one, a hundred weights
 * take thousands of them, and for small networks that is most of a step.
 */
import { ops, sizeOf, type Graph, type InputLayout, type TypedArray, type Value } from '../graph';
import { kernelLayout, permutation, permute, plain } from '../graph/onnx/layout';
import { float32, type Tensors } from '../runtime/engine';
import { type TensorData } from '../graph';

export interface PackedWeight {
  name: string;
  /** Shape in the graph. */
  shape: readonly number[];
  layout: InputLayout;
}

/** Kernels lie in the vector as [out, in, ...size], the order in which convolutions read them: nothing is moved at a step. */
const orderOf = ({ layout, shape }: PackedWeight): readonly number[] => (layout === 'kernel' && shape.length >= 3 ? kernelLayout(shape.length) : plain(shape.length));

/** A named vector and the weights that lie in it, in order. */
export class Pack {
  readonly size: number;
  private readonly offsets = new Map<string, number>();

  constructor(readonly name: string, readonly weights: readonly PackedWeight[]) {
    let size = 0;
    for (const weight of weights) {
      this.offsets.set(weight.name, size);
      size += sizeOf(weight.shape);
    }
    this.size = size;
  }

  /** The weights as values cut out of the vector. */
  unpack(vector: Value): Map<string, Value> {
    return new Map(this.weights.map((weight) => {
      const flat = ops.slice(vector, [this.offsets.get(weight.name)!], [sizeOf(weight.shape)]);
      const order = orderOf(weight);
      return [weight.name, ops.transpose(ops.reshape(flat, order.map((axis) => weight.shape[axis]!)), permutation(order, plain(order.length)))];
    }));
  }

  /** One vector of values shaped like the weights; zeros where there is none. */
  pack(graph: Graph, values: ReadonlyMap<string, Value>): Value {
    return ops.concat(this.weights.map((weight) => {
      const size = sizeOf(weight.shape);
      const value = values.get(weight.name);
      if (!value) return graph.constant(new Float32Array(size), [size]);
      return ops.reshape(ops.transpose(value, orderOf(weight)), [size]);
    }), 0);
  }

  /** Numbers of the weights as the vector. Throws when one is missing. */
  write(tensors: Tensors): TensorData {
    const data = new Float32Array(this.size);
    for (const weight of this.weights) {
      const tensor = tensors[weight.name];
      if (!tensor || tensor.data.length !== sizeOf(weight.shape)) throw new Error(`weight ${weight.name} is missing or of another size`);
      data.set(permute(tensor.data, weight.shape, plain(weight.shape.length), orderOf(weight)), this.offsets.get(weight.name)!);
    }
    return float32(data, [this.size]);
  }

  /** The inverse of `write`. */
  read(vector: TypedArray): Tensors {
    return Object.fromEntries(this.weights.map((weight) => {
      const offset = this.offsets.get(weight.name)!;
      const part = vector.slice(offset, offset + sizeOf(weight.shape));
      return [weight.name, { dtype: 'float32', shape: weight.shape, data: permute(part, weight.shape, orderOf(weight), plain(weight.shape.length)) } satisfies TensorData];
    }));
  }
}
