/** Opening what was received as a dataset: which format its labels are in, and which classes the project lacks. */
import { uuidv7 } from 'uuidv7';
import { AppError } from '@/lib/api/errors';
import { detectFormats, imageInfoOf, planClasses, readerOf, scanDataset, type ClassPlan, type DatasetReading, type DatasetScan, type ImageInfo, type ReadOptions } from '@/lib/core/formats';
import type { Source } from '@/lib/core/io';
import type { LabelSchema } from '@/lib/core/labels';
import type { PrismaClient } from '@/lib/server/db/client';
import { saveSchema } from '../schema';
import { loadSchema } from '../schemaCache';
import type { ImportOptions } from '../imports';

/** Of two formats that are at least so likely, the one not read is named in the report. */
const LIKELY = 0.5;
/** The reader for images alone: it also knows splits by folder and by ImageSets. */
const IMAGES_ONLY = 'voc';

/** Size and orientation by an image's header, read once an image. */
function imageInfoReader(): NonNullable<ReadOptions['imageInfo']> {
  const known = new Map<string, Promise<ImageInfo | null>>();
  return (entry) => {
    let info = known.get(entry.path);
    // A file that cannot be unpacked is refused where its pixels are read.
    if (!info) known.set(entry.path, (info = imageInfoOf(entry).catch(() => null)));
    return info;
  };
}

export interface OpenedDataset {
  format: string;
  reading: DatasetReading;
  scan: DatasetScan;
  notes: { code: string; message: string }[];
}

/** Finds the format (when none is named) and reads the labels once, to know classes and numbers. */
export async function openDataset(source: Source, options: ImportOptions, signal: AbortSignal, onScan: (n: number) => void): Promise<OpenedDataset> {
  const notes: OpenedDataset['notes'] = [];
  let format = options.format;
  if (format === 'auto') {
    const found = await detectFormats(source);
    format = found[0]?.format.id ?? IMAGES_ONLY;
    for (const other of found.slice(1)) {
      if (other.confidence >= LIKELY) notes.push({ code: 'second-format', message: `Labels were read as ${found[0]!.format.name}. There are also ${other.format.name} files (${other.reason}); they were not read. Import again and name the format to read those.` });
    }
  } else if (format === 'images') format = IMAGES_ONLY;
  const reader = readerOf(format);
  const reading = await reader.read(source, { imageInfo: imageInfoReader(), vocFrame: options.vocFrame, signal });
  const scan = await scanDataset(reading, onScan);
  if (scan.classified > 0 && scan.annotations === 0) notes.push({ code: 'image-classes', message: `The folders could be classes of whole images (${(reading.imageClasses ?? []).slice(0, 5).join(', ')} …). A project keeps objects in images: the images were imported without these.` });
  return { format, reading, scan, notes };
}

/** Adds the classes that the project lacks to its label schema. Somebody who saves it at the same moment is waited for. */
export async function addClasses(db: PrismaClient, input: { projectId: string; userId: string | null; classes: DatasetScan['classes']; create: boolean }): Promise<{ plan: ClassPlan; schema: LabelSchema }> {
  const { projectId, userId } = input;
  for (let attempt = 1; ; attempt++) {
    const project = await db.project.findUniqueOrThrow({ where: { id: projectId }, select: { schemaVersion: true, nextClassIndex: true } });
    const schema = await loadSchema(db, projectId, project.schemaVersion);
    const plan = planClasses({ schema, nextIndex: project.nextClassIndex, classes: input.classes, create: input.create, newId: uuidv7 });
    if (plan.created.length === 0) return { plan, schema };
    try {
      const saved = await saveSchema(db, { projectId, userId, base: project.schemaVersion, schema: plan.schema });
      return { plan, schema: saved.schema };
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'conflict' || attempt === 5) throw error;
    }
  }
}

