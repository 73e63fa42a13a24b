/**
 * The oracle: evaluates a program with tfjs, one primitive after another, convolution and pooling as loops. Slow and plain:
 * the truth that tests hold the engines to.
 */
import { tf } from '../../runtime/tf';
import { reachable } from '../graph';
import { type Program } from '../program';
import { type GraphNode, type TensorData, type TypedArray, type Value } from '../types';
import { oracleRules } from './oracleRules';

/** tfjs has no uint8: those are int32 there. */
const tfType = (dtype: TensorData['dtype']): 'float32' | 'int32' | 'bool' => (dtype === 'uint8' ? 'int32' : dtype);

function fromTf(tensor: tf.Tensor, value: Value): TensorData {
  const data = tensor.dataSync();
  const typed: TypedArray = value.dtype === 'float32' ? Float32Array.from(data) : value.dtype === 'int32' ? Int32Array.from(data) : Uint8Array.from(data);
  return { dtype: value.dtype, shape: value.shape, data: typed };
}

/** Results of the program's outputs and of the next values of its state, for the given inputs (state included). */
export function evaluateWithTf(program: Program, inputs: Record<string, TensorData>): { outputs: Record<string, TensorData>; state: Record<string, TensorData> } {
  const results = { outputs: {} as Record<string, TensorData>, state: {} as Record<string, TensorData> };
  const given = { ...inputs, ...program.constants };
  tf.tidy(() => {
    const known = new Map<Value, tf.Tensor>();
    for (const node of reachable([...Object.values(program.outputs), ...Object.values(program.state ?? {})])) {
      for (const [i, tensor] of evaluate(node, node.inputs.map((value) => known.get(value)!), given).entries()) known.set(node.outputs[i]!, tensor);
    }
    for (const [name, value] of Object.entries(program.outputs)) results.outputs[name] = fromTf(known.get(value)!, value);
    for (const [name, value] of Object.entries(program.state ?? {})) results.state[name] = fromTf(known.get(value)!, value);
  });
  return results;
}

function evaluate(node: GraphNode, inputs: tf.Tensor[], given: Record<string, TensorData>): tf.Tensor[] {
  const value = node.outputs[0]!;
  if (node.op === 'input') {
    const { name } = (node as GraphNode<'input'>).attrs;
    const tensor = given[name];
    if (!tensor) throw new Error(`input ${name} was not fed`);
    return [tf.tensor(tensor.data, [...value.shape], tfType(value.dtype))];
  }
  if (node.op === 'constant') return [tf.tensor((node as GraphNode<'constant'>).attrs.data, [...value.shape], tfType(value.dtype))];
  const rule = oracleRules[node.op] as (inputs: tf.Tensor[], attrs: object, node: GraphNode) => tf.Tensor | tf.Tensor[];
  const result = rule(inputs, node.attrs, node);
  return Array.isArray(result) ? result : [result];
}
