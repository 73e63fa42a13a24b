/** A compiled YOLO network: pixels of the network input to boxes in input pixels. */
import { Graph, type Program } from '../graph';
import { decode, suppress, type ScoredBox, type YoloLayout } from '../heads/yolo';
import { lowerModel } from '../lower';
import { type ModelCard } from '../runtime/card';
import { type CompileOptions, type Engine, type Executable } from '../runtime/engine';
import { type LayersModel } from '../runtime/tf';
import { readWeights } from '../runtime/weights';
import { normalise } from './normalise';

export interface PredictorOptions {
  scoreThreshold: number;
  iouThreshold: number;
  maxDetections: number;
}

/** The model in inference mode as a program, weights baked in. Input `image`: uint8 `[1, height, width, 3]`. */
export function inferenceProgram(model: LayersModel, layout: YoloLayout, normalisation: ModelCard['normalisation'], batch = 1): Program {
  const graph = new Graph();
  const { width, height } = layout.inputSize;
  const image = graph.input('image', [batch, height, width, 3], 'uint8');
  const lowered = lowerModel(graph, model, [normalise(graph, image, normalisation)], { training: false });
  const weights = readWeights(model);
  return {
    outputs: Object.fromEntries(lowered.outputs.map((value, s) => [`output${s}`, value])),
    constants: Object.fromEntries(lowered.weights.map(({ name, value }) => [name, { ...weights[name]!, shape: value.shape }])),
  };
}

export class YoloPredictor {
  private constructor(private readonly executable: Executable, private readonly layout: YoloLayout) {}

  static async create(engine: Engine, model: LayersModel, layout: YoloLayout, normalisation: ModelCard['normalisation'], options?: CompileOptions): Promise<YoloPredictor> {
    return new YoloPredictor(await engine.compile(inferenceProgram(model, layout, normalisation), options), layout);
  }

  /** Boxes of one letterboxed image (`height · width · 3` bytes), best first. */
  async predict(pixels: Uint8Array, { scoreThreshold, iouThreshold, maxDetections }: PredictorOptions): Promise<ScoredBox[]> {
    const { width, height } = this.layout.inputSize;
    const results = await this.executable.run({ image: { dtype: 'uint8', shape: [1, height, width, 3], data: pixels } });
    const outputs = this.layout.scales.map((_, s) => results[`output${s}`]!.data as Float32Array);
    return suppress(decode(outputs, this.layout, { scoreThreshold }), iouThreshold, maxDetections);
  }

  dispose(): Promise<void> {
    return this.executable.dispose();
  }
}
