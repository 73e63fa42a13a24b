import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { headlineOf } from '@/lib/core/labels';
import { loadPredictor, measureViewings, trainModel, type Example, type TaskClass, type TrainOptions } from '@/models/node';
import { BCCD_CLASSES, bccdSplit, testDataFolder } from '@/models/testing/bccd';
import { nuclei, NUCLEI_CLASSES } from '@/models/testing/segmentation';
import { orlFaces } from '@/models/testing/transfer';
import { defineBench, type BenchContext, type Row } from '../define';

interface Case {
  title: string;
  train: Example[];
  val: Example[];
  test: Example[];
  classes: readonly TaskClass[];
  options: Pick<TrainOptions, 'task' | 'backbone' | 'depth'> & { minutes: number };
}

const looks = { once: 'one look', flip: 'also mirrored', 'ten-crop': 'ten crops' } as const;

async function cases(ctx: BenchContext): Promise<Case[]> {
  const found: Case[] = [];
  const at = async (name: string, make: (folder: string) => Promise<Case>) => {
    const folder = testDataFolder(name);
    if (folder) found.push(await make(folder));
    else ctx.log(`${name} is not on this machine: set FIELDMARK_TEST_DATA.`);
  };
  await at('detection/bccd', async (folder) => {
    const [train, val, test] = await Promise.all([bccdSplit(folder, 'train'), bccdSplit(folder, 'val'), bccdSplit(folder, 'test')]);
    return { title: 'detector, 1.5 minutes on bccd, 72 test images', train, val: val.slice(0, 24), test, classes: BCCD_CLASSES, options: { task: 'detect', minutes: 1.5 } };
  });
  await at('segmentation/dsb2018_nuclei', async (folder) => {
    const [train, test] = await Promise.all([nuclei(folder, 0, 0.8), nuclei(folder, 0.8, 1)]);
    return { title: 'segmenter, 1.5 minutes on nuclei, 48 test images', train, val: [], test: test.slice(0, 48), classes: NUCLEI_CLASSES, options: { task: 'segment', minutes: 1.5 } };
  });
  await at('faces/orl', async (folder) => {
    const { train, test, classes } = await orlFaces(folder, 40, { train: 2, test: 8, seed: 1 });
    return { title: 'classifier, head trained half a minute on orl, 320 test images', train, val: [], test, classes, options: { task: 'classify', backbone: 'mobilenet3-coco', depth: 'head', minutes: 0.5 } };
  });
  return found;
}

/** Headline figure and time of each way of looking; the reference is one look by one model. */
async function measure(ctx: BenchContext, { title, train, val, test, classes, options }: Case, folder: string): Promise<Row[]> {
  const models: string[] = [];
  for (const seed of [1, 2]) {
    const outDir = path.join(folder, `model${seed}`);
    await trainModel({ train, val, classes }, { ...options, seed, threads: 2, outDir, checkpointDir: path.join(folder, `checkpoint${seed}`) });
    models.push(outDir);
  }
  const { metric, title: figure } = headlineOf[options.task];
  const measured: { how: string; value: number; milliseconds: number }[] = [];
  for (const [voting, viewings] of [[models.slice(0, 1), ['once', 'flip', 'ten-crop']], [models, ['once', 'flip']]] as const) {
    const predictor = await loadPredictor(voting, { threads: 2 });
    try {
      for (const { viewing, metrics, milliseconds } of await measureViewings(predictor, test, viewings)) {
        measured.push({ how: `${looks[viewing]}${voting.length > 1 ? ', two models voting' : ''}`, value: metrics.values[metric]!, milliseconds });
      }
    } finally {
      await predictor.dispose();
    }
    ctx.log(`${title}: ${measured.length} ways of looking measured`);
  }
  const once = measured[0]!;
  return measured.flatMap(({ how, value, milliseconds }): Row[] => [
    { metric: `${title}: ${figure}, ${how}`, value, unit: '', reference: once.value },
    { metric: `${title}: time, ${how}`, value: milliseconds, unit: 'ms/image', reference: once.milliseconds },
  ]);
}

export default defineBench({
  name: 'learning/viewing',
  async run(ctx) {
    const rows: Row[] = [];
    for (const [i, each] of (await cases(ctx)).entries()) {
      const folder = path.join(ctx.tempDir, String(i));
      await mkdir(folder, { recursive: true });
      rows.push(...(await measure(ctx, each, folder)));
    }
    return rows;
  },
});
