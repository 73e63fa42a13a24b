import { AppError } from '@/lib/api/errors';
import { viewingReport, type ViewingReport } from '@/lib/api/routes/viewings';
import { readManifest } from '@/lib/core/formats/manifest';
import type { Viewing } from '@/lib/core/labels';
import { notify } from '@/lib/server/events';
import { jobKinds } from '@/lib/server/queue/kinds';
import { findModel } from '@/lib/server/repositories/models';
import { readViewings, versionToMeasureOn, viewingsKey } from '@/lib/server/services/viewings';
import { loadCard, loadPredictor, measureViewings, type Example, type MeasuredViewing } from '@/models/node';
import { defineJob, type JobContext } from '../runtime/defineJob';
import { heldOutOf } from './lib/heldOut';
import { AssetImages, stillThere } from './lib/images';
import { counted } from './lib/job';
import { modelFolder } from './lib/modelFolder';
import { threadsNow } from './lib/threads';
import { mergedRows } from './lib/viewingRows';

type Row = ViewingReport['rows'][number];

/**
 * Measures ways of looking of a model, alone or voting with others, on images it did not learn from, beside a single look of the
 * model alone; the times of one run can be compared. What was measured before on the same images stays.
 */
export default defineJob({
  kind: 'measureViewings',
  ...jobKinds.measureViewings,
  async run(ctx, { model: id, viewings, vote }) {
    const { db, store } = ctx;
    const model = await findModel(db, id);
    if (!model) throw new AppError('not-found', 'The model was erased meanwhile.');
    const version = await versionToMeasureOn(db, model);
    if (!version?.manifestKey) throw new AppError('unprocessable', 'There is no frozen version with labelled images to measure on. Freeze one on the versions page.');
    ctx.progress({ fraction: 0, message: `Reading version ${version.number}` });
    const folder = await modelFolder(ctx, model.objectPrefix);
    const card = await loadCard(folder);
    const { items } = await readManifest(await store.get(version.manifestKey));
    const known = new Set(card.classes.flatMap((c) => (c.skip ? [] : [c.id])));
    const held = await heldOutOf(card.task, known, stillThere(db, model.projectId, items, () => undefined));
    if (!held) throw new AppError('unprocessable', `Version ${version.number} has no image in its test and val splits, and on images it learned from a model looks better than it is. Mark more images as done, freeze a version and train again.`);

    const assets = new AssetImages(ctx);
    const images = held.images.map((i): Example => ({ id: i.path, image: assets.source(i.hash), width: i.width, height: i.height, labels: i.labels }));
    const others = [...new Set(vote)].filter((v) => v !== id).sort();
    // The same for all ways, whoever comes meanwhile: their times are compared.
    const threads = await threadsNow(ctx);
    const alone: Viewing[] = others.length > 0 ? ['once'] : ['once', ...viewings.filter((v) => v !== 'once')];
    const together = others.length > 0 ? viewings : [];
    const total = (alone.length + together.length) * images.length;
    const measureWith = async (folders: string[], ways: readonly Viewing[], before: number) => {
      const predictor = await loadPredictor(folders, { threads });
      try {
        return await measureViewings(predictor, images, ways, { signal: ctx.signal, onImage: (done) => ctx.progress({ fraction: (before + done) / total, message: `Looked ${before + done} of ${counted(total, 'time')} at ${counted(images.length, 'image')}` }) });
      } finally {
        await predictor.dispose();
      }
    };
    const measured = (await measureWith([folder], alone, 0)).map((m) => ({ ...m, vote: [] as string[] }));
    if (together.length > 0) {
      const folders = [folder, ...(await foldersOf(ctx, others))];
      measured.push(...(await measureWith(folders, together, images.length)).map((m) => ({ ...m, vote: others })));
    }
    const once = measured[0]!.milliseconds;
    const rows = measured.map((m) => rowOf(m, m.vote, once));
    const about = { version: version.id, versionNumber: version.number, split: held.split, images: images.length, threads };
    const report = viewingReport.parse({ ...about, rows: mergedRows(await readViewings(store, model.objectPrefix), about, rows) } satisfies ViewingReport);
    const bytes = Buffer.from(JSON.stringify(report));
    await store.put(viewingsKey(model.objectPrefix), bytes, { size: bytes.length, contentType: 'application/json' });
    await notify(db, { type: 'changed', entity: 'model', id, projectId: model.projectId });
    return { model: id, summary: `${counted(rows.length, 'way')} of looking measured on ${counted(images.length, `${held.split} image`)}` };
  },
});

async function foldersOf(ctx: JobContext, models: readonly string[]): Promise<string[]> {
  return Promise.all(models.map(async (id) => {
    const voter = await findModel(ctx.db, id);
    if (!voter) throw new AppError('not-found', 'A model that should vote was erased meanwhile.');
    return modelFolder(ctx, voter.objectPrefix);
  }));
}

const rowOf = ({ viewing, metrics, milliseconds }: MeasuredViewing, vote: string[], once: number): Row => ({ viewing, vote, values: metrics.values, milliseconds, times: milliseconds / once });
