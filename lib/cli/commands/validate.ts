import { Option, type Command } from 'commander';
import { formats, type DatasetIssue } from '@/lib/core/formats';
import { openDataset } from '../dataset';
import { count } from '../output';
import { FailedResult, act, command, type Frame } from '../program';

interface Options {
  format: string;
  vocFrame: 'labelimg' | 'devkit';
}

export function validateCommand(frame: Frame): Command {
  return command('validate', 'read a dataset and say what is in it and what is wrong with it (needs no server)')
    .argument('<path>', 'a folder or a .zip file')
    .addOption(new Option('--format <id>', 'format of the labels').choices(['auto', ...formats.filter((f) => f.reader).map((f) => f.id)]).default('auto'))
    .addOption(new Option('--voc-frame <frame>', 'Pascal VOC boxes: edges, or 1-based pixels').choices(['labelimg', 'devkit']).default('labelimg'))
    .action(act<Options>(frame, async (ctx, options, [given]) => {
      const dataset = await openDataset(ctx, given!, options);
      try {
        const totals = { images: 0, labelled: 0, unlabelled: 0, negative: 0, missingImages: 0, annotations: 0, classified: 0 };
        const splits: Record<string, number> = {};
        const classes = new Map<string, { name: string; kind: string; annotations: number; images: number }>();
        const imageClasses = new Map<string, number>();
        const issues: DatasetIssue[] = [];
        let n = 0;
        for await (const item of dataset.reading.items()) {
          ctx.out.progress('Reading', null, count(++n, 'image'));
          if (item.image) totals.images++;
          else totals.missingImages++;
          if (item.image && !item.labelled) totals.unlabelled++;
          if (item.image && item.labelled) totals.labelled++;
          if (item.image && item.labelled && item.annotations.length === 0) totals.negative++;
          if (item.split) splits[item.split] = (splits[item.split] ?? 0) + 1;
          totals.annotations += item.annotations.length;
          if (item.image && item.imageClasses && item.imageClasses.length > 0) totals.classified++;
          for (const name of item.imageClasses ?? []) imageClasses.set(name, (imageClasses.get(name) ?? 0) + 1);
          const here = new Set<string>();
          for (const a of item.annotations) {
            const key = `${a.class.kind} ${a.class.name}`;
            const c = classes.get(key) ?? { ...a.class, annotations: 0, images: 0 };
            c.annotations++;
            if (!here.has(key)) c.images++;
            here.add(key);
            classes.set(key, c);
          }
          issues.push(...item.issues);
        }
        issues.unshift(...dataset.reading.issues);
        const errors = issues.filter((i) => i.severity === 'error').length;
        const rows = [...classes.values()].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
        const result = { format: dataset.format.id, ...totals, splits, classes: rows, imageClasses: Object.fromEntries(imageClasses), errors, warnings: issues.length - errors, issues };

        ctx.out.line(`${dataset.format.name}: ${count(totals.images, 'image')}, ${totals.labelled} labelled (${totals.negative} without an object), ${totals.unlabelled} not; ${count(totals.annotations, 'annotation')}.`);
        if (Object.keys(splits).length > 0) ctx.out.line(`Splits: ${['train', 'val', 'test'].flatMap((s) => (splits[s] ? [`${s} ${splits[s]}`] : [])).join(', ')}.`);
        if (rows.length > 0) ctx.out.table(['class', 'kind', 'annotations', 'images'], rows.map((c) => [c.name, c.kind, c.annotations, c.images]));
        if (imageClasses.size > 0) ctx.out.table(['class of the image', 'images'], [...imageClasses]);
        for (const i of issues.slice(0, 50)) ctx.out.line(`${i.severity}: ${i.message}`);
        if (issues.length > 50) ctx.out.line(`… and ${issues.length - 50} more: --json lists them all.`);
        ctx.out.line(errors > 0 ? `${count(errors, 'error')}, ${count(result.warnings, 'warning')}.` : `No errors, ${count(result.warnings, 'warning')}.`);
        if (errors > 0) throw new FailedResult(result);
        return result;
      } finally {
        await dataset.close();
      }
    }));
}
