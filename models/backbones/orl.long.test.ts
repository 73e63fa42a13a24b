/** Every network learns on real photographs: its loss falls over 20 steps on 32 faces of eight people. */
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { buildClassifier } from '../heads/classifier';
import { type Graph } from '../graph';
import { normalise } from '../inference/normalise';
import { decodeImage } from '../node/data/decode';
import { ortEngine } from '../node/ortEngine';
import { float32, type Tensors } from '../runtime/engine';
import { classify } from '../tasks/classify';
import { designOf } from '../testing/classDesign';
import { testDataFolder } from '../testing/bccd';
import { adamW } from '../training/optimizers';
import { Trainer } from '../training/trainer';
import { backbones } from './index';

const folder = testDataFolder('faces/orl');
if (!folder) console.log('orl is not on this machine (set FIELDMARK_TEST_DATA): learning on faces is skipped.');

const PEOPLE = 8;
const PHOTOGRAPHS = 4;
const STEPS = 20;
const classes = Array.from({ length: PEOPLE }, (_, p) => ({ id: `s${p + 1}`, name: `Person ${p + 1}` }));

/** Large enough that batch norm has several cells on the last map, small enough for the largest network on two cores. */
const sizeOf = (minimal: number): number => (minimal < 32 ? 32 : minimal > 64 ? 96 : 64);
/** The largest would take many gigabytes at once. */
const MICRO_BATCHES = 4;

async function facesAt(size: number): Promise<Tensors> {
  const count = PEOPLE * PHOTOGRAPHS;
  const image = new Uint8Array(count * size * size * 3);
  const target = new Float32Array(count * PEOPLE);
  for (let i = 0; i < count; i++) {
    const [person, photograph] = [i % PEOPLE, Math.floor(i / PEOPLE)];
    const { data } = await decodeImage({ path: path.join(folder!, `s${person + 1}`, `${photograph + 1}.png`) }, { width: size, height: size });
    image.set(data, i * size * size * 3);
    target[i * PEOPLE + person] = 1;
  }
  return { image: { dtype: 'uint8', shape: [count, size, size, 3], data: image }, class: float32(target, [count, PEOPLE]) };
}

describe.skipIf(!folder)('20 steps on 32 faces', () => {
  it.each(Object.values(backbones).map((backbone) => [backbone.name, backbone] as const))('lower the loss of %s', async (name, backbone) => {
    const size = sizeOf(backbone.minimalSize);
    const design = designOf('classify', { labelSmoothing: 0 }, { classes, size, backbone: name });
    const feeds = await facesAt(size);
    const model = buildClassifier(backbone, { inputSize: design.inputSize, classes: PEOPLE }, 1);
    const trainer = await Trainer.create(ortEngine, {
      model, seed: 1, optimizer: adamW({ weightDecay: 0.02 }), clipNorm: 10, microBatches: MICRO_BATCHES,
      inputs: Object.fromEntries(Object.entries(feeds).map(([key, { shape, dtype }]) => [key, { shape, dtype }])),
      loss(values, network) {
        const graph = values.image!.graph as Graph;
        return classify.loss(graph, design, network(normalise(graph, values.image!, design.normalisation)), values);
      },
    }, { threads: 2 });
    const began = performance.now();
    const losses: number[] = [];
    try {
      // Networks without normalisation need the smaller rate.
      const rate = ['vgg', 'alexnet', 'googlenet'].includes(backbone.family) && name !== 'googlenet-bn' ? 2e-4 : 1e-3;
      for (let step = 0; step < STEPS; step++) losses.push((await trainer.train(feeds, rate)).class!);
    } finally {
      await trainer.dispose();
      model.dispose();
    }
    const mean = (list: number[]) => list.reduce((a, b) => a + b, 0) / list.length;
    const [first, last] = [mean(losses.slice(0, 3)), mean(losses.slice(-3))];
    console.log(`${name}: ${size}×${size}, loss ${first.toFixed(3)} → ${last.toFixed(3)}, ${((performance.now() - began) / STEPS).toFixed(0)} ms a step, ${Math.round(process.memoryUsage().rss / 2 ** 20)} MB`);
    expect(last).toBeLessThan(0.8 * first);
  }, 1_200_000);
});
