/**
 * The import itself: every image of what was received becomes an item with its labels, whole or not at all, and every file that
 * does not is in the report with the reason. A run that starts again after a crash finds what it had written and ends in the
 * same state.
 */
import { createHash } from 'node:crypto';
import type { InterchangeItem } from '@/lib/core/formats';
import { Prisma, type PrismaClient } from '@/lib/server/db/client';
import { notify } from '@/lib/server/events';
import { ImageRefused, putAsset, type AssetSource } from '@/lib/server/media/assets';
import { ensureBatch, recountBatch } from '@/lib/server/repositories/batches';
import { appendReport, clearReport, filesOf, type ImportRecord, type ReportEntry } from '@/lib/server/repositories/imports';
import type { ObjectStore } from '@/lib/server/storage';
import type { ArchiveLimits } from '@/lib/server/archives';
import { AppError } from '@/lib/api/errors';
import type { ImportOptions } from '../imports';
import { convertItem, type ConvertOptions } from './convert';
import { addClasses, openDataset } from './dataset';
import { existingItems, type ExistingItem } from './existing';
import { leftOverEntries } from './leftOver';
import { receivedSource, type ReceivedSource } from './source';
import { ItemRefused, writeItem, type NewItem } from './write';

export interface ImportContext {
  db: PrismaClient;
  store: ObjectStore;
  signal: AbortSignal;
  tempDir: string;
  userId: string | null;
  limits: Partial<ArchiveLimits>;
  progress(progress: { fraction?: number; message?: string; data?: unknown }): void;
}

const PAGE = 32;
/** A key of the database's index holds 2,704 bytes; paths share theirs with other columns. */
const MAX_PATH_BYTES = 2000;
/** Images decoded and written at the same time; libvips has threads of its own. */
const PARALLEL = 4;
/** Files up to this size are kept in memory between hashing and storing. */
const KEEP_BYTES = 8_000_000;

export interface ImportResult {
  imported: number;
  annotations: number;
  warnings: number;
  skipped: number;
  refused: number;
}

type Entry = ReportEntry;
const say = (path: string, outcome: Entry['outcome'], code: string, message: string, itemId: string | null = null): Entry => ({ path, outcome, code, message, itemId });

/** An item on its way in. */
interface Incoming {
  item: InterchangeItem;
  hash: string;
  /** May be asked for again. */
  source: () => AssetSource;
}

export async function runImport(ctx: ImportContext, row: ImportRecord): Promise<ImportResult> {
  const { db } = ctx;
  await db.$transaction(async (tx) => {
    await clearReport(tx, row.id);
    await tx.import.update({ where: { id: row.id }, data: { state: 'running', message: null } });
    await notify(tx, { type: 'changed', entity: 'import', id: row.id, projectId: row.projectId });
  });
  ctx.progress({ fraction: 0, message: 'Opening what was received' });
  const received = await receivedSource(ctx.store, await filesOf(db, row.id), ctx.limits, ctx.tempDir);
  try {
    return await new ImportRun(ctx, row, received).run();
  } finally {
    await received.close();
  }
}

class ImportRun {
  readonly #options: ImportOptions;
  #written = 0;
  readonly #totals: ImportResult = { imported: 0, annotations: 0, warnings: 0, skipped: 0, refused: 0 };

  constructor(private readonly ctx: ImportContext, private readonly row: ImportRecord, private readonly received: ReceivedSource) {
    this.#options = row.options as unknown as ImportOptions;
  }

  async run(): Promise<ImportResult> {
    const { ctx, row, received } = this;
    await this.#report(received.refused.map((r) => say(r.path, 'refused', r.code, r.message)));
    if ((await received.source.list()).length === 0) {
      throw new AppError('unprocessable', received.refused.length > 0 ? received.refused[0]!.message : 'Nothing was received: there is no file to import.');
    }
    const { reading, scan, notes } = await openDataset(received.source, this.#options, ctx.signal, (n) => n % 100 === 0 && ctx.progress({ message: `Reading labels: ${n} images` }));
    const { plan, schema } = await addClasses(ctx.db, { projectId: row.projectId, userId: ctx.userId, classes: scan.classes, create: this.#options.createClasses });
    await this.#report([
      ...notes.map((n) => say('', 'warning', n.code, n.message)),
      ...plan.issues.map((i) => say(i.path ?? '', i.severity === 'error' ? 'refused' : 'warning', i.code, i.message)),
    ]);
    await ensureBatch(ctx.db, { id: row.id, projectId: row.projectId, kind: 'import', title: `Import ${row.source}`, createdById: ctx.userId });

    const convert: ConvertOptions = { schema, resolve: plan.resolve, keepScores: this.#options.document === 'import' };
    let page: InterchangeItem[] = [];
    let done = 0;
    const flush = async () => {
      await this.#page(page, convert);
      done += page.length;
      page = [];
      ctx.progress({ fraction: Math.min(0.99, done / Math.max(1, scan.images + scan.missingImages)), message: `Imported ${this.#totals.imported} of ${scan.images} images`, data: this.#totals });
    };
    for await (const item of reading.items()) {
      ctx.signal.throwIfAborted();
      page.push(item);
      if (page.length === PAGE) await flush();
    }
    await flush();
    // The reader may add to these until its last item.
    await this.#report(reading.issues.map((i) => say(i.path ?? '', i.severity === 'error' ? 'refused' : 'warning', i.code, i.message)));
    for await (const entries of leftOverEntries(received.source, ctx.signal)) await this.#report(entries);
    await recountBatch(ctx.db, row.id);
    return this.#totals;
  }

  /** Appends to the report and the kept counts. */
  async #report(entries: readonly Entry[], annotations = 0): Promise<void> {
    if (entries.length === 0) return;
    const { db } = this.ctx;
    await db.$transaction(async (tx) => {
      await appendReport(tx, this.row.id, this.#written + 1, entries, annotations);
      await notify(tx, { type: 'changed', entity: 'import', id: this.row.id, projectId: this.row.projectId });
    });
    this.#written += entries.length;
    for (const e of entries) this.#totals[e.outcome === 'warning' ? 'warnings' : e.outcome]++;
    this.#totals.annotations += annotations;
  }

  /** Items that follow one another: hashed and written side by side, reported in their order. */
  async #page(items: readonly InterchangeItem[], convert: ConvertOptions): Promise<void> {
    const { ctx, row } = this;
    const outcomes: Outcome[] = new Array<Outcome>(items.length);
    const incoming = await inParallel(items, PARALLEL, (item) => this.#hash(item));
    const arrived = incoming.filter((x): x is Incoming => 'hash' in x);
    const existing = await existingItems(ctx.db, row.projectId, arrived.map((x) => x.item.path), arrived.map((x) => x.hash));
    // Of equal bytes on this page the first goes first: what becomes of the others depends on it.
    const first = new Map<string, number>();
    incoming.forEach((x, i) => 'hash' in x && !first.has(x.hash) && first.set(x.hash, i));
    await inParallel(incoming, PARALLEL, async (x, i) => {
      if (!('hash' in x)) outcomes[i] = x;
      else if (first.get(x.hash) === i) outcomes[i] = await this.#bring(x, existing, convert);
    });
    for (const [i, x] of incoming.entries()) {
      if ('hash' in x && first.get(x.hash) !== i) outcomes[i] = await this.#bring(x, await existingItems(ctx.db, row.projectId, [x.item.path], [x.hash]), convert);
    }
    await this.#report(outcomes.flatMap((o) => o.entries), outcomes.reduce((n, o) => n + o.annotations, 0));
  }

  /** The bytes' hash, and where to take them from; or why the image cannot be had. */
  async #hash(item: InterchangeItem): Promise<Incoming | Outcome> {
    this.ctx.signal.throwIfAborted();
    if (!item.image) return nothing(item.issues.length > 0 ? issueEntries(item, null) : [say(item.path, 'refused', 'no-image', `Labels speak of "${item.path}", which is not there.`)]);
    const object = this.received.objects.get(item.image.path);
    if (object) return { item, hash: object.sha256, source: () => ({ key: object.key }) };
    try {
      if (item.image.size <= KEEP_BYTES) {
        const bytes = await item.image.bytes(KEEP_BYTES);
        return { item, hash: createHash('sha256').update(bytes).digest('hex'), source: () => ({ body: bytes }) };
      }
      const hash = createHash('sha256');
      const { image } = item;
      for await (const chunk of image.open()) hash.update(chunk);
      return { item, hash: hash.digest('hex'), source: () => ({ body: image.open() }) };
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      return nothing([say(item.path, 'refused', 'unreadable', error.message)]);
    }
  }

  /** Decides what becomes of an item, and does it. */
  async #bring(incoming: Incoming, existing: Existing, convert: ConvertOptions): Promise<Outcome> {
    const { item, hash } = incoming;
    const { row } = this;
    const bytes = Buffer.byteLength(item.path);
    if (bytes > MAX_PATH_BYTES) return nothing([say(`${item.path.slice(0, 200)}…`, 'refused', 'path-too-long', `The path has ${bytes} bytes; ${MAX_PATH_BYTES} is the most. Shorten the names of its folders.`)]);
    const there = existing.byPath.get(item.path);
    const { annotations, issues } = convertItem(item, convert);
    const imported = (id: string, extra: Entry[] = []): Outcome => ({
      annotations: annotations.length,
      entries: [
        say(item.path, 'imported', 'imported', annotations.length > 0 ? `Imported with ${annotations.length} annotation${annotations.length === 1 ? '' : 's'}.` : item.labelled ? 'Imported, without annotations.' : 'Imported without labels.', id),
        ...extra, ...issueEntries(item, id), ...issues.map((i) => say(item.path, i.outcome, i.code, i.message, id)),
      ],
    });
    if (there && !there.trashed) {
      // Written by an earlier run of this import that did not come to its end.
      if (there.importId === row.id && there.hash === hash) return imported(there.id);
      if (there.hash === hash) return nothing([say(item.path, 'skipped', 'exists', `"${item.path}" is in the project already, with the same bytes.${item.annotations.length > 0 ? ' Its labels were not imported: what the project has stays.' : ''}`, there.id)]);
      return nothing([say(item.path, 'refused', 'path-taken', `"${item.path}" is in the project already, with other bytes. Rename the file, or move the item to the trash and erase it.`, there.id)]);
    }
    if (there && there.hash !== hash) return nothing([say(item.path, 'refused', 'path-in-trash', `An item "${item.path}" with other bytes is in the trash. Erase it for good, or rename the file.`, there.id)]);
    const twin = existing.byHash.get(hash);
    if (twin && !item.labelled) return nothing([say(item.path, 'skipped', 'same-bytes', `"${item.path}" has the same bytes as "${twin.path}" and no labels of its own.`, twin.id)]);

    const extra: Entry[] = [];
    if (there) extra.push(say(item.path, 'warning', 'restored', `"${item.path}" was in the trash and was taken out of it.`, there.id));
    if (twin?.split && item.split && twin.split !== item.split) extra.push(say(item.path, 'warning', 'split-kept', `"${item.path}" comes in the ${item.split} split, but has the same bytes as "${twin.path}" in ${twin.split}; it went there, too.`));
    try {
      const id = await this.#write(incoming, { split: twin?.split ?? item.split ?? null, annotations, restores: there?.id ?? null });
      // Equal bytes stand on one side: a side that comes with the data also counts for a twin that had none yet.
      if (twin && !twin.split && item.split) await this.ctx.db.item.updateMany({ where: { projectId: row.projectId, hash, split: null }, data: { split: item.split, splitSource: 'data' } });
      return imported(id, extra.map((e) => ({ ...e, itemId: id })));
    } catch (error) {
      if (error instanceof ImageRefused) return nothing([say(item.path, 'refused', error.reason, `"${item.path}" was not imported: ${error.message}.${item.annotations.length > 0 ? ' Its labels were left out with it.' : ''}`)]);
      if (error instanceof ItemRefused) return nothing([say(item.path, 'refused', 'annotations-refused', `"${item.path}" was not imported: ${error.message}.`)]);
      // Another import was quicker.
      if (isUnique(error)) return nothing([say(item.path, 'skipped', 'exists', `"${item.path}" was brought by another import at the same time.`)]);
      throw error;
    }
  }

  async #write({ item, hash, source }: Incoming, more: Pick<NewItem, 'split' | 'annotations' | 'restores'>): Promise<string> {
    const { ctx, row } = this;
    const author = this.#options.document === 'import' ? { authorKind: 'import' as const, authorId: row.id } : { authorKind: this.#options.document, authorId: null };
    for (let attempt = 1; ; attempt++) {
      const asset = await putAsset(ctx.db, ctx.store, { ...source(), projectId: row.projectId, sha256: hash });
      try {
        return await writeItem(ctx.db, { projectId: row.projectId, importId: row.id, path: item.path, asset, author, done: this.#options.markDone && item.labelled, userId: ctx.userId, ...more });
      } catch (error) {
        // What was found in the trash was erased meanwhile: it is made anew.
        if (isGone(error) && more.restores) more = { ...more, restores: null };
        // The asset was erased between the two: it is stored again, once.
        else if (!isForeignKey(error) || attempt > 1) throw error;
      }
    }
  }
}

type Existing = { byPath: Map<string, ExistingItem>; byHash: Map<string, ExistingItem> };
interface Outcome {
  entries: Entry[];
  annotations: number;
}
const nothing = (entries: Entry[]): Outcome => ({ entries, annotations: 0 });
const issueEntries = (item: InterchangeItem, itemId: string | null) => item.issues.map((i) => say(i.path ?? item.path, i.severity === 'error' ? 'refused' : 'warning', i.code, i.message, itemId));

const prismaCode = (error: unknown) => (error instanceof Prisma.PrismaClientKnownRequestError ? error.code : null);
const isUnique = (error: unknown) => prismaCode(error) === 'P2002';
const isGone = (error: unknown) => prismaCode(error) === 'P2025';
const isForeignKey = (error: unknown) => prismaCode(error) === 'P2003';

/** `work` of every element, at most `n` at a time, in any order; results in the elements' order. Stops at the first error. */
async function inParallel<T, R>(list: readonly T[], n: number, work: (element: T, i: number) => Promise<R>): Promise<R[]> {
  const results = new Array<R>(list.length);
  let next = 0;
  let failed = false;
  await Promise.all(
    Array.from({ length: Math.min(n, list.length) }, async () => {
      while (next < list.length && !failed) {
        const i = next++;
        try {
          results[i] = await work(list[i]!, i);
        } catch (error) {
          failed = true;
          throw error;
        }
      }
    }),
  );
  return results;
}
