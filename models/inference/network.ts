/** A compiled network in inference mode: pixels of the network input to raw outputs. */
import { Graph, type Program } from '../graph';
import { lowerModel } from '../lower';
import { type ModelDesign } from '../runtime/card';
import { type CompileOptions, type Engine, type Executable } from '../runtime/engine';
import { type LayersModel } from '../runtime/tf';
import { readWeights } from '../runtime/weights';
import { normalise } from './normalise';

type NetworkDesign = Pick<ModelDesign, 'inputSize' | 'normalisation'>;

/** The model in inference mode as a program, weights baked in. Input `image`: uint8 `[batch, height, width, 3]`; outputs `output0` … */
export function inferenceProgram(model: LayersModel, { inputSize, normalisation }: NetworkDesign, batch = 1): Program {
  const graph = new Graph();
  const image = graph.input('image', [batch, inputSize.height, inputSize.width, 3], 'uint8');
  const lowered = lowerModel(graph, model, [normalise(graph, image, normalisation)], { training: false });
  const weights = readWeights(model);
  return {
    outputs: Object.fromEntries(lowered.outputs.map((value, i) => [`output${i}`, value])),
    constants: Object.fromEntries(lowered.weights.map(({ name, value }) => [name, { ...weights[name]!, shape: value.shape }])),
  };
}

/** A network that is ready to run. */
export interface Network {
  /** The outputs of one input image (`height · width · 3` bytes), without the batch axis. */
  run(pixels: Uint8Array): Promise<Float32Array[]>;
  dispose(): Promise<void>;
}

class CompiledNetwork implements Network {
  constructor(private readonly executable: Executable, private readonly design: NetworkDesign, private readonly outputs: readonly string[]) {}

  async run(pixels: Uint8Array): Promise<Float32Array[]> {
    const { width, height } = this.design.inputSize;
    const results = await this.executable.run({ image: { dtype: 'uint8', shape: [1, height, width, 3], data: pixels } });
    return this.outputs.map((name) => results[name]!.data as Float32Array);
  }

  dispose(): Promise<void> {
    return this.executable.dispose();
  }
}

export const Network = {
  /** A network of a program with the input `image`: uint8 `[1, height, width, 3]`. */
  async compile(engine: Engine, program: Program, design: NetworkDesign, options?: CompileOptions): Promise<Network> {
    return new CompiledNetwork(await engine.compile(program, options), design, Object.keys(program.outputs));
  },

  create(engine: Engine, model: LayersModel, design: NetworkDesign, options?: CompileOptions): Promise<Network> {
    return Network.compile(engine, inferenceProgram(model, design), design, options);
  },
};
