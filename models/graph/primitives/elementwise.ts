/** Elementwise primitives: shapes by broadcasting, gradients by the chain rule and a sum over what was broadcast. */
import * as o from '../ops';
import { broadcastShapes } from '../shapes';
import { type DType, type GraphNode, type OpName, type Primitive, type Value } from '../types';

function inferSame(dtype?: DType) {
  return (inputs: readonly Value[]) => [{ shape: inputs[0]!.shape, dtype: dtype ?? inputs[0]!.dtype }];
}

function inferBroadcast(dtype?: DType, from = 0) {
  return (inputs: readonly Value[]) => {
    const operands = inputs.slice(from);
    if (operands.some((value) => value.dtype !== operands[0]!.dtype)) {
      throw new Error(`operands have different types: ${operands.map((value) => value.dtype).join(', ')}`);
    }
    const shape = inputs.map((value) => value.shape).reduce((a, b) => broadcastShapes(a, b));
    return [{ shape, dtype: dtype ?? operands[0]!.dtype }];
  };
}

/** x ↦ y with dx = rule(dy, x, y). */
function unary<K extends OpName>(rule: (dy: Value, x: Value, y: Value, attrs: GraphNode<K>['attrs']) => Value): Primitive<K> {
  return {
    infer: inferSame(),
    gradient: (node, [dy]) => [dy ? rule(dy, node.inputs[0]!, node.outputs[0]!, node.attrs) : null],
  };
}

/** (a, b) ↦ y with the two rules giving gradients of the broadcast shape. */
function binary<K extends OpName>(
  ruleA: (dy: Value, a: Value, b: Value, y: Value) => Value,
  ruleB: (dy: Value, a: Value, b: Value, y: Value) => Value,
): Primitive<K> {
  return {
    infer: inferBroadcast(),
    gradient(node, [dy], needs) {
      const [a, b] = node.inputs as [Value, Value];
      const y = node.outputs[0]!;
      return [
        dy && needs[0] ? o.sumTo(ruleA(dy, a, b, y), a.shape) : null,
        dy && needs[1] ? o.sumTo(ruleB(dy, a, b, y), b.shape) : null,
      ];
    },
  };
}

const comparison: Primitive<OpName> = { infer: inferBroadcast('bool') };

export const elementwise = {
  neg: unary<'neg'>((dy) => o.neg(dy)),
  abs: unary<'abs'>((dy, x) => o.mul(dy, o.sign(x))),
  // Flat but for its step.
  sign: { infer: inferSame(), gradient: () => [null] } satisfies Primitive<'sign'>,
  exp: unary<'exp'>((dy, _x, y) => o.mul(dy, y)),
  log: unary<'log'>((dy, x) => o.div(dy, x)),
  sqrt: unary<'sqrt'>((dy, _x, y) => o.div(o.mul(dy, 0.5), y)),
  reciprocal: unary<'reciprocal'>((dy, _x, y) => o.neg(o.mul(dy, o.mul(y, y)))),
  atan: unary<'atan'>((dy, x) => o.div(dy, o.add(o.mul(x, x), 1))),
  tanh: unary<'tanh'>((dy, _x, y) => o.mul(dy, o.sub(1, o.mul(y, y)))),
  sigmoid: unary<'sigmoid'>((dy, _x, y) => o.mul(dy, o.mul(y, o.sub(1, y)))),
  softplus: unary<'softplus'>((dy, x) => o.mul(dy, o.sigmoid(x))),
  // Products with slopes: a choice between two numbers costs ONNX Runtime several passes.
  relu: unary<'relu'>((dy, _x, y) => o.mul(dy, o.slope(y))),
  leakyRelu: unary<'leakyRelu'>((dy, x, _y, { alpha }) => o.mul(dy, o.slope(x, alpha))),
  slope: { infer: inferSame(), gradient: () => [null] } satisfies Primitive<'slope'>,
  // Inside or on the bounds the value is unchanged, and only there the gradient passes.
  clip: unary<'clip'>((dy, x, y) => o.mul(dy, o.cast(o.equal(x, y), 'float32'))),
  cast: {
    infer: ([x], { dtype }) => [{ shape: x!.shape, dtype }],
    gradient: (node, [dy]) => [dy && node.inputs[0]!.dtype === 'float32' ? dy : null],
  } satisfies Primitive<'cast'>,
  stopGradient: { infer: inferSame(), gradient: () => [null] } satisfies Primitive<'stopGradient'>,

  add: binary<'add'>((dy) => dy, (dy) => dy),
  sub: {
    infer: inferBroadcast(),
    gradient(node, [dy], needs) {
      const [a, b] = node.inputs as [Value, Value];
      // Summed first, negated after: the sum may be a few numbers.
      return [dy && needs[0] ? o.sumTo(dy, a.shape) : null, dy && needs[1] ? o.neg(o.sumTo(dy, b.shape)) : null];
    },
  } satisfies Primitive<'sub'>,
  mul: binary<'mul'>((dy, _a, b) => o.mul(dy, b), (dy, a) => o.mul(dy, a)),
  div: binary<'div'>((dy, _a, b) => o.div(dy, b), (dy, _a, b, y) => o.neg(o.div(o.mul(dy, y), b))),
  // Of equal operands the first one receives the gradient.
  minimum: binary<'minimum'>((dy, a, b) => o.where(o.greaterEqual(b, a), dy, 0), (dy, a, b) => o.where(o.greater(a, b), dy, 0)),
  maximum: binary<'maximum'>((dy, a, b) => o.where(o.greaterEqual(a, b), dy, 0), (dy, a, b) => o.where(o.greater(b, a), dy, 0)),

  greater: comparison as Primitive<'greater'>,
  greaterEqual: comparison as Primitive<'greaterEqual'>,
  equal: comparison as Primitive<'equal'>,
  and: comparison as Primitive<'and'>,
  not: { infer: inferSame('bool') } satisfies Primitive<'not'>,

  where: {
    infer: inferBroadcast(undefined, 1),
    gradient(node, [dy], needs) {
      const [condition, a, b] = node.inputs as [Value, Value, Value];
      return [
        null,
        dy && needs[1] ? o.sumTo(o.where(condition, dy, 0), a.shape) : null,
        dy && needs[2] ? o.sumTo(o.where(condition, 0, dy), b.shape) : null,
      ];
    },
  } satisfies Primitive<'where'>,
};
