import { Graph, type Program } from '@/models/graph';
import { lowerModel } from '@/models/lower';
import { ortEngine } from '@/models/node/ortEngine';
import { float32 } from '@/models/runtime/engine';
import { type LayersModel } from '@/models/runtime/tf';
import { readWeights } from '@/models/runtime/weights';
import { defineBench, type Row } from '../define';
import { mobileNetV2, tinyYolo, unet16 } from './networks';
import { NO_TORCH, pairedTimes, Torch } from './torch';

const CASES: { name: string; network: string; model: () => LayersModel; size: number }[] = [
  { name: 'MobileNet v2 224²', network: 'mobilenet-v2', model: () => mobileNetV2(224), size: 224 },
  { name: 'U-Net16 (nearest) 256²', network: 'unet16-nearest', model: () => unet16(256), size: 256 },
  { name: 'U-Net16 (transposed) 256²', network: 'unet16-transposed', model: () => unet16(256, 'transposed'), size: 256 },
  { name: 'tiny YOLO 416²', network: 'tiny-yolo', model: () => tinyYolo(416), size: 416 },
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
    const torch = await Torch.start(2);
    if (!torch) ctx.log(NO_TORCH);
    try {
      for (const { name, network, model, size } of CASES) {
        const program = inference(model(), size);
        const x = float32(new Float32Array(size * size * 3).fill(0.3), [1, size, size, 3]);
        const began = performance.now();
        const executable = await ortEngine.compile(program, { threads: 2 });
        rows.push({ metric: `${name}: compile`, value: performance.now() - began, unit: 'ms' });
        const { ours, theirs } = await pairedTimes(torch, { what: 'predict', network, size, runs: 10 }, () => executable.run({ x }), 5);
        await executable.dispose();
        rows.push({ metric: `inference of ${name}, 2 threads${torch ? ` (reference: PyTorch ${torch.version}, 2 threads, by turns)` : ''}`, value: ours, unit: 'ms', ...(theirs !== null && { reference: theirs }) });
      }
    } finally {
      torch?.stop();
    }
    return rows;
  },
});
