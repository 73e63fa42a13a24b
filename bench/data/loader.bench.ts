import { setImmediate as turn } from 'node:timers/promises';
import { defaultAugmentation, noAugmentation, type AugmentOptions } from '@/models/data/augment';
import { planImage } from '@/models/data/plan';
import { renderImage, renderMap } from '@/models/data/render';
import { createLoader } from '@/models/node/data/loader';
import type { ModelDesign } from '@/models/runtime/card';
import { randomFor } from '@/models/runtime/random';
import { BCCD_CLASSES, bccdSplit, testDataFolder } from '@/models/testing/bccd';
import { defineBench, type Row } from '../define';

const design: ModelDesign = {
  task: 'detect', classes: BCCD_CLASSES, architecture: { backbone: 'compact', head: 'yolo' }, inputSize: { width: 320, height: 256 },
  normalisation: { resize: 'letterbox', fill: 114, mean: [127.5, 127.5, 127.5], deviation: [64, 64, 64] },
  head: { scales: [{ stride: 8, anchors: [{ w: 15, h: 16 }, { w: 38, h: 39 }, { w: 50, h: 52 }] }, { stride: 16, anchors: [{ w: 60, h: 60 }, { w: 85, h: 80 }, { w: 110, h: 120 }] }], meanBestIou: null },
};
const BATCH = 8;
/** A step of 100 ms during which nothing else happens in this thread, as ONNX Runtime has it. */
const STEP_MS = 100;

function block(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

/** Milliseconds of drawing one input, without decoding and targets. */
async function drawing(time: (act: () => unknown, options?: { runs?: number }) => Promise<{ median: number }>): Promise<Row[]> {
  const kinds: [string, AugmentOptions][] = [
    ['mirrored, scaled, shifted, coloured', { ...defaultAugmentation, mosaic: 0 }],
    ['the same in mosaics', { ...defaultAugmentation, mosaic: 1 }],
    ['turned, slanted and bent besides', { ...defaultAugmentation, mosaic: 0, rotate: 15, shear: 10, elastic: 0.5 }],
    ['with noise and blur besides', { ...defaultAugmentation, mosaic: 0, rotate: 15, shear: 10, elastic: 0.5, noise: 0.1, blur: 1.5 }],
  ];
  const rows: Row[] = [];
  const full = { width: 640, height: 480 };
  for (const [input, labelled] of [[{ width: 320, height: 256 }, false], [{ width: 256, height: 256 }, true]] as const) {
    const size = { width: Math.round(input.width * 1.25), height: Math.round(input.width * 1.25 * 0.75) };
    const random = randomFor('bench');
    const image = { data: Uint8Array.from({ length: size.width * size.height * 3 }, () => random.below(256)), ...size };
    const map = { data: new Uint8Array(size.width * size.height), ...size };
    const target = { data: new Uint8Array(input.width * input.height * 3), ...input };
    const drawn = { data: new Uint8Array(input.width * input.height), ...input };
    for (const [name, options] of kinds) {
      let n = 0;
      const { median } = await time(() => {
        for (let i = 0; i < 20; i++) {
          const plan = planImage(options.mosaic > 0 ? [full, full, full, full] : [full], input, options, randomFor(n++));
          renderImage(target, plan, plan.pieces.map(() => image), 114);
          if (labelled) renderMap(drawn, plan, plan.pieces.map(() => map));
        }
      }, { runs: 10 });
      rows.push({ metric: `drawing ${input.width}×${input.height}${labelled ? ' with a label map' : ''}: ${name}`, value: median / 20, unit: 'ms/image' });
    }
  }
  return rows;
}

export default defineBench({
  name: 'data/loader',
  async run(ctx) {
    const rows = await drawing(ctx.time);
    const folder = testDataFolder('detection/bccd');
    if (!folder) {
      ctx.log('bccd is not on this machine: set FIELDMARK_TEST_DATA.');
      return rows;
    }
    const examples = await bccdSplit(folder, 'train');
    const pass = Math.ceil(examples.length / BATCH);
    for (const threads of [0, 1, 2]) {
      const make = (augmentation: AugmentOptions) => createLoader({ examples, design, batch: BATCH, seed: 1, threads, augmentation: () => augmentation });
      const loader = make(defaultAugmentation);
      try {
        await loader.next();
        let began = performance.now();
        for (let i = 0; i < pass; i++) await loader.next();
        rows.push({ metric: `bccd, ${threads} threads: first pass, decoding`, value: (pass * BATCH * 1000) / (performance.now() - began), unit: 'images/s' });
        began = performance.now();
        for (let i = 0; i < 60; i++) await loader.next();
        rows.push({ metric: `bccd, ${threads} threads: later passes`, value: (60 * BATCH * 1000) / (performance.now() - began), unit: 'images/s' });
        let waited = 0;
        for (let i = 0; i < 40; i++) {
          const before = performance.now();
          await loader.next();
          await turn(); // ONNX Runtime lets the event loop turn once a step: what is done in this thread is done here
          waited += performance.now() - before;
          block(STEP_MS);
        }
        rows.push({ metric: `bccd, ${threads} threads: share of the time that a step of ${STEP_MS} ms waits`, value: (100 * waited) / (waited + 40 * STEP_MS), unit: '%' });
      } finally {
        await loader.dispose();
      }
      if (threads === 0) continue;
      // The first pass, when every image is decoded, of a step that takes its time at once.
      const cold = make(noAugmentation);
      try {
        await cold.next();
        let waited = 0;
        for (let i = 0; i < pass - 1; i++) {
          const before = performance.now();
          await cold.next();
          await turn();
          waited += performance.now() - before;
          block(STEP_MS);
        }
        rows.push({ metric: `bccd, ${threads} threads: the same in the first pass`, value: (100 * waited) / (waited + (pass - 1) * STEP_MS), unit: '%' });
      } finally {
        await cold.dispose();
      }
    }
    return rows;
  },
});
