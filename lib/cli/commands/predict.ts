import { createReadStream } from 'node:fs';
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { Option, type Command } from 'commander';
import { AppError } from '@/lib/api/errors';
import { CocoFileError, readCocoTruth } from '@/lib/core/metrics';
import { viewings, type Viewing } from '@/lib/core/labels';
import { extensionOf, fileName, hasImageExtension, sourceEntry, type SourceEntry } from '@/lib/core/io';
import type { ImageSource, Prediction, Predictor } from '@/models/node';
import { openSource } from '../dataset';
import { readJson } from '../json';
import { count, duration } from '../output';
import { act, command, number, wholeNumber, type Context, type Frame } from '../program';
import { imageSourceOf } from '../training/images';
import { cocoEntries, imageEntry, type PredictedImage, type TruthIds } from '../training/results';

interface Options {
  out: string;
  as: 'auto' | 'coco' | 'images';
  gt?: string;
  vote: string[];
  minScore?: number;
  nmsIou?: number;
  limit?: number;
  viewing: Viewing;
  threads?: number;
}

export function predictCommand(frame: Frame): Command {
  return command('predict', 'let a model on this machine look at images (needs no server)')
    .argument('<model>', 'folder of the model')
    .argument('<images...>', 'image files, folders of images, or .zip files')
    .requiredOption('--out <file>', 'JSON file to write')
    .addOption(new Option('--as <form>', 'coco: a list of COCO results; images: an entry an image; auto: coco, but images for classes of whole images').choices(['auto', 'coco', 'images']).default('auto'))
    .option('--gt <file>', 'COCO ground truth whose image and category ids the results shall have; other images are left out')
    .option('--vote <folder>', 'a further model of the same task, whose outputs are averaged in; may be given again', (value: string, before: string[]) => [...before, value], [] as string[])
    .option('--min-score <number>', 'leave out labels below this score', number(0, 1))
    .option('--nms-iou <number>', 'of two boxes of a class that overlap this much, keep the better', number(0, 1))
    .option('--limit <number>', 'at most so many labels an image', wholeNumber(1, 100_000))
    .addOption(new Option('--viewing <how>', 'look at each image once, also mirrored (twice the time), or at ten crops (ten times)').choices([...viewings]).default('once'))
    .option('--threads <number>', 'cores to use (all)', wholeNumber(1, 256))
    .action(act<Options>(frame, (ctx, o, [model, ...images]) => run(ctx, o, model!, images)));
}

interface Listed {
  file: string;
  source: ImageSource;
}

const portable = new Set(['pgm', 'ppm', 'pbm', 'pnm']);
const isImage = (e: Pick<SourceEntry, 'path'>) => (hasImageExtension(e.path) || portable.has(extensionOf(e.path))) && !e.path.split('/').some((s) => s.startsWith('.') || s === '__MACOSX');

async function run(ctx: Context, o: Options, model: string, given: readonly string[]) {
  const { cwd, signal } = ctx.environment;
  const out = path.resolve(cwd, o.out);
  const dirs = [model, ...o.vote].map((d) => path.resolve(cwd, d));
  for (const dir of dirs) if (!(await fs.stat(path.join(dir, 'card.json')).catch(() => null))) throw new AppError('not-found', `"${dir}" is not the folder of a model: it has no card.json.`);
  const truth = o.gt === undefined ? null : truthIds(await readJson(ctx, o.gt), o.gt);
  const closing: (() => Promise<void>)[] = [];
  let predictor: Predictor | null = null;
  try {
    const listed = (await Promise.all(given.map((g) => listImages(path.resolve(cwd, g), g, closing)))).flat();
    const wanted = truth ? listed.filter((l) => truth.image(l.file) !== undefined) : listed;
    if (wanted.length === 0) throw new AppError('unprocessable', truth && listed.length > 0 ? `None of the ${count(listed.length, 'image')} is in "${o.gt}".` : 'There are no images here.');
    if (wanted.length < listed.length) ctx.out.note(`${count(listed.length - wanted.length, 'image')} that "${o.gt}" does not list ${listed.length - wanted.length === 1 ? 'is' : 'are'} left out.`);
    const { loadPredictor } = await import('@/models/node');
    predictor = await loadPredictor(dirs, { threads: o.threads ?? os.availableParallelism() });
    const { card } = predictor;
    const coco = o.as === 'coco' || (o.as === 'auto' && card.task !== 'classify');
    if (coco && card.task === 'classify') throw new AppError('invalid', 'COCO results have no place for classes of whole images: use --as images.');
    const began = performance.now();
    let labels = 0;
    const entriesOf = (image: PredictedImage) => (coco ? cocoEntries(image, card.classes, truth) : [imageEntry(image, card.classes)]);
    await writeJsonList(out, coco ? null : { task: card.task, classes: card.classes.map((c) => c.name) }, async (put) => {
      const show = async (index: number, prediction: Prediction) => {
        labels += prediction.labels.length;
        await put(entriesOf({ ...prediction, file: wanted[index]!.file }));
        ctx.out.progress('Predicting', (index + 1) / wanted.length, `${index + 1} of ${wanted.length}`);
      };
      await predictor!.predict(wanted.map((w) => w.source), {
        signal, viewing: o.viewing, onImage: show,
        ...(o.minScore !== undefined && { minScore: o.minScore }), ...(o.nmsIou !== undefined && { nmsIou: o.nmsIou }), ...(o.limit !== undefined && { limit: o.limit }),
      });
    });
    const seconds = (performance.now() - began) / 1000;
    ctx.out.line(`Found ${count(labels, 'label')} in ${count(wanted.length, 'image')} in ${duration(seconds)} (${(wanted.length / seconds).toFixed(1)} images/s). Written to ${out}.`);
    return { model: dirs[0], task: card.task, out, form: coco ? 'coco' : 'images', images: wanted.length, labels, seconds, classes: card.classes.map((c) => c.name) };
  } finally {
    await predictor?.dispose();
    for (const close of closing) await close();
  }
}

/** An image file, or the images of a folder or an archive in order of path. */
async function listImages(full: string, given: string, closing: (() => Promise<void>)[]): Promise<Listed[]> {
  const stat = await fs.stat(full).catch(() => null);
  if (!stat) throw new AppError('not-found', `There is nothing at "${full}".`);
  if (stat.isFile() && extensionOf(full) !== 'zip') {
    const entry = sourceEntry(path.basename(full), stat.size, () => createReadStream(full));
    return [{ file: given, source: imageSourceOf(entry, path.dirname(full)) }];
  }
  const { source, folder } = await openSource(full);
  closing.push(() => source.close());
  return (await source.list()).filter(isImage).map((entry) => ({ file: entry.path, source: imageSourceOf(entry, folder) }));
}

/** Images by file name (as listed, else the only one of that name), categories by name. */
function truthIds(json: unknown, file: string): TruthIds {
  let truth: ReturnType<typeof readCocoTruth>;
  try {
    truth = readCocoTruth(json, 'bbox');
  } catch (error) {
    if (error instanceof CocoFileError) throw new AppError('invalid', `"${file}" cannot be used: ${error.message}.`);
    throw error;
  }
  const byPath = new Map(truth.images.flatMap((i) => (i.fileName === null ? [] : [[i.fileName, i.id] as const])));
  const byName = new Map<string, string | number | null>();
  for (const i of truth.images) if (i.fileName !== null) byName.set(fileName(i.fileName), byName.has(fileName(i.fileName)) ? null : i.id);
  const categories = new Map(truth.categories.map((c) => [c.name.toLowerCase(), c.id]));
  return { image: (f) => byPath.get(f) ?? byName.get(fileName(f)) ?? undefined, category: (name) => categories.get(name.toLowerCase()) };
}

/** Writes a list, or an object whose last member `images` is the list, as it comes; the file appears when it is whole. */
async function writeJsonList(file: string, head: Record<string, unknown> | null, produce: (put: (entries: readonly Record<string, unknown>[]) => Promise<void>) => Promise<void>): Promise<void> {
  await fs.mkdir(path.dirname(file), { recursive: true });
  const temporary = `${file}.${process.pid}.new`;
  const handle = await fs.open(temporary, 'w');
  try {
    await handle.write(head ? `${JSON.stringify(head).slice(0, -1)},"images":[` : '[');
    let first = true;
    await produce(async (entries) => {
      if (entries.length === 0) return;
      await handle.write(entries.map((e, i) => `${first && i === 0 ? '\n' : ',\n'}${JSON.stringify(e)}`).join(''));
      first = false;
    });
    await handle.write(head ? '\n]}\n' : '\n]\n');
    await handle.close();
    await fs.rename(temporary, file);
  } catch (error) {
    await handle.close().catch(() => undefined);
    await fs.rm(temporary, { force: true });
    throw error;
  }
}
