import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { Option, type Command } from 'commander';
import { AppError } from '@/lib/api/errors';
import { formatBytes } from '@/lib/core/io';
import { prepareFolder } from '../folders';
import { count } from '../output';
import { act, command, group, wholeNumber, type Context, type Frame } from '../program';

export function modelCommand(frame: Frame): Command {
  const model = group('model', 'models on this machine: look inside, export');
  model.addCommand(command('summary', 'show the network of a model layer by layer (needs no server)')
    .argument('<model>', 'folder of the model')
    .option('--time', 'run the network some times, and show how long each layer takes')
    .option('--threads <number>', 'cores to use with --time (all)', wholeNumber(1, 256))
    .action(act<{ time?: boolean; threads?: number }>(frame, (ctx, o, [dir]) => summary(ctx, o, dir!))));
  model.addCommand(command('export', 'write a model for other programs (needs no server)')
    .argument('<model>', 'folder of the model')
    .addOption(new Option('--format <id>', 'onnx: one file; tfjs: a folder for TensorFlow.js').choices(['onnx', 'tfjs']).makeOptionMandatory())
    .requiredOption('--out <path>', 'file (onnx) or folder (tfjs) to write')
    .option('--batch <number>', 'images a run of the ONNX model', wholeNumber(1, 1024), 1)
    .option('--force', 'replace what is there')
    .action(act<{ format: 'onnx' | 'tfjs'; out: string; batch: number; force?: boolean }>(frame, (ctx, o, [dir]) => (o.format === 'onnx' ? exportToOnnx(ctx, o, dir!) : exportToTfjs(ctx, o, dir!)))));
  return model;
}

/** The folder of a model. @throws AppError when it is none */
async function modelFolder(ctx: Context, given: string): Promise<string> {
  const dir = path.resolve(ctx.environment.cwd, given);
  if (!(await fs.stat(path.join(dir, 'card.json')).catch(() => null))) throw new AppError('not-found', `"${dir}" is not the folder of a model: it has no card.json.`);
  return dir;
}

const millions = (n: number) => (n >= 1e9 ? `${(n / 1e9).toFixed(2)} G` : n >= 1e6 ? `${(n / 1e6).toFixed(2)} M` : n >= 1e3 ? `${(n / 1e3).toFixed(1)} k` : String(n));

async function summary(ctx: Context, o: { time?: boolean; threads?: number }, given: string) {
  const dir = await modelFolder(ctx, given);
  const { inspectModel, loadCard } = await import('@/models/node');
  const card = await loadCard(dir);
  const report = await inspectModel(dir, o.time ? { threads: o.threads ?? os.availableParallelism() } : null);
  const { totals, timing } = report;
  ctx.out.line(`${card.task}, ${card.architecture.backbone} with head ${card.architecture.head}, input ${card.inputSize.width} × ${card.inputSize.height}; ${count(card.classes.length, 'class', 'classes')}: ${card.classes.slice(0, 20).map((c) => c.name).join(', ')}${card.classes.length > 20 ? ' …' : ''}`);
  if (card.training) ctx.out.line(`Trained on ${count(card.training.images, 'image')}: ${count(card.training.steps, 'step')}, ${card.training.epochs.toFixed(1)} epochs, ${Math.round(card.training.seconds)} s, seed ${card.training.seed}.`);
  const figures = Object.entries(card.metrics?.values ?? {}).flatMap(([name, value]) => (value === null ? [] : [`${name} ${value.toFixed(4)}`]));
  if (card.metrics && figures.length > 0) ctx.out.line(`On ${count(card.metrics.images, 'image')} of the ${card.metrics.split} split: ${figures.join(', ')}.`);
  const timed = timing !== null;
  ctx.out.table(['layer', 'kind', 'output', 'parameters', 'products', ...(timed ? ['ms'] : [])], report.layers.map((l) => [l.name, l.className, l.outputShape.join('×'), l.parameters, millions(l.multiplications), ...(timed ? [l.milliseconds === null ? null : Number(l.milliseconds.toFixed(3))] : [])]));
  ctx.out.line(`${count(report.layers.length, 'layer')}, ${totals.parameters.toLocaleString('en')} parameters (${formatBytes(totals.weightBytes)}), ${millions(totals.multiplications)} multiplications an image${timing ? `, ${timing.total.toFixed(1)} ms an image on ${count(timing.threads, 'thread')} (${timing.engine})` : ''}.`);
  return { model: dir, task: card.task, classes: card.classes.map((c) => c.name), architecture: card.architecture, inputSize: card.inputSize, training: card.training, metrics: card.metrics, parameters: totals.parameters, trainable: totals.trainable, multiplications: totals.multiplications, network: report };
}

async function exportToOnnx(ctx: Context, o: { out: string; batch: number; force?: boolean }, given: string) {
  const dir = await modelFolder(ctx, given);
  const out = path.resolve(ctx.environment.cwd, o.out);
  const there = await fs.stat(out).catch(() => null);
  if (there?.isDirectory()) throw new AppError('conflict', `"${out}" is a folder: name the file to write, such as ${path.join(o.out, 'model.onnx')}.`);
  if (there && !o.force) throw new AppError('conflict', `"${out}" is there already. Choose another with --out, or let --force replace it.`);
  const { exportOnnx } = await import('@/models/node/exportModel');
  const { card, bytes, input, outputs, domains } = await exportOnnx(dir, { batch: o.batch });
  await fs.mkdir(path.dirname(out), { recursive: true });
  const temporary = `${out}.${process.pid}.new`;
  await fs.writeFile(temporary, bytes);
  await fs.rename(temporary, out);
  ctx.out.line(`Written to ${out}: ${formatBytes(bytes.length)}; input "${input.name}" ${input.type} [${input.shape.join(', ')}]; outputs ${outputs.map((p) => `"${p.name}"${p.shape.length > 0 ? ` [${p.shape.join(', ')}]` : ''}`).join(', ')}.`);
  if (domains.length > 0) ctx.out.line(`It uses operators of ${domains.join(', ')}: ONNX Runtime has them, other runtimes may not.`);
  return { model: dir, out, format: 'onnx', bytes: bytes.length, input, outputs, domains, task: card.task, classes: card.classes.map((c) => c.name), normalisation: card.normalisation, head: card.head };
}

async function exportToTfjs(ctx: Context, o: { out: string; force?: boolean }, given: string) {
  const dir = await modelFolder(ctx, given);
  const target = await prepareFolder(path.resolve(ctx.environment.cwd, o.out), o.force === true);
  const { tfjsFiles } = await import('@/models/node/exportModel');
  const { card, files, kind } = await tfjsFiles(dir);
  await target.fill(async (folder) => {
    for (const name of files) await fs.copyFile(path.join(dir, name), path.join(folder, name));
  });
  ctx.out.line(`Written to ${target.folder}: ${files.join(', ')}; ${kind === 'layers' ? 'tf.loadLayersModel' : 'tf.loadGraphModel'} reads it.`);
  return { model: dir, out: target.folder, format: 'tfjs', kind, files, task: card.task, classes: card.classes.map((c) => c.name), normalisation: card.normalisation, head: card.head };
}
