/** What a model says of images, written as it comes: a JSON list, or a folder of label images. */
import fs from 'node:fs/promises';
import path from 'node:path';
import { planClasses, writerOf, type ManifestItem } from '@/lib/core/formats';
import { maskToString } from '@/lib/core/masks';
import { FolderSink } from '@/lib/server/archives';
import type { ModelDesign, PredictedLabel } from '@/models/node';
import type { OutputFolder } from '../folders';
import type { PredictedImage } from '../training/results';

/** Hands each value on as soon as it is there; resolves once it is written. */
export type Produce<T> = (put: (value: T) => Promise<void>) => Promise<void>;

/** Writes a list, or an object whose last member `images` is the list, as it comes; the file appears when it is whole. */
export async function writeJsonList(file: string, head: Record<string, unknown> | null, produce: Produce<readonly Record<string, unknown>[]>): Promise<void> {
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

/**
 * Writes a segmenter's masks as label images, with the writer of the format `masks`: in `testannot/` the class of each pixel (the place
 * of the class in the model plus 1; 0 where there is none), in `testinstances/` the object of each pixel. Of masks that overlap the
 * better lies on top.
 */
export async function writeMasks(target: OutputFolder, classes: ModelDesign['classes'], produce: Produce<PredictedImage>): Promise<void> {
  let ids = 0;
  const newId = () => `00000000-0000-7000-8000-${(++ids).toString(16).padStart(12, '0')}`;
  const plan = planClasses({ schema: { classes: [] }, nextIndex: 0, classes: classes.map((c) => ({ name: c.name, kind: 'mask' as const })), create: true, newId });
  const classOf = new Map(classes.map((c) => [c.id, plan.resolve({ name: c.name, kind: 'mask' })?.id]));
  const annotation = (label: PredictedLabel): ManifestItem['annotations'] => {
    const classId = classOf.get(label.classId);
    if (label.kind !== 'mask' || classId === undefined) return [];
    return [{ id: newId(), classId, geometry: { kind: 'mask', v: 1, mask: maskToString(label.mask) }, attributes: {}, truncated: false, occluded: false, difficult: false, crowd: false, group: null, track: null, at: null, score: label.score, origin: null }];
  };
  const item = ({ file, width, height, labels }: PredictedImage): ManifestItem => ({
    path: file, hash: '0'.repeat(64), mime: 'application/octet-stream', width, height, orientation: 1, split: 'test', annotations: labels.toReversed().flatMap(annotation),
  });
  await target.fill(async (folder) => {
    const sink = new FolderSink(folder);
    await writerOf('masks').write({
      schema: plan.schema, info: { name: 'predictions' },
      async *items() {
        for await (const image of handOver(produce)) yield item(image);
      },
    }, sink);
    await sink.close();
  });
}

/** What `produce` puts, for who takes it one by one; it goes on when the one before is done with. */
export async function* handOver<T>(produce: Produce<T>): AsyncGenerator<T> {
  const waiting: { value: T; taken: () => void; refused: (why: Error) => void }[] = [];
  let wake = (): void => undefined;
  let [over, given] = [false, false];
  const work = produce((value) => new Promise<void>((taken, refused) => {
    if (given) return refused(new Error('nobody takes any more'));
    waiting.push({ value, taken, refused });
    wake();
  })).finally(() => {
    over = true;
    wake();
  });
  // What it throws is thrown below.
  work.catch(() => undefined);
  let current: (typeof waiting)[number] | undefined;
  try {
    for (;;) {
      current = waiting.shift();
      if (current) {
        yield current.value;
        current.taken();
      } else if (over) break;
      else await new Promise<void>((resolve) => (wake = resolve));
    }
    await work;
  } finally {
    given = true;
    for (const left of current ? [current, ...waiting] : waiting) left.refused(new Error('nobody takes any more'));
  }
}
