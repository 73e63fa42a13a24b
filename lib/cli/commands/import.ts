import fs from 'node:fs/promises';
import path from 'node:path';
import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { Option, type Command } from 'commander';
import { uuidv7 } from 'uuidv7';
import type { Client } from '@/lib/api/client';
import { AppError } from '@/lib/api/errors';
import { extensionOf, formatBytes, hasImageExtension, type SourceEntry } from '@/lib/core/io';
import { formats } from '@/lib/core/formats';
import { FolderSource } from '@/lib/server/archives';
import { allOf, findProject, requireProject } from '../lookups';
import { count } from '../output';
import { FailedResult, act, command, exitCodes, type Context, type Frame } from '../program';
import { poll } from '../wait';

interface Options {
  project: string;
  create?: boolean;
  done?: boolean;
  format: string;
  document: 'team' | 'import' | 'truth';
  vocFrame: 'labelimg' | 'devkit';
  newClasses: boolean;
}

/** Files sent besides images: labels and lists. */
const labelExtensions = new Set(['xml', 'json', 'txt', 'yaml', 'yml', 'names', 'data', 'csv', 'labels']);
/** Images that the server refuses with advice: better said there than passed over here. */
const otherImages = new Set(['heic', 'heif', 'avif', 'jp2', 'j2k', 'jxl', 'psd', 'pgm', 'ppm', 'pbm', 'svg', 'raw', 'dng', 'dcm']);
const PARALLEL = 4;
const TRIES = 4;
/** Larger files go as a stream. */
const WHOLE_BYTES = 8_000_000;

export function importCommand(frame: Frame): Command {
  return command('import', 'import a folder or a zip of images, with the labels beside them', { server: true })
    .argument('<path>', 'a folder or a .zip file')
    .requiredOption('--project <name>', 'name or id of the project')
    .option('--create', 'create the project when it does not exist')
    .option('--done', 'images with labels arrive as done')
    .addOption(new Option('--format <id>', 'format of the labels').choices(['auto', ...formats.filter((f) => f.reader).map((f) => f.id)]).default('auto'))
    .addOption(new Option('--document <whose>', 'where labels go: to the team, to a document of this import, or to ground truth').choices(['team', 'import', 'truth']).default('team'))
    .addOption(new Option('--voc-frame <frame>', 'Pascal VOC boxes: edges as LabelImg writes them, or the devkit\'s 1-based pixels').choices(['labelimg', 'devkit']).default('labelimg'))
    .option('--no-new-classes', 'leave out labels of classes that the project lacks')
    .action(act<Options>(frame, (ctx, options, [given]) => run(ctx, options, given!)));
}

async function run(ctx: Context, options: Options, given: string) {
  const full = path.resolve(ctx.environment.cwd, given);
  const stat = await fs.stat(full).catch(() => null);
  if (!stat) throw new AppError('not-found', `There is nothing at "${full}".`);
  const isArchive = stat.isFile();
  if (isArchive && extensionOf(full) !== 'zip') throw new AppError('invalid', `"${full}" is neither a folder nor a .zip file.`);

  // Everything local is looked at before anything is created on the server.
  const source = isArchive ? null : new FolderSource(full, { followLinks: true });
  const files = source ? [...(await source.list())] : [];
  const send = files.filter((f) => isWanted(f));
  if (source && send.length === 0) throw new AppError('unprocessable', `There are no images in "${full}".`);

  const client = ctx.client();
  const project = options.create ? ((await findProject(client, options.project)) ?? (await client.createProject({ body: { name: options.project } }, { idempotencyKey: uuidv7() }))) : await requireProject(client, options.project);
  const opened = await client.startImport({
    params: { project: project.id },
    body: { source: path.basename(full).slice(0, 300), options: { format: options.format, createClasses: options.newClasses, markDone: options.done === true, document: options.document, vocFrame: options.vocFrame } },
  }, { idempotencyKey: uuidv7() });
  try {
    if (source) await sendFiles(ctx, client, opened.id, send);
    else await sendArchive(ctx, client, opened.id, full, stat.size);
    await client.commitImport({ params: { id: opened.id } });
  } catch (error) {
    // What was sent so far is of no use to anybody.
    await client.cancelImport({ params: { id: opened.id } }).catch(() => undefined);
    throw error;
  }
  return report(ctx, client, project, opened.id, { notSent: files.length - send.length, links: source?.skipped ?? [] });
}

function isWanted(file: SourceEntry): boolean {
  const hidden = file.path.split('/').some((s) => s.startsWith('.') || s === '__MACOSX');
  return !hidden && (hasImageExtension(file.path) || labelExtensions.has(extensionOf(file.path)) || otherImages.has(extensionOf(file.path)));
}

async function sendFiles(ctx: Context, client: Client, id: string, files: readonly SourceEntry[]): Promise<void> {
  const total = files.reduce((sum, f) => sum + f.size, 0);
  let sent = 0;
  let done = 0;
  let next = 0;
  const worker = async () => {
    for (let file = files[next++]; file; file = files[next++]) {
      const entry = file;
      await again(ctx, async () => {
        // A stream can be read once only: each try opens its own.
        const body = entry.size > WHOLE_BYTES ? (Readable.toWeb(Readable.from(entry.open())) as unknown as ReadableStream<Uint8Array>) : ((await entry.bytes()) as Uint8Array<ArrayBuffer>);
        await client.putImportFile({ params: { id }, query: { path: entry.path }, body }, { signal: ctx.environment.signal });
      });
      sent += entry.size;
      done++;
      ctx.out.progress('Sending', total > 0 ? sent / total : 1, `${done} of ${count(files.length, 'file')}, ${formatBytes(sent)}`);
    }
  };
  const workers = Array.from({ length: PARALLEL }, worker);
  try {
    await Promise.all(workers);
  } catch (error) {
    // The other three stop at their next file; the first failure is the one to tell.
    next = files.length;
    await Promise.allSettled(workers);
    throw error;
  }
  ctx.out.progressEnd();
}

async function sendArchive(ctx: Context, client: Client, id: string, file: string, size: number): Promise<void> {
  await again(ctx, async () => {
    let sent = 0;
    const counted = async function* () {
      for await (const chunk of createReadStream(file)) {
        sent += (chunk as Buffer).length;
        ctx.out.progress('Sending', size > 0 ? sent / size : 1, formatBytes(sent));
        yield chunk as Uint8Array;
      }
    };
    await client.putImportArchive({ params: { id }, query: { name: path.basename(file).slice(0, 300) }, body: Readable.toWeb(Readable.from(counted())) as unknown as ReadableStream<Uint8Array> }, { signal: ctx.environment.signal });
  });
  ctx.out.progressEnd();
}

/** Sending a file twice replaces it, so a lost connection is no reason to give up at once. */
async function again(ctx: Context, send: () => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    ctx.environment.signal.throwIfAborted();
    try {
      return await send();
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'unavailable' || attempt === TRIES) throw error;
      await sleep(ctx.pollMs * 2 ** attempt, undefined, { signal: ctx.environment.signal });
    }
  }
}

async function report(ctx: Context, client: Client, project: { id: string; name: string }, id: string, local: { notSent: number; links: readonly { path: string; reason: string }[] }) {
  const row = await poll(ctx, async () => {
    const now = await client.importOne({ params: { id } }, { signal: ctx.environment.signal });
    if (!['queued', 'running'].includes(now.state)) return now;
    const job = now.job ? await client.job({ params: { id: now.job } }).catch(() => null) : null;
    ctx.out.progress('Importing', job?.state === 'running' ? job.progress : null, job?.state === 'running' ? job.message : 'waiting for a worker');
    return null;
  }, 'The import goes on without you; the project\'s Import page shows its report.');
  const { counts } = row;
  const remarks: { path: string; outcome: string; code: string; message: string }[] = [];
  for (const outcome of ['refused', 'warning', 'skipped'] as const) {
    for await (const e of allOf((cursor) => client.importEntries({ params: { id }, query: { outcome, limit: 500, cursor } }))) remarks.push({ path: e.path, outcome: e.outcome, code: e.code, message: e.message });
  }
  const result = { import: id, project: project.id, state: row.state, counts, notSent: local.notSent, message: row.message, entries: remarks };
  ctx.out.line(`${row.state === 'done' ? 'Imported' : `The import is ${row.state}:`} ${count(counts.imported, 'image')} with ${count(counts.annotations, 'annotation')} into "${project.name}".`);
  if (counts.warnings + counts.skipped + counts.refused > 0) ctx.out.line(`${count(counts.warnings, 'warning')}, ${counts.skipped} skipped, ${counts.refused} refused:`);
  const shown = remarks.slice(0, 20);
  for (const r of shown) ctx.out.line(`  ${r.outcome}: ${r.message.includes(r.path) ? '' : `${r.path}: `}${r.message}`);
  if (remarks.length > shown.length) ctx.out.line(`  … and ${remarks.length - shown.length} more: --json lists them all.`);
  if (local.notSent > 0) ctx.out.line(`${count(local.notSent, 'file')} of other kinds ${local.notSent === 1 ? 'was' : 'were'} not sent.`);
  for (const l of local.links.slice(0, 5)) ctx.out.line(`  not sent: ${l.path}: ${l.reason}`);
  if (row.state !== 'done') throw failed(row.message ?? `The import is ${row.state}.`, result, ctx);
  return result;
}

function failed(message: string, result: Record<string, unknown>, ctx: Context): FailedResult {
  ctx.out.note(`fieldmark: ${message}`);
  return new FailedResult(result, exitCodes.failed);
}
