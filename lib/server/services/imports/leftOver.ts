/** Files that no reader took up: pictures of kinds that are not read, documents, archives in the folder. */
import { extensionOf, hasImageExtension, type Source } from '@/lib/core/io';
import { headOf } from '@/lib/core/formats';
import { isHidden } from '@/lib/core/formats/images';
import { sniffImage } from '@/lib/core/media';
import type { ReportEntry } from '@/lib/server/repositories/imports';

/** What readers look at, and what comes with datasets; they say themselves what they could not use. */
const LABEL_FILES = new Set(['xml', 'txt', 'json', 'jsonl', 'ndjson', 'yaml', 'yml', 'csv', 'tsv', 'names', 'data', 'cache', 'md', 'license', 'log', 'html', 'ini', 'cfg']);
const PAGE = 100;

/** Report entries for the files of a source that are neither images by name nor labels, a page at a time. */
export async function* leftOverEntries(source: Source, signal: AbortSignal): AsyncGenerator<ReportEntry[]> {
  let page: ReportEntry[] = [];
  for await (const file of source) {
    signal.throwIfAborted();
    const extension = extensionOf(file.path);
    if (hasImageExtension(file.path) || isHidden(file.path) || LABEL_FILES.has(extension) || extension === '') continue;
    const found = sniffImage(await headOf(file));
    const entry = (outcome: 'refused' | 'skipped', code: string, message: string): ReportEntry => ({ path: file.path, outcome, code, message, itemId: null });
    if (!('error' in found)) page.push(entry('refused', 'wrong-extension', `"${file.path}" was not imported: it is a ${found.type.toUpperCase()} image, but its name does not end so. Rename it.`));
    else if (found.type) page.push(entry('refused', 'unsupported', `"${file.path}" was not imported: ${found.error}.`));
    else page.push(entry('skipped', 'not-an-image', `"${file.path}" is neither an image nor a label file.`));
    if (page.length < PAGE) continue;
    yield page;
    page = [];
  }
  if (page.length > 0) yield page;
}
