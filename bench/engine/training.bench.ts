import { costOf } from '@/models/graph/cost';
import { ortEngine } from '@/models/node/ortEngine';
import { float32 } from '@/models/runtime/engine';
import { buildStep, Trainer } from '@/models/training/trainer';
import { defineBench, type Row } from '../define';
import { CASES, specOf } from './cases';
import { NO_TORCH, pairedTimes, Torch } from './torch';

export default defineBench({
  name: 'engine/training',
  async run(ctx) {
    const rows: Row[] = [];
    const torch = await Torch.start(2);
    if (!torch) ctx.log(NO_TORCH);
    try {
      for (const test of CASES) {
        const { name, network, size, batch, loss } = test;
        const spec = specOf(test);
        const x = float32(Float32Array.from({ length: batch * size * size * 3 }, (_, i) => ((i * 7919) % 1009) / 1009), [batch, size, size, 3]);
        const trainer = await Trainer.create(ortEngine, spec, { threads: 2 });
        const { ours, theirs } = await pairedTimes(torch, { what: 'train', network, loss, size, batch, runs: 3 }, () => trainer.train({ x }, 1e-3), 5);
        await trainer.dispose();
        rows.push({ metric: `training step of ${name}, 2 threads${torch ? ` (reference: PyTorch ${torch.version}, 2 threads, by turns)` : ''}`, value: ours, unit: 'ms', ...(theirs !== null && { reference: theirs }) });
        const { multiplications, peakBytes } = costOf(buildStep(spec).program);
        rows.push({ metric: `${name}: multiplications of a step`, value: multiplications / 1e9, unit: '10⁹' }, { metric: `${name}: values alive at once`, value: peakBytes / 2 ** 20, unit: 'MB' });
      }
    } finally {
      torch?.stop();
    }
    return rows;
  },
});
