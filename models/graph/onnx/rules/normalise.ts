/** Batch normalisation: ONNX Runtime's own operator for small maps; for large ones a sum, a dot product and one pass. */
import { type EmitRule } from '../emitter';
import { dot } from '../fusion';
import { imageLayout, physicalShape } from '../layout';
import { float } from '../writer';
import { sizeOf } from '../../shapes';
import { type Value } from '../../types';

/** Up to so many numbers the operator with batch statistics is faster; it runs on one thread. */
const WHOLE_UP_TO = 1 << 19;

export const normalise = {
  batchNorm: ((node, emitter) => {
    const [x, gamma, beta] = node.inputs as [Value, Value, Value];
    const [y, mean, variance] = node.outputs as readonly [Value, Value, Value];
    const { writer } = emitter;
    const epsilon = float(node.attrs.epsilon);
    const layout = imageLayout(x.shape.length);
    const source = emitter.get(x, layout);
    const [scale, shift] = [emitter.get(gamma), emitter.get(beta)];
    const channels = x.shape.at(-1)!;
    const size = sizeOf(x.shape);
    const shape = physicalShape(x.shape, layout);
    const axes = shape.map((_, i) => i).filter((i) => i !== 1);
    const products = size > WHOLE_UP_TO ? dot(emitter, source, source, shape, axes) : null;
    if (products === null) {
      // The operator writes the new running statistics over the old ones, so that these must be nobody else's.
      const running = [scale, shift].map((name) => writer.node('Sub', [name, name]));
      const names = writer.nodeOutputs('BatchNormalization', [source, scale, shift, ...running], { epsilon, momentum: float(0), training_mode: 1 }, 3);
      emitter.set(y, names[0]!, layout);
      emitter.set(mean, names[1]!);
      emitter.set(variance, names[2]!);
      return;
    }
    const share = writer.scalar(channels / size);
    const average = writer.node('Mul', [writer.node('ReduceSum', [source, writer.int64(axes)], { keepdims: 0 }), share]);
    const square = writer.node('Mul', [products, share]);
    // Rounding must not make it negative.
    const spread = writer.node('Relu', [writer.node('Sub', [square, writer.node('Mul', [average, average])])]);
    emitter.set(mean, average);
    emitter.set(variance, spread);
    emitter.set(y, writer.node('BatchNormalization', [source, scale, shift, average, spread], { epsilon }), layout);
  }) satisfies EmitRule<'batchNorm'>,
};
