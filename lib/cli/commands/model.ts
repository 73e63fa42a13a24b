import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { Option, type Command } from 'commander';
import { formatBytes } from '@/lib/core/io';
import { prepareFile, prepareFolder, type OutputFolder } from '../folders';
import { withModels, type ModelChoice, type OpenModel } from '../models';
import { count } from '../output';
import { UsageError, act, command, group, wholeNumber, type Context, type Frame } from '../program';

interface SummaryOptions extends ModelChoice {
  time?: boolean;
  threads?: number;
}

interface ExportOptions extends ModelChoice {
  format: 'onnx' | 'tfjs';
  out: string;
  batch: number;
  force?: boolean;
}

/** A command on one model: a folder, or a model of a project. */
function ofModel(name: string, summary: string): Command {
  return command(name, summary, { server: true })
    .argument('[model]', 'folder of the model (needs no server)')
    .option('--project <name>', 'instead of a folder: name or id of a project on the server')
    .option('--model <number>', 'with --project: number of the model; otherwise the current one', wholeNumber(1, 1e9));
}

export function modelCommand(frame: Frame): Command {
  const model = group('model', 'look inside a model, export it');
  const one = <T>(ctx: Context, o: ModelChoice, given: string | undefined, run: (model: OpenModel) => Promise<T>) => {
    if (given !== undefined && o.project !== undefined) throw new UsageError('Give either the folder of a model or --project.');
    return withModels(ctx, { ...o, given }, ([first]) => run(first!));
  };
  model.addCommand(ofModel('summary', 'show the network of a model layer by layer')
    .option('--time', 'run the network some times, and show how long each layer takes')
    .option('--threads <number>', 'cores to use with --time (all)', wholeNumber(1, 256))
    .action(act<SummaryOptions>(frame, (ctx, o, [given]) => one(ctx, o, given, (m) => summary(ctx, o, m)))));
  model.addCommand(ofModel('export', 'write a model for other programs')
    .addOption(new Option('--format <id>', 'onnx: one file; tfjs: a folder for TensorFlow.js').choices(['onnx', 'tfjs']).makeOptionMandatory())
    .requiredOption('--out <path>', 'file (onnx) or folder (tfjs) to write')
    .option('--batch <number>', 'images a run of the ONNX model', wholeNumber(1, 1024), 1)
    .option('--force', 'replace what is there')
    .action(act<ExportOptions>(frame, async (ctx, o, [given]) => {
      if (o.format === 'tfjs') {
        const target = await prepareFolder(path.resolve(ctx.environment.cwd, o.out), o.force === true);
        return one(ctx, o, given, (m) => exportToTfjs(ctx, m, target));
      }
      const out = await prepareFile(path.resolve(ctx.environment.cwd, o.out), o.force === true);
      return one(ctx, o, given, (m) => exportToOnnx(ctx, o, m, out));
    })));
  return model;
}

const millions = (n: number) => (n >= 1e9 ? `${(n / 1e9).toFixed(2)} G` : n >= 1e6 ? `${(n / 1e6).toFixed(2)} M` : n >= 1e3 ? `${(n / 1e3).toFixed(1)} k` : String(n));

async function summary(ctx: Context, o: SummaryOptions, { dir, place }: OpenModel) {
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
  return { model: place, task: card.task, classes: card.classes.map((c) => c.name), architecture: card.architecture, inputSize: card.inputSize, training: card.training, metrics: card.metrics, parameters: totals.parameters, trainable: totals.trainable, multiplications: totals.multiplications, network: report };
}

async function exportToOnnx(ctx: Context, o: ExportOptions, { dir, place }: OpenModel, out: string) {
  const { exportOnnx } = await import('@/models/node/exportModel');
  const { card, bytes, input, outputs, domains } = await exportOnnx(dir, { batch: o.batch });
  await fs.mkdir(path.dirname(out), { recursive: true });
  const temporary = `${out}.${process.pid}.new`;
  await fs.writeFile(temporary, bytes);
  await fs.rename(temporary, out);
  ctx.out.line(`Written to ${out}: ${formatBytes(bytes.length)}; input "${input.name}" ${input.type} [${input.shape.join(', ')}]; outputs ${outputs.map((p) => `"${p.name}"${p.shape.length > 0 ? ` [${p.shape.join(', ')}]` : ''}`).join(', ')}.`);
  if (domains.length > 0) ctx.out.line(`It uses operators of ${domains.join(', ')}: ONNX Runtime has them, other runtimes may not.`);
  return { model: place, out, format: 'onnx', bytes: bytes.length, input, outputs, domains, task: card.task, classes: card.classes.map((c) => c.name), normalisation: card.normalisation, head: card.head };
}

async function exportToTfjs(ctx: Context, { dir, place }: OpenModel, target: OutputFolder) {
  const { tfjsFiles } = await import('@/models/node/exportModel');
  const { card, files, kind } = await tfjsFiles(dir);
  await target.fill(async (folder) => {
    for (const name of files) await fs.copyFile(path.join(dir, name), path.join(folder, name));
  });
  ctx.out.line(`Written to ${target.folder}: ${files.join(', ')}; ${kind === 'layers' ? 'tf.loadLayersModel' : 'tf.loadGraphModel'} reads it.`);
  return { model: place, out: target.folder, format: 'tfjs', kind, files, task: card.task, classes: card.classes.map((c) => c.name), normalisation: card.normalisation, head: card.head };
}
