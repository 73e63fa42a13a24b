import os from 'node:os';
import path from 'node:path';
import { Option, type Command } from 'commander';
import { AppError } from '@/lib/api/errors';
import { viewings, type Viewing } from '@/lib/core/labels';
import type { ModelDesign, Prediction, Predictor } from '@/models/node';
import { prepareFile, prepareFolder, type OutputFolder } from '../folders';
import { readJson } from '../json';
import { withModels, type ModelChoice, type OpenModel } from '../models';
import { count, duration } from '../output';
import { listImages, readTruth, refuseCollisions, type Listed, type Truth } from '../predict/images';
import { writeJsonList, writeMasks, type Produce } from '../predict/writers';
import { FailedResult, UsageError, act, command, number, wholeNumber, type Context, type Frame } from '../program';
import { cocoEntries, imageEntry, type PredictedImage, type TruthIds } from '../training/results';

type Form = 'coco' | 'images' | 'masks';

interface Options extends ModelChoice {
  out: string;
  as: 'auto' | Form;
  gt?: string;
  vote?: string[];
  minScore?: number;
  nmsIou?: number;
  limit?: number;
  viewing: Viewing;
  threads?: number;
  force?: boolean;
}

export function predictCommand(frame: Frame): Command {
  return command('predict', 'let a model look at images of this machine', { server: true })
    .argument('[model]', 'folder of the model (needs no server); with --project images begin here')
    .argument('[images...]', 'image files, folders of images, or .zip files; what cannot be read is left out, listed as "failed" with --json, and makes the command end with 1')
    .option('--project <name>', 'instead of a folder: name or id of a project on the server, whose model is fetched')
    .option('--model <number>', 'with --project: number of the model; otherwise the current one', wholeNumber(1, 1e9))
    .requiredOption('--out <path>', 'JSON file (for masks: folder) to write')
    .addOption(new Option('--as <form>', 'coco: a list of COCO results; images: an entry an image; masks: label images of a segmenter; auto: coco, but images for classes of whole images').choices(['auto', 'coco', 'images', 'masks']).default('auto'))
    .option('--gt <file>', 'COCO ground truth whose image and category ids the results shall have; other images and classes are left out')
    .option('--vote <folder>', 'a further model of the same task, whose outputs are averaged in; with --project also a number; as often as needed', (value: string, before: string[] = []) => [...before, value])
    .option('--min-score <number>', 'leave out labels below this score', number(0, 1))
    .option('--nms-iou <number>', 'of two boxes of a class that overlap this much, keep the better', number(0, 1))
    .option('--limit <number>', 'at most so many labels an image', wholeNumber(1, 100_000))
    .addOption(new Option('--viewing <how>', 'look at each image once, also mirrored (twice the time), or at ten crops (ten times)').choices([...viewings]).default('once'))
    .option('--threads <number>', 'cores to use (all)', wholeNumber(1, 256))
    .option('--force', 'replace what is at --out')
    .action(act<Options>(frame, (ctx, o, args) => {
      const [given, images] = o.project === undefined ? [args[0], args.slice(1)] : [undefined, args];
      if (given === undefined && o.project === undefined) throw new UsageError('Give the folder of a model, or --project.');
      if (images.length === 0) throw new UsageError('Give images: files, folders, or .zip files.');
      if (o.gt !== undefined && o.as === 'masks') throw new UsageError('--gt is for COCO results, not for --as masks.');
      return run(ctx, o, given, images);
    }));
}

async function run(ctx: Context, o: Options, given: string | undefined, paths: readonly string[]) {
  const { cwd } = ctx.environment;
  const out = path.resolve(cwd, o.out);
  // Looked at before the images are, as all that can be wrong.
  const folder = o.as === 'masks' ? await prepareFolder(out, o.force === true) : null;
  if (!folder) await prepareFile(out, o.force === true);
  const truth = o.gt === undefined ? null : readTruth(await readJson(ctx, o.gt), o.gt);
  const closing: (() => Promise<void>)[] = [];
  try {
    const listed = (await Promise.all(paths.map((g) => listImages(path.resolve(cwd, g), g, closing)))).flat();
    const wanted = truth ? listed.filter((l) => truth.find(l.file) !== undefined) : listed;
    if (wanted.length === 0) throw new AppError('unprocessable', truth && listed.length > 0 ? `None of the ${count(listed.length, 'image')} is in "${o.gt}".` : 'There are no images here.');
    const left = listed.length - wanted.length;
    if (left > 0) ctx.out.note(`${count(left, 'image')} that "${o.gt}" does not list ${left === 1 ? 'is' : 'are'} left out.`);
    refuseCollisions(wanted, (l) => (truth ? truth.find(l.file)! : folder ? l.name : l.file));
    return await withModels(ctx, { ...o, given, votes: o.vote }, async (models) => {
      const result = { ...(await look(ctx, o, { models, wanted, truth, folder, out })), leftOut: left };
      if (result.failed.length > 0) throw new FailedResult(result);
      return result;
    });
  } finally {
    for (const close of closing) await close();
  }
}

interface Work {
  models: readonly OpenModel[];
  wanted: readonly Listed[];
  truth: Truth | null;
  /** For label images. */
  folder: OutputFolder | null;
  out: string;
}

async function look(ctx: Context, o: Options, { models, wanted, truth, folder, out }: Work) {
  const { loadPredictor } = await import('@/models/node');
  const predictor = await loadPredictor(models.map((m) => m.dir), { threads: o.threads ?? os.availableParallelism() });
  try {
    const { card } = predictor;
    const form = formOf(o.as, card);
    const began = performance.now();
    const failed: { file: string; message: string }[] = [];
    const unknown = new Map<string, number>();
    let labels = 0;
    const produce: Produce<PredictedImage> = (put) => predictAll(ctx, o, predictor, wanted, failed, async (listed, prediction) => {
      labels += prediction.labels.length;
      await put({ ...prediction, file: folder ? listed.name : listed.file });
    });
    const ids: TruthIds | null = truth && { image: (file) => truth.find(file)!, category: truth.category };
    const entriesOf = (image: PredictedImage) => (form === 'coco' ? cocoEntries(image, card.classes, ids, (name) => unknown.set(name, (unknown.get(name) ?? 0) + 1)) : [imageEntry(image, card.classes)]);
    if (folder) await writeMasks(folder, card.classes, produce);
    else await writeJsonList(out, form === 'coco' ? null : { task: card.task, classes: card.classes.map((c) => c.name) }, (put) => produce((image) => put(entriesOf(image))));
    const seconds = (performance.now() - began) / 1000;
    const images = wanted.length - failed.length;
    ctx.out.line(`Found ${count(labels, 'label')} in ${count(images, 'image')} in ${duration(seconds)} (${(images / seconds).toFixed(1)} images/s). Written to ${out}.`);
    for (const [name, n] of unknown) ctx.out.note(`${count(n, 'label')} of the class "${name}" left out: "${o.gt}" has no such category.`);
    if (failed.length > 0) ctx.out.note(`${count(failed.length, 'image')} could not be read and ${failed.length === 1 ? 'is' : 'are'} not in the results.`);
    return { model: models[0]!.place, votes: models.slice(1).map((m) => m.place), task: card.task, out, form, images, labels, unknownClass: Object.fromEntries(unknown), failed, seconds, classes: card.classes.map((c) => c.name) };
  } finally {
    await predictor.dispose();
  }
}

function formOf(as: Options['as'], { task }: Pick<ModelDesign, 'task'>): Form {
  if (as === 'coco' && task === 'classify') throw new AppError('invalid', 'COCO results have no place for classes of whole images: use --as images.');
  if (as === 'masks' && task !== 'segment') throw new AppError('invalid', `Only a segmenter gives masks, and this model is for ${task}.`);
  return as === 'auto' ? (task === 'classify' ? 'images' : 'coco') : as;
}

/** Looks at all images in order; what cannot be read is told, and passed over. */
async function predictAll(ctx: Context, o: Options, predictor: Predictor, wanted: readonly Listed[], failed: { file: string; message: string }[], onImage: (listed: Listed, prediction: Prediction) => Promise<void>): Promise<void> {
  const show = (index: number) => ctx.out.progress('Predicting', (index + 1) / wanted.length, `${index + 1} of ${wanted.length}`);
  await predictor.predict(wanted.map((w) => w.source), {
    signal: ctx.environment.signal, viewing: o.viewing,
    async onImage(index, prediction) {
      await onImage(wanted[index]!, prediction);
      show(index);
    },
    onUnreadable(index, error) {
      const { file, place } = wanted[index]!;
      failed.push({ file, message: error.message });
      ctx.out.note(`"${place}" cannot be read and is left out: ${error.message}.`);
      show(index);
    },
    ...(o.minScore !== undefined && { minScore: o.minScore }), ...(o.nmsIou !== undefined && { nmsIou: o.nmsIou }), ...(o.limit !== undefined && { limit: o.limit }),
  });
}
