import { Graph, type Program } from '@/models/graph';
import { lowerModel } from '@/models/lower';
import { ortEngine } from '@/models/node/ortEngine';
import { float32 } from '@/models/runtime/engine';
import { type LayersModel } from '@/models/runtime/tf';
import { readWeights } from '@/models/runtime/weights';
import { defineBench, type Row } from '../define';
import { mobileNetV2, tinyYolo, unet16 } from './networks';

/** Two threads of PyTorch 1.13 on a machine of this kind, milliseconds an image. */
const CASES: { name: string; model: () => LayersModel; size: number; torch: number }[] = [
  { name: 'MobileNet v2 224²', model: () => mobileNetV2(224), size: 224, torch: 14.3 },
  { name: 'U-Net16 256²', model: () => unet16(256), size: 256, torch: 40 },
  { name: 'tiny YOLO 416²', model: () => tinyYolo(416), size: 416, torch: 32 },
];

function inference(model: LayersModel, size: number): Program {
  const graph = new Graph();
  const lowered = lowerModel(graph, model, [graph.input('x', [1, size, size, 3])], { training: false });
  const weights = readWeights(model);
  return {
    outputs: Object.fromEntries(lowered.outputs.map((value, i) => [`y${i}`, value])),
    constants: Object.fromEntries(lowered.weights.map(({ name, value }) => [name, { ...weights[name]!, shape: value.shape }])),
  };
}

export default defineBench({
  name: 'engine/inference',
  async run(ctx) {
    const rows: Row[] = [];
    for (const { name, model, size, torch } of CASES) {
      const program = inference(model(), size);
      const x = float32(new Float32Array(size * size * 3).fill(0.3), [1, size, size, 3]);
      const began = performance.now();
      const executable = await ortEngine.compile(program, { threads: 2 });
      rows.push({ metric: `${name}: compile`, value: performance.now() - began, unit: 'ms' });
      const { median } = await ctx.time(() => executable.run({ x }), { runs: 30, warmup: 3 });
      await executable.dispose();
      rows.push({ metric: `inference of ${name}, 2 threads (reference: PyTorch 1.13, 2 threads, a like machine)`, value: median, unit: 'ms', reference: torch });
    }
    return rows;
  },
});
