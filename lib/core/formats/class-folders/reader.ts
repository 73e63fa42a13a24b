/** Class folders: the name of an image's folder is its class. See README.md. */
import { comparePaths, extensionOf, fileName, type Source, type SourceEntry } from '../../io';
import { DatasetError, type DatasetIssue, type DatasetReading, type FormatDetection, type FormatReader, type InterchangeItem, type ReadOptions } from '../dataset';
import { finishItem, unlabelledItem } from '../finish';
import { isHidden } from '../images';
import { classFolders } from './layout';
import { LIST_FILE } from './writer';

export const classFoldersReader: FormatReader = { id: 'class-folders', detect, read };

/** Files that may lie beside class folders without being labels of some other format. */
const OTHER_FILES = /^(readme|licen[cs]e|copying|source|notice|credits|attribution|changelog|classes|index)(\.\w+)?$/i;

async function detect(source: Source): Promise<FormatDetection> {
  const entries = await source.list();
  const { images, classes } = classFolders(entries);
  const no = (reason: string): FormatDetection => ({ confidence: 0, reason });
  if (classes.length < 2) return no('there are no folders that could be classes');
  const isImage = new Set(images.map((i) => i.entry.path));
  const other = entries.find((e) => !isHidden(e.path) && !isImage.has(e.path) && e.path !== LIST_FILE && !isPortable(e) && !OTHER_FILES.test(fileName(e.path)) && extensionOf(e.path) !== 'md');
  if (other) return no(`there are other files, such as "${other.path}"`);
  const inFolder = images.filter((i) => i.className !== null).length;
  if (inFolder < images.length * 0.9) return no('many images lie outside of class folders');
  // Pictures are kept in folders for many reasons: anything that has labels is likelier.
  const split = images.some((i) => i.split);
  return { confidence: split || entries.some((e) => e.path === LIST_FILE) ? 0.5 : 0.3, reason: `${images.length} images in ${classes.length} folders${split ? ' in folders of splits' : ''}, and no label files` };
}

function isPortable(entry: SourceEntry): boolean {
  return ['pgm', 'ppm', 'pbm', 'pnm'].includes(extensionOf(entry.path));
}

async function read(source: Source, options: ReadOptions = {}): Promise<DatasetReading> {
  const { images, classes, skipped } = classFolders(await source.list());
  if (images.length === 0) throw new DatasetError('There are no images here.');
  if (classes.length === 0) throw new DatasetError('The images lie in no folders of classes: put those of each class in a folder of its own, such as train/cat/1.jpg.');
  const issues: DatasetIssue[] = [];
  if (skipped.length > 0) issues.push({ severity: 'warning', code: 'portable-maps', message: `${skipped.length} PGM or PPM files, such as "${skipped[0]!.path}", were left out: there are images of other kinds, and these are taken for their originals.` });
  const ordered = [...images].sort((a, b) => comparePaths(a.entry.path, b.entry.path));

  async function* items(): AsyncGenerator<InterchangeItem> {
    for (const { entry, className, split } of ordered) {
      options.signal?.throwIfAborted();
      yield finishItem({ ...unlabelledItem(entry), ...(className !== null && { imageClasses: [className] }), ...(split && { split }) }, options);
    }
  }
  return { classes: [], imageClasses: classes, issues, items };
}
