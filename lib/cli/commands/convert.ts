import path from 'node:path';
import { Option, type Command } from 'commander';
import sharp from 'sharp';
import { AppError } from '@/lib/api/errors';
import { checkAgainstSchema, splitOfHash, type AttributeValue } from '@/lib/core/labels';
import { formats, imageInfoOf, planClasses, resolveAttributes, scanDataset, writerOf, type ClassPlan, type DatasetIssue, type InterchangeItem, type ManifestItem, type WriteReport } from '@/lib/core/formats';
import { FolderSink } from '@/lib/server/archives';
import { openDataset, sha256Of, type OpenDataset } from '../dataset';
import { prepareFolder, type OutputFolder } from '../folders';
import { count } from '../output';
import { act, command, type Context, type Frame } from '../program';

interface Options {
  from: string;
  to: string;
  out: string;
  images: boolean;
  force?: boolean;
  vocFrame: 'labelimg' | 'devkit';
}

export function convertCommand(frame: Frame): Command {
  return command('convert', 'convert a dataset from one format to another (needs no server)')
    .argument('<path>', 'a folder or a .zip file with images and labels')
    .addOption(new Option('--to <id>', 'format to write').choices(formats.filter((f) => f.writer).map((f) => f.id)).makeOptionMandatory())
    .requiredOption('--out <folder>', 'folder to write; it must be empty or absent')
    .addOption(new Option('--from <id>', 'format to read').choices(['auto', ...formats.filter((f) => f.reader).map((f) => f.id)]).default('auto'))
    .option('--no-images', 'write the labels only')
    .option('--force', 'write into a folder that is not empty, replacing files of the same names')
    .addOption(new Option('--voc-frame <frame>', 'Pascal VOC boxes: edges, or 1-based pixels').choices(['labelimg', 'devkit']).default('labelimg'))
    .action(act<Options>(frame, async (ctx, options, [given]) => {
      const target = await prepareFolder(path.resolve(ctx.environment.cwd, options.out), options.force === true);
      const dataset = await openDataset(ctx, given!, { format: options.from, vocFrame: options.vocFrame });
      try {
        return await convert(ctx, dataset, options, target, path.basename(path.resolve(ctx.environment.cwd, given!)).replace(/\.zip$/i, ''));
      } finally {
        await dataset.close();
      }
    }));
}

async function convert(ctx: Context, dataset: OpenDataset, options: Options, target: OutputFolder, name: string) {
  const scan = await scanDataset(dataset.reading, (n) => ctx.out.progress('Looking', null, count(n, 'image')));
  if (scan.labelled === 0 && scan.classified > 0) throw new AppError('unprocessable', 'These images have classes as a whole, and no objects: no other format here holds that.');
  if (scan.labelled === 0) throw new AppError('unprocessable', 'No image here has labels: there is nothing to convert.');
  const ids = new Counter();
  const plan = planClasses({ schema: { classes: [] }, nextIndex: 0, classes: scan.classes, create: true, newId: () => ids.next() });
  const builder = new ItemBuilder(plan);
  const labelled = async function* (): AsyncGenerator<InterchangeItem> {
    for await (const item of dataset.reading.items()) if (item.image && item.labelled) yield item;
  };
  let report: WriteReport | null = null;
  await target.fill(async (folder) => {
    const sink = new FolderSink(folder);
    report = await writerOf(options.to).write({
      schema: plan.schema, info: { name },
      async *items() {
        builder.restart();
        for await (const item of labelled()) {
          const built = await builder.build(item);
          if (built) yield built;
        }
      },
      ...(options.images && { image: (item: ManifestItem) => uprightImage(dataset, item) }),
      signal: ctx.environment.signal,
      onItem: (done) => ctx.out.progress('Writing', done / scan.labelled, `${done} of ${scan.labelled}`),
    }, sink);
    await sink.close();
  });
  const written = report as unknown as WriteReport;
  const issues = [...dataset.reading.issues, ...plan.issues, ...builder.issues.values()];
  ctx.out.line(`Converted ${count(written.items, 'image')} with ${count(written.annotations, 'annotation')} from ${dataset.format.id} to ${options.to} in ${target.folder}.`);
  for (const loss of written.losses) ctx.out.line(`  ${loss.count} × ${loss.message}`);
  for (const i of issues.slice(0, 20)) ctx.out.line(`  ${i.severity}: ${i.message}`);
  if (issues.length > 20) ctx.out.line(`  … and ${issues.length - 20} more: --json lists them all.`);
  return { from: dataset.format.id, to: options.to, out: target.folder, items: written.items, annotations: written.annotations, files: written.files, classes: plan.schema.classes.map((c) => ({ index: c.index, name: c.name, kind: c.kind })), losses: written.losses, issues };
}

/** Ids that count up, so that a conversion gives the same bytes every time. */
class Counter {
  private n = 0;
  next(): string {
    return `00000000-0000-7000-8000-${(++this.n).toString(16).padStart(12, '0')}`;
  }
}

/** Items of the interchange model → items of a manifest. */
class ItemBuilder {
  /** By message: a dataset is read several times, but its faults are told once. */
  readonly issues = new Map<string, DatasetIssue>();
  private ids = new Counter();
  private readonly hashes = new Map<string, string>();
  constructor(private readonly plan: ClassPlan) {}

  restart(): void {
    this.ids = new Counter();
  }

  async build(item: InterchangeItem): Promise<ManifestItem | null> {
    for (const issue of item.issues) this.issues.set(issue.message, issue);
    const image = item.image!;
    const info = item.width === null ? null : await imageInfoOf(image);
    if (!info || item.width === null || item.height === null) {
      this.tell('not-an-image', item.path, `"${item.path}" is not an image that can be read: it was left out with its labels.`);
      return null;
    }
    let hash = this.hashes.get(item.path);
    if (!hash) this.hashes.set(item.path, (hash = await sha256Of(image)));
    const groups = new Map<string, string>();
    return {
      path: item.path, hash, mime: 'application/octet-stream', width: item.width, height: item.height, orientation: info.orientation, split: item.split ?? splitOfHash(hash),
      annotations: item.annotations.flatMap((a) => {
        const cls = this.plan.resolve(a.class);
        if (!cls) return [];
        const { values, lost } = resolveAttributes(cls, a.attributes);
        if (lost.length > 0) this.tell('attributes', item.path, `Attributes are not carried over: ${[...lost].sort().join(', ')} (first seen in "${item.path}").`, `attributes ${[...lost].sort().join()}`);
        const fields = { classId: cls.id, geometry: a.geometry, attributes: values as Record<string, AttributeValue> };
        const wrong = checkAgainstSchema(fields, this.plan.schema);
        if (wrong) {
          this.tell('does-not-fit', item.path, `An annotation of "${item.path}" was left out: ${wrong}.`);
          return [];
        }
        let group: string | null = null;
        if (a.group !== null) {
          group = groups.get(a.group) ?? this.ids.next();
          groups.set(a.group, group);
        }
        return [{ ...fields, id: this.ids.next(), truncated: a.truncated, occluded: a.occluded, difficult: a.difficult, crowd: a.crowd, group, track: null, at: null, score: a.score, origin: null }];
      }),
    };
  }

  private tell(code: string, itemPath: string, message: string, key = message): void {
    if (!this.issues.has(key)) this.issues.set(key, { severity: 'warning', code, path: itemPath, message });
  }
}

/** The image as it is, or turned upright when other tools would show it otherwise than its labels lie. */
async function uprightImage(dataset: OpenDataset, item: ManifestItem) {
  const entry = await dataset.source.find(item.path);
  if (!entry) return null;
  if (item.orientation === 1) return { body: entry.open() };
  const turned = await sharp(await entry.bytes(), { limitInputPixels: false }).autoOrient().png({ compressionLevel: 6 }).toBuffer();
  return { body: turned, extension: 'png' };
}
