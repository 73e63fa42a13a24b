/** What a person dropped or picked, as files with their paths inside the folder. */

export interface PickedFile { path: string; file: File }

/** The parts of the browser's entry interface that are used; narrow, so that tests can stand in for it. */
export interface Entry { isFile: boolean; isDirectory: boolean; fullPath: string; name: string }
export interface FileEntry extends Entry { file(done: (file: File) => void, failed: (error: unknown) => void): void }
export interface DirectoryEntry extends Entry { createReader(): { readEntries(done: (entries: Entry[]) => void, failed: (error: unknown) => void): void } }

/** Leavings of file managers: never data. */
export function isJunk(path: string): boolean {
  const parts = path.split('/');
  const name = parts.at(-1)!;
  return parts.includes('__MACOSX') || parts.includes('.git') || name === '.DS_Store' || name === 'Thumbs.db' || name === 'desktop.ini' || name.startsWith('._');
}
export const isArchive = (path: string): boolean => /\.zip$/i.test(path);

/**
 * Reads entries with all they contain. `readEntries` gives at most a hundred at a time and is called until it gives none.
 * @throws what the browser throws when a file vanished meanwhile
 */
export async function walkEntries(roots: readonly Entry[], onFound?: (count: number) => void): Promise<PickedFile[]> {
  const found: PickedFile[] = [];
  const visit = async (entry: Entry): Promise<void> => {
    if (entry.isDirectory) {
      const reader = (entry as DirectoryEntry).createReader();
      for (;;) {
        const batch = await new Promise<Entry[]>((resolve, reject) => reader.readEntries(resolve, reject));
        if (batch.length === 0) break;
        for (const child of batch) await visit(child);
      }
    } else if (entry.isFile) {
      const path = entry.fullPath.replace(/^\/+/, '');
      if (isJunk(path)) return;
      found.push({ path, file: await new Promise<File>((resolve, reject) => (entry as FileEntry).file(resolve, reject)) });
      if (found.length % 100 === 0) onFound?.(found.length);
    }
  };
  for (const root of roots) await visit(root);
  return withoutCommonRoot(found, roots.length === 1 && roots[0]!.isDirectory);
}

/** Files of a drop. Called inside the event: the browser forgets its items afterwards. */
export function entriesOfDrop(data: { items: ArrayLike<{ kind: string; webkitGetAsEntry?: () => unknown }> }): Entry[] {
  return Array.from(data.items).filter((i) => i.kind === 'file').flatMap((i) => (i.webkitGetAsEntry?.() as Entry | null) ?? []);
}

/** Files of an input, with `webkitRelativePath` when a folder was picked. */
export function filesOfInput(files: Iterable<File>): PickedFile[] {
  const list = [...files].map((file) => ({ path: (file.webkitRelativePath || file.name).replace(/^\/+/, ''), file })).filter((f) => !isJunk(f.path));
  return withoutCommonRoot(list, list.length > 0 && list.every((f) => f.path.includes('/')));
}

/** One folder was chosen: paths begin inside it, as they do on the command line. */
function withoutCommonRoot(files: PickedFile[], oneFolder: boolean): PickedFile[] {
  const root = files[0]?.path.split('/')[0];
  if (!oneFolder || !root || !files.every((f) => f.path.startsWith(`${root}/`))) return files;
  return files.map((f) => ({ ...f, path: f.path.slice(root.length + 1) }));
}
