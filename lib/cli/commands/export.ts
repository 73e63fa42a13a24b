import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Option, type Command } from 'commander';
import { uuidv7 } from 'uuidv7';
import type { Client } from '@/lib/api/client';
import { AppError } from '@/lib/api/errors';
import type { VersionRow } from '@/lib/api/routes/rounds';
import { formats } from '@/lib/core/formats';
import { formatBytes } from '@/lib/core/io';
import { FolderSink, openZip } from '@/lib/server/archives';
import { findVersion, requireProject } from '../lookups';
import { count } from '../output';
import { UsageError, act, command, wholeNumber, type Context, type Frame } from '../program';
import { prepareFolder, type OutputFolder } from '../folders';
import { poll, waitForJob } from '../wait';

interface Options {
  project: string;
  format: string;
  out: string;
  version?: number;
  new?: boolean;
  images?: boolean;
  force?: boolean;
}

export function exportCommand(frame: Frame): Command {
  return command('export', 'export a frozen version of a project into a folder', { server: true })
    .requiredOption('--project <name>', 'name or id of the project')
    .addOption(new Option('--format <id>', 'format to write').choices(formats.filter((f) => f.writer).map((f) => f.id)).makeOptionMandatory())
    .requiredOption('--out <folder>', 'folder to write; it must be empty or absent')
    .option('--version <number>', 'number of the version; otherwise the newest, or a new one when there is none', wholeNumber(1, 1e9))
    .option('--new', 'freeze the images that are done now as a new version')
    .option('--images', 'write the images too')
    .option('--force', 'write into a folder that is not empty, replacing files of the same names')
    .action(act<Options>(frame, run));
}

async function run(ctx: Context, options: Options) {
  if (options.new && options.version !== undefined) throw new UsageError('--new and --version exclude each other.');
  const target = await prepareFolder(path.resolve(ctx.environment.cwd, options.out), options.force === true);
  const client = ctx.client();
  const project = await requireProject(client, options.project);
  const version = await resolveVersion(ctx, client, project.id, options);
  const made = await client.createExport({ params: { id: version.id }, body: { format: options.format, images: options.images === true } }, { idempotencyKey: uuidv7() });
  if (made.state === 'building' && made.job) await waitForJob(ctx, client, made.job, 'Writing');
  const row = await poll(ctx, async () => {
    const now = await client.exportOne({ params: { id: made.id } });
    return now.state === 'building' ? null : now;
  });
  if (row.state !== 'ready') throw new AppError('unprocessable', 'The export failed on the server. The Jobs page of the project says why.');
  const files = await download(ctx, client, row, target);
  ctx.out.line(`Exported version ${version.number} of "${project.name}" as ${options.format} to ${target.folder}: ${count(files, 'file')}, ${count(version.items, 'image')}, ${count(version.annotations, 'annotation')}.`);
  for (const loss of row.losses) ctx.out.line(`  ${loss.count} × ${loss.message}`);
  return { project: project.id, version: version.number, manifest: version.manifest, format: options.format, export: row.id, sha256: row.sha256, out: target.folder, files, items: version.items, annotations: version.annotations, losses: row.losses };
}

async function resolveVersion(ctx: Context, client: Client, project: string, options: Options): Promise<VersionRow> {
  const found = options.new ? null : await findVersion(client, project, options.version);
  const version = found ?? (await client.createVersion({ params: { project }, body: {} }, { idempotencyKey: uuidv7() }));
  if (version.state === 'ready') return version;
  if (version.job) await waitForJob(ctx, client, version.job, 'Freezing');
  const ready = await poll(ctx, async () => {
    const now = await client.version({ params: { id: version.id } });
    return now.state === 'building' ? null : now;
  });
  if (ready.state !== 'ready') throw new AppError('unprocessable', `Version ${ready.number} could not be frozen. The Jobs page of the project says why.`);
  return ready;
}

/** Downloads the zip, checks it, and unpacks it. */
async function download(ctx: Context, client: Client, row: { id: string; bytes: number | null; sha256: string | null }, target: OutputFolder): Promise<number> {
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), 'fieldmark-export-'));
  try {
    const file = path.join(folder, 'export.zip');
    const response = await client.downloadExport({ params: { id: row.id } }, { signal: ctx.environment.signal });
    if (!response.body) throw new AppError('unavailable', 'The server sent an empty answer instead of the export.');
    const hash = createHash('sha256');
    let received = 0;
    const counting = new Transform({
      transform(chunk: Buffer, _, done) {
        hash.update(chunk);
        received += chunk.length;
        ctx.out.progress('Downloading', row.bytes ? received / row.bytes : null, formatBytes(received));
        done(null, chunk);
      },
    });
    await pipeline(Readable.fromWeb(response.body as never), counting, createWriteStream(file), { signal: ctx.environment.signal });
    ctx.out.progressEnd();
    if (row.sha256 && hash.digest('hex') !== row.sha256) throw new AppError('unavailable', 'The export was damaged on its way. Run the command again.');
    const zip = await openZip(file, { maxRatio: 2000 });
    try {
      const entries = await zip.list();
      await target.fill(async (into) => {
        const sink = new FolderSink(into);
        let done = 0;
        for (const entry of entries) {
          ctx.environment.signal.throwIfAborted();
          await sink.write(entry.path, entry.open());
          ctx.out.progress('Unpacking', ++done / entries.length, `${done} of ${entries.length}`);
        }
        await sink.close();
      });
      return entries.length;
    } finally {
      await zip.close();
    }
  } finally {
    await fs.rm(folder, { recursive: true, force: true });
  }
}
