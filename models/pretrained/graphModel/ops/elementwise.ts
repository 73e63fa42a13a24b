/** One number in, one number out; two in, one out; comparisons and choices. */
import { ops, type DType, type Value } from '../../../graph';
import { softmax } from '../../../lower';
import { type OpFamily, type OpReader } from '../types';

const unary = (apply: (x: Value) => Value): OpReader => ({ input }) => apply(input(0));
const binary = (apply: (a: Value, b: Value) => Value): OpReader => ({ input }) => apply(input(0), input(1));

const TYPES: Record<string, DType> = { DT_FLOAT: 'float32', DT_HALF: 'float32', DT_INT32: 'int32', DT_INT64: 'int32', DT_UINT8: 'uint8', DT_BOOL: 'bool' };

/** x where it is positive, else `alpha` x; `alpha` one number a channel or of any shape that broadcasts. */
export const prelu = (x: Value, alpha: Value): Value => ops.add(ops.relu(x), ops.mul(ops.minimum(x, 0), alpha));
export const elu = (x: Value): Value => ops.where(ops.greater(x, 0), x, ops.sub(ops.exp(ops.minimum(x, 0)), 1));

/** The activations that fused operations name. */
export const activations: Readonly<Record<string, (x: Value) => Value>> = {
  Relu: ops.relu,
  Relu6: (x) => ops.clip(x, 0, 6),
  Sigmoid: ops.sigmoid,
  Tanh: ops.tanh,
  Elu: elu,
};

export const elementwise: OpFamily = {
  Identity: unary((x) => x),
  StopGradient: unary(ops.stopGradient),
  Neg: unary(ops.neg), Abs: unary(ops.abs), Sign: unary(ops.sign), Exp: unary(ops.exp), Log: unary(ops.log), Sqrt: unary(ops.sqrt), Square: unary(ops.square),
  Reciprocal: unary(ops.reciprocal), Rsqrt: unary((x) => ops.reciprocal(ops.sqrt(x))), Atan: unary(ops.atan),
  Relu: unary(ops.relu), Relu6: unary(activations.Relu6!), Elu: unary(elu), Sigmoid: unary(ops.sigmoid), Tanh: unary(ops.tanh), Softplus: unary(ops.softplus),
  LeakyRelu: ({ input, attrs }) => ops.leakyRelu(input(0), attrs.number('alpha', 0.2)),
  Prelu: binary(prelu),
  Softmax: unary((x) => softmax(x)),
  ClipByValue: ({ input, numbers }) => ops.clip(input(0), numbers(1)[0]!, numbers(2)[0]!),
  Cast: ({ input, attrs }) => {
    const to = attrs.type('DstT');
    const dtype = TYPES[to];
    if (!dtype) throw new Error(`numbers of type ${to} are not supported`);
    return ops.cast(input(0), dtype);
  },

  Add: binary(ops.add), AddV2: binary(ops.add), BiasAdd: binary(ops.add), Sub: binary(ops.sub), Mul: binary(ops.mul), RealDiv: binary(ops.div), Div: binary(ops.div),
  Minimum: binary(ops.minimum), Maximum: binary(ops.maximum),
  SquaredDifference: binary((a, b) => ops.square(ops.sub(a, b))),
  AddN: ({ inputs }) => inputs.reduce((a, b) => ops.add(a, b)),

  Greater: binary(ops.greater), GreaterEqual: binary(ops.greaterEqual), Equal: binary(ops.equal),
  Less: binary((a, b) => ops.greater(b, a)), LessEqual: binary((a, b) => ops.greaterEqual(b, a)), NotEqual: binary((a, b) => ops.not(ops.equal(a, b))),
  LogicalAnd: binary(ops.and), LogicalNot: unary(ops.not), LogicalOr: binary((a, b) => ops.not(ops.and(ops.not(a), ops.not(b)))),
  Select: ({ input }) => ops.where(input(0), input(1), input(2)),
  SelectV2: ({ input }) => ops.where(input(0), input(1), input(2)),
};
