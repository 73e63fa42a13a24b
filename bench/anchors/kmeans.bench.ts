/** Anchors of a million boxes, beside scikit-learn's KMeans where it is installed. */
import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { kmeansAnchors, meanBestIou } from '@/lib/core/anchors';
import { defineBench, type Row } from '../define';
import { manyBoxes } from './boxes';

const BOXES = 1_000_000;
const K = 9;

interface Fitted {
  version: string;
  starts: number;
  ms: number;
  centers: [number, number][];
}

/** Centers by scikit-learn (Euclidean distance of width and height); null, with a word on it, where it is not installed. */
async function byScikitLearn(file: string, log: (text: string) => void): Promise<Fitted[] | null> {
  const child = spawn(process.env['FIELDMARK_PYTHON'] ?? '/usr/bin/python3', [path.resolve('bench/anchors/kmeans.py'), file, String(K)], { stdio: ['ignore', 'pipe', 'pipe'] });
  const [out, err]: [string[], string[]] = [[], []];
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk.toString()));
  const code = await new Promise<number | null>((resolve) => {
    child.on('error', () => resolve(null));
    child.on('close', resolve);
  });
  if (code !== 0) {
    log(code === null || err.join('').includes('No module named') ? 'scikit-learn is not here (apt-get install python3-sklearn): figures are given without it.' : `scikit-learn failed: ${err.join('').trim().split('\n').at(-1)}`);
    return null;
  }
  return out.join('').trim().split('\n').map((line) => JSON.parse(line) as Fitted);
}

export default defineBench({
  name: 'anchors/kmeans',
  async run(ctx) {
    const boxes = manyBoxes(BOXES);
    const file = path.join(ctx.tempDir, 'boxes.bin');
    await writeFile(file, Buffer.concat([Buffer.from(boxes.w.buffer), Buffer.from(boxes.h.buffer)]));
    let fit = 0;
    const { median } = await ctx.time(() => {
      fit = kmeansAnchors(boxes, K).meanBestIou;
    }, { runs: 5 });
    const beside = (await byScikitLearn(file, ctx.log)) ?? [];
    const work = `${BOXES.toLocaleString('en')} boxes, k = ${K}`;
    const rows: Row[] = [];
    const usual = beside.find((b) => b.starts === 10);
    rows.push({ metric: `anchors by 1 − IoU, 10 starts, ${work}${usual ? ` (beside scikit-learn ${usual.version}, 10 starts)` : ''}`, value: median, unit: 'ms', ...(usual && { reference: usual.ms }) });
    rows.push({ metric: `their mean best IoU${usual ? ' (beside scikit-learn\'s)' : ''}`, value: fit, unit: '', ...(usual && { reference: meanBestIou(boxes, shapesOf(usual)) }) });
    for (const b of beside) if (b.starts === 1) {
      rows.push({ metric: `the same beside scikit-learn ${b.version} with a single start`, value: median, unit: 'ms', reference: b.ms });
      rows.push({ metric: 'mean best IoU beside that of a single start', value: fit, unit: '', reference: meanBestIou(boxes, shapesOf(b)) });
    }
    return rows;
  },
});

const shapesOf = ({ centers }: Fitted) => centers.map(([w, h]) => ({ w, h }));
