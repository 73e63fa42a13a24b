/** The images that a model is to look at. */
import { createReadStream } from 'node:fs';
import fs from 'node:fs/promises';
import path from 'node:path';
import { AppError } from '@/lib/api/errors';
import { CocoFileError, categoryFinder, imageFinder, readCocoTruth } from '@/lib/core/metrics';
import { extensionOf, hasImageExtension, sourceEntry, type SourceEntry } from '@/lib/core/io';
import type { ImageSource } from '@/models/node';
import { openSource } from '../dataset';
import { imageSourceOf } from '../training/images';

export interface Listed {
  /** As given, or relative to the folder or archive given. */
  file: string;
  /** The same, but of a single file its name alone. */
  name: string;
  /** For people: where it is. */
  place: string;
  source: ImageSource;
}

const portable = new Set(['pgm', 'ppm', 'pbm', 'pnm']);
const isImage = (e: Pick<SourceEntry, 'path'>) => (hasImageExtension(e.path) || portable.has(extensionOf(e.path))) && !e.path.split('/').some((s) => s.startsWith('.') || s === '__MACOSX');

/** An image file, or the images of a folder or an archive in order of path. What is to be closed in the end goes into `closing`. */
export async function listImages(full: string, given: string, closing: (() => Promise<void>)[]): Promise<Listed[]> {
  const stat = await fs.stat(full).catch(() => null);
  if (!stat) throw new AppError('not-found', `There is nothing at "${full}".`);
  if (stat.isFile() && extensionOf(full) !== 'zip') {
    const entry = sourceEntry(path.basename(full), stat.size, () => createReadStream(full));
    return [{ file: given, name: path.basename(full), place: full, source: imageSourceOf(entry, path.dirname(full)) }];
  }
  const { source, folder } = await openSource(full);
  closing.push(() => source.close());
  return (await source.list()).filter(isImage).map((entry) => ({ file: entry.path, name: entry.path, place: `${full}/${entry.path}`, source: imageSourceOf(entry, folder) }));
}

/**
 * Two images under one name would be one image to whoever reads the results.
 * @throws AppError that names them
 */
export function refuseCollisions(images: readonly Listed[], keyOf: (image: Listed) => string | number): void {
  const seen = new Map<string | number, Listed>();
  for (const image of images) {
    const other = seen.get(keyOf(image));
    if (other) throw new AppError('conflict', `"${other.place}" and "${image.place}" would both be "${keyOf(image)}" in the results. Give the folder that holds both, or look at them in two runs.`);
    seen.set(keyOf(image), image);
  }
}

export interface Truth {
  /** The id of an image; undefined where the truth does not list it. @throws AppError when several images have the name */
  find(file: string): string | number | undefined;
  category(name: string): number | null;
}

/** A COCO ground truth, for the ids of its images and categories. @throws AppError when it is none */
export function readTruth(json: unknown, file: string): Truth {
  try {
    const truth = readCocoTruth(json, 'bbox');
    const [image, category] = [imageFinder(truth.images), categoryFinder(truth.categories)];
    return {
      category,
      find(name) {
        const found = image(name);
        if (found === 'several') throw new AppError('conflict', `"${file}" has several images of the name "${name}". Give the folder whose paths are those of the file.`);
        return found?.id;
      },
    };
  } catch (error) {
    if (error instanceof CocoFileError) throw new AppError('invalid', `"${file}" cannot be used: ${error.message}.`);
    throw error;
  }
}
