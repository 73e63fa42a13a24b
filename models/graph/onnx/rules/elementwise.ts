/** Elementwise primitives: one ONNX node each, in the layout of the largest operand. */
import { commonLayout, type EmitRule } from '../emitter';
import { scaleAndShift } from '../fusion';
import { imageLayout } from '../layout';
import { onnxType } from '../schema';
import { type Attribute, float } from '../writer';
import { type OpName } from '../../types';

type Names = readonly string[];
/** Nearly the greatest float32. */
const STEEPEST = 3e38;

function map<K extends OpName>(opType: string, attributes: (attrs: Parameters<EmitRule<K>>[0]['attrs']) => Record<string, Attribute> = () => ({})): EmitRule<K> {
  return (node, emitter) => {
    const value = node.outputs[0]!;
    const layout = commonLayout(emitter, node.inputs, value.shape.length);
    const names: Names = node.inputs.map((input) => emitter.get(input, input.shape.length === 0 ? [] : layout));
    emitter.set(value, emitter.writer.node(opType, names, attributes(node.attrs)), layout);
  };
}

const addition = map<'add'>('Add');

export const elementwise = {
  neg: map<'neg'>('Neg'),
  abs: map<'abs'>('Abs'),
  sign: map<'sign'>('Sign'),
  exp: map<'exp'>('Exp'),
  log: map<'log'>('Log'),
  sqrt: map<'sqrt'>('Sqrt'),
  reciprocal: map<'reciprocal'>('Reciprocal'),
  atan: map<'atan'>('Atan'),
  tanh: map<'tanh'>('Tanh'),
  sigmoid: map<'sigmoid'>('Sigmoid'),
  softplus: map<'softplus'>('Softplus'),
  relu: map<'relu'>('Relu'),
  leakyRelu: map<'leakyRelu'>('LeakyRelu', ({ alpha }) => ({ alpha: float(alpha) })),
  not: map<'not'>('Not'),
  add: ((node, emitter) => {
    const fused = scaleAndShift(node, emitter);
    if (fused) emitter.set(node.outputs[0]!, fused.name, fused.layout);
    else addition(node, emitter);
  }) satisfies EmitRule<'add'>,
  sub: map<'sub'>('Sub'),
  mul: map<'mul'>('Mul'),
  div: map<'div'>('Div'),
  minimum: map<'minimum'>('Min'),
  maximum: map<'maximum'>('Max'),
  greater: map<'greater'>('Greater'),
  greaterEqual: map<'greaterEqual'>('GreaterOrEqual'),
  equal: map<'equal'>('Equal'),
  and: map<'and'>('And'),
  where: map<'where'>('Where'),

  cast: ((node, emitter) => {
    const x = node.inputs[0]!;
    // Images come as bytes and go on as feature maps: turning them while they are bytes moves a quarter as much.
    const layout = x.dtype === 'uint8' && x.shape.length >= 4 ? imageLayout(x.shape.length) : emitter.native(x);
    emitter.set(node.outputs[0]!, emitter.writer.node('Cast', [emitter.get(x, layout)], { to: onnxType[node.attrs.dtype] }), layout);
  }) satisfies EmitRule<'cast'>,

  slope: ((node, emitter) => {
    // max(0, min(1, αx)) with the greatest α: 0 and 1 in one pass, where comparing and choosing take five.
    const x = node.inputs[0]!;
    const layout = emitter.native(x);
    const { writer } = emitter;
    const step = writer.node('HardSigmoid', [emitter.get(x, layout)], { alpha: float(STEEPEST), beta: float(0) });
    emitter.set(node.outputs[0]!, node.attrs.below === 0 ? step : writer.node('Clip', [step, writer.scalar(node.attrs.below), writer.scalar(1)]), layout);
  }) satisfies EmitRule<'slope'>,

  clip: ((node, emitter) => {
    const x = node.inputs[0]!;
    const layout = emitter.native(x);
    const { writer } = emitter;
    emitter.set(node.outputs[0]!, writer.node('Clip', [emitter.get(x, layout), writer.scalar(node.attrs.min), writer.scalar(node.attrs.max)]), layout);
  }) satisfies EmitRule<'clip'>,
};

