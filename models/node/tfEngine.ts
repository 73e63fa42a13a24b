/**
 * The plain engine: tfjs, one primitive after another. It runs where ONNX Runtime cannot, and it is the truth that tests
 * hold ONNX Runtime to. Far too slow to train real images with.
 */
import { type Graph, type Program, sameShape, show, sizeOf, type TensorData } from '../graph';
import { evaluateWithTf } from '../graph/toTf';
import { type Engine, type Executable, type Tensors } from '../runtime/engine';

export const tfEngine: Engine = {
  name: 'tfjs',
  async compile(program: Program): Promise<Executable> {
    let state: Tensors = Object.fromEntries(Object.keys(program.state ?? {}).map((name) => {
      const { graph, shape, dtype } = program.state![name]!;
      const input = (graph as Graph).inputs.get(name);
      if (!input) throw new Error(`the program has a state ${name}, but the graph no such input`);
      return [name, { dtype, shape: input.shape, data: new Float32Array(sizeOf(shape)) } satisfies TensorData];
    }));
    return {
      async run(feeds) {
        const results = evaluateWithTf(program, { ...feeds, ...state });
        state = results.state;
        return results.outputs;
      },
      readState(name) {
        const value = state[name];
        if (!value) throw new Error(`the program has no state named ${name}`);
        return { ...value, data: value.data.slice() };
      },
      writeState(name, value) {
        if (!state[name]) throw new Error(`the program has no state named ${name}`);
        if (!sameShape(state[name].shape, value.shape)) throw new Error(`state ${name} has the shape ${show(state[name].shape)}, not ${show(value.shape)}`);
        state[name] = { ...value, data: value.data.slice() };
      },
      async dispose() {
        state = {};
      },
    };
  },
};
