import { ops, type Value } from '@/models/graph';
import { costOf } from '@/models/graph/cost';
import { bceWithLogits } from '@/models/losses/basic';
import { ortEngine } from '@/models/node/ortEngine';
import { float32 } from '@/models/runtime/engine';
import { type LayersModel } from '@/models/runtime/tf';
import { sgd } from '@/models/training/optimizers';
import { buildStep, Trainer, type TrainerSpec } from '@/models/training/trainer';
import { defineBench, type Row } from '../define';
import { mobileNetV2, tinyYolo, unet16 } from './networks';

/** Two threads of PyTorch 1.13 on a machine of this kind, milliseconds a step: what is to be reached. */
const CASES: { name: string; model: () => LayersModel; size: number; batch: number; loss: (outputs: Value[]) => Value; torch: number }[] = [
  { name: 'U-Net16 128², batch 4', model: () => unet16(128), size: 128, batch: 4, loss: ([z]) => ops.reduceMean(bceWithLogits(z!, ops.mul(ops.stopGradient(z!), 0))), torch: 99 },
  { name: 'tiny YOLO 224², batch 4', model: () => tinyYolo(224), size: 224, batch: 4, loss: (outputs) => outputs.map((z) => ops.reduceMean(ops.square(z))).reduce((a, b) => ops.add(a, b)), torch: 128 },
  { name: 'MobileNet v2 224², batch 8', model: () => mobileNetV2(224), size: 224, batch: 8, loss: ([z]) => ops.reduceMean(ops.square(z!)), torch: 338 },
];

export default defineBench({
  name: 'engine/training',
  async run(ctx) {
    const rows: Row[] = [];
    for (const { name, model, size, batch, loss, torch } of CASES) {
      const spec: TrainerSpec = {
        model: model(), optimizer: sgd(), inputs: { x: { shape: [batch, size, size, 3], dtype: 'float32' } },
        loss: ({ x }, network) => ({ loss: loss(network(x!)), parts: {} }),
      };
      const x = float32(Float32Array.from({ length: batch * size * size * 3 }, (_, i) => ((i * 7919) % 1009) / 1009), [batch, size, size, 3]);
      for (const threads of [1, 2]) {
        const trainer = await Trainer.create(ortEngine, spec, { threads });
        const { median } = await ctx.time(() => trainer.train({ x }, 1e-3), { runs: 8, warmup: 2 });
        await trainer.dispose();
        rows.push({ metric: `training step of ${name}, ${threads} thread${threads > 1 ? 's' : ''} (reference: PyTorch 1.13, 2 threads, a like machine)`, value: median, unit: 'ms', ...(threads === 2 ? { reference: torch } : {}) });
      }
      const { multiplications, peakBytes } = costOf(buildStep(spec).program);
      rows.push({ metric: `${name}: multiplications of a step`, value: multiplications / 1e9, unit: '10⁹' }, { metric: `${name}: estimated memory`, value: peakBytes / 2 ** 20, unit: 'MB' });
    }
    return rows;
  },
});
