import { backbones } from '@/models/backbones';
import { ops } from '@/models/graph';
import { costOf } from '@/models/graph/cost';
import { buildClassifier } from '@/models/heads/classifier';
import { softmaxCrossEntropy } from '@/models/losses/basic';
import { ortEngine } from '@/models/node/ortEngine';
import { float32 } from '@/models/runtime/engine';
import { estimateMemory } from '@/models/training/memory';
import { sgd } from '@/models/training/optimizers';
import { buildStep } from '@/models/training/step';
import { Trainer, type TrainerSpec } from '@/models/training/trainer';
import { defineBench, type Row } from '../define';

const CLASSES = 1000;
/** The largest networks as their papers have them: input size, 1000 classes, SGD with momentum. By the memory they take, so that each is the process's largest yet. */
const CASES = [
  { name: 'resnet152', batch: 2 },
  { name: 'vgg19', batch: 2 },
  { name: 'efficientnet-b7', batch: 1 },
];
/** A bench must not press what else the machine does out of memory. */
const MOST_BYTES = 12 * 2 ** 30;

export default defineBench({
  name: 'engine/whole-size',
  async run(ctx) {
    const rows: Row[] = [];
    const before = process.memoryUsage().rss;
    for (const { name, batch } of CASES) {
      const backbone = backbones[name]!;
      const size = backbone.usualSize;
      const what = `${backbone.title}, ${size}², batch ${batch}, 2 threads`;
      const began = performance.now();
      const model = buildClassifier(backbone, { inputSize: { width: size, height: size }, classes: CLASSES }, 1);
      rows.push({ metric: `${backbone.title}: fresh weights`, value: performance.now() - began, unit: 'ms' });
      const spec: TrainerSpec = {
        model, optimizer: sgd(),
        inputs: { x: { shape: [batch, size, size, 3], dtype: 'float32' }, y: { shape: [batch, CLASSES], dtype: 'float32' } },
        loss: ({ x, y }, network) => ({ loss: ops.reduceMean(softmaxCrossEntropy(network(x!)[0]!, y!)), parts: {} }),
      };
      const x = float32(Float32Array.from({ length: batch * size * size * 3 }, (_, i) => ((i * 7919) % 1009) / 504.5 - 1), [batch, size, size, 3]);
      const y = float32(Float32Array.from({ length: batch * CLASSES }, (_, i) => (i % CLASSES === Math.floor(i / CLASSES) ? 1 : 0)), [batch, CLASSES]);
      const free = MOST_BYTES - before;
      if (costOf(buildStep(spec).program).peakBytes > free) {
        ctx.log(`${what}: takes more than ${Math.round(free / 2 ** 20)} MB, left out.`);
        model.dispose();
        continue;
      }
      const trainer = await Trainer.create(ortEngine, spec, { threads: 2 });
      try {
        const { min } = await ctx.time(() => trainer.train({ x, y }, 1e-4), { runs: 2 });
        // The arena keeps what a step has needed: what is resident afterwards, above what was at the beginning, is the peak.
        const resident = process.memoryUsage().rss - before;
        rows.push(
          { metric: `training step of ${what}`, value: min, unit: 'ms' },
          { metric: `${what}: resident memory (reference: what is estimated before the start)`, value: resident / 2 ** 20, unit: 'MB', reference: estimateMemory(spec) / 2 ** 20 },
          { metric: `${what}: multiplications of a step`, value: costOf(buildStep(spec).program).multiplications / 1e9, unit: '10⁹' },
        );
      } finally {
        await trainer.dispose();
        model.dispose();
      }
    }
    return rows;
  },
});
