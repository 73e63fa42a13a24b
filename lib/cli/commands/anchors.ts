import { Option, type Command } from 'commander';
import { AppError } from '@/lib/api/errors';
import { anchorCurve } from '@/lib/core/anchors';
import { formats, type DatasetSplit } from '@/lib/core/formats';
import { geometryBounds } from '@/lib/core/labels';
import { openDataset } from '../dataset';
import { requireProject } from '../lookups';
import { count } from '../output';
import { UsageError, act, command, wholeNumber, type Context, type Frame } from '../program';
import { waitForJob } from '../wait';

interface Options {
  project?: string;
  k: number;
  seed: number;
  format: string;
  vocFrame: 'labelimg' | 'devkit';
  split?: DatasetSplit;
}

interface Curve {
  k: number;
  meanBestIou: number;
  anchors: { w: number; h: number; count: number }[];
}

export function anchorsCommand(frame: Frame): Command {
  return command('anchors', 'choose anchor boxes by K-means on the boxes of a dataset, or of a project\'s done images', { server: true })
    .argument('[path]', 'a folder or a .zip file with images and labels (needs no server)')
    .option('--project <name>', 'instead: name or id of a project on the server')
    .option('--k <number>', 'try one to so many anchors', wholeNumber(1, 20), 9)
    .option('--seed <number>', 'seed of the random start', wholeNumber(0, 2 ** 31), 1)
    .addOption(new Option('--format <id>', 'format of the labels').choices(['auto', ...formats.filter((f) => f.reader).map((f) => f.id)]).default('auto'))
    .addOption(new Option('--split <name>', 'only images that the data puts in this split').choices(['train', 'val', 'test']))
    .addOption(new Option('--voc-frame <frame>', 'Pascal VOC boxes: edges, or 1-based pixels').choices(['labelimg', 'devkit']).default('labelimg'))
    .action(act<Options>(frame, (ctx, o, [given]) => {
      if ((given === undefined) === (o.project === undefined)) throw new UsageError('Give either a folder of data or --project.');
      return given !== undefined ? ofDataset(ctx, o, given) : ofProject(ctx, o, o.project!);
    }));
}

function table(ctx: Context, curve: readonly Curve[]): void {
  ctx.out.table(['k', 'mean best IoU', 'anchors (width × height in pixels)'], curve.map((c) => [c.k, Number(c.meanBestIou.toFixed(4)), c.anchors.map((a) => `${Math.round(a.w)}×${Math.round(a.h)}`).join(' ')]));
}

async function ofDataset(ctx: Context, o: Options, given: string) {
  const dataset = await openDataset(ctx, given, o, true);
  try {
    const [w, h]: [number[], number[]] = [[], []];
    let images = 0;
    let seen = 0;
    for await (const item of dataset.reading.items()) {
      ctx.out.progress('Reading', null, count(++seen, 'image'));
      if (o.split && item.split !== o.split) continue;
      const before = w.length;
      const boxes = item.annotations.some((a) => a.geometry.kind === 'box');
      for (const { geometry, crowd } of item.annotations) {
        // A mask's box stands for it where there are no boxes; a crowd has no shape to learn.
        if (crowd || geometry.kind === 'landmarks' || (geometry.kind === 'mask' && boxes)) continue;
        const { x0, y0, x1, y1 } = geometryBounds(geometry);
        if (x1 <= x0 || y1 <= y0) continue;
        w.push(x1 - x0);
        h.push(y1 - y0);
      }
      if (w.length > before) images++;
    }
    if (w.length === 0) throw new AppError('unprocessable', `There are no boxes in "${given}"${o.split ? ` in the ${o.split} split` : ''}.`);
    ctx.out.progress('Clustering', null, count(w.length, 'box', 'boxes'));
    const curve = anchorCurve({ w: Float64Array.from(w), h: Float64Array.from(h) }, o.k, { seed: o.seed }).map((c): Curve => ({ k: c.k, meanBestIou: c.meanBestIou, anchors: c.anchors.map((a, i) => ({ ...a, count: c.counts[i]! })) }));
    ctx.out.line(`${count(w.length, 'box', 'boxes')} on ${count(images, 'image')}:`);
    table(ctx, curve);
    const last = curve.at(-1)!;
    return { boxes: w.length, images, k: o.k, seed: o.seed, unit: 'pixel', anchors: last.anchors, meanBestIou: last.meanBestIou, curve };
  } finally {
    await dataset.close();
  }
}

async function ofProject(ctx: Context, o: Options, name: string) {
  const client = ctx.client();
  const project = await requireProject(client, name);
  const { job } = await client.computeAnchors({ params: { project: project.id }, body: { maxK: o.k, seed: o.seed } });
  await waitForJob(ctx, client, job, 'Anchors');
  const { report } = await client.anchors({ params: { project: project.id } });
  if (!report) throw new AppError('unprocessable', 'There are no boxes on done images yet: mark some images as done first.');
  ctx.out.line(`${count(report.boxes, 'box', 'boxes')} on ${count(report.items, 'done image')} of "${project.name}":`);
  table(ctx, report.curve);
  return { project: project.id, job, ...report };
}
