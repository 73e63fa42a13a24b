/** Names of files and folders of an export. */
import { extensionOf, withoutExtension } from '../io';

/**
 * For exports whose label files are named after their images: gives every image a path whose stem no other has. `a.jpg` and `a.png`
 * would share the label file `a.txt`, so the second becomes `a_png.png`. Case does not tell names apart, because many file systems
 * do not. The same items in the same order get the same names.
 */
export class FileNames {
  private readonly used = new Set<string>();

  /** @param extension of the file as it is written, when it differs from the path's */
  take(path: string, extension = extensionOf(path)): { path: string; stem: string } {
    const base = withoutExtension(path);
    let stem = base;
    if (this.used.has(stem.toLowerCase())) stem = `${base}_${extensionOf(path)}`;
    for (let n = 2; this.used.has(stem.toLowerCase()); n++) stem = `${base}_${extensionOf(path)}_${n}`;
    this.used.add(stem.toLowerCase());
    const written = extension === extensionOf(path) ? path.slice(base.length) : `.${extension}`;
    return { path: stem + written, stem };
  }
}

/** Names of classes as names of files or folders: what a file system does not take becomes `_`, and no two are alike but for case. */
export class SafeNames {
  private readonly used = new Set<string>();

  take(name: string): string {
    const base = name.replace(/[\\/:*?"<>|\u0000-\u001f]+/g, '_').replace(/^\.+|[. ]+$/g, '') || 'class';
    let safe = base;
    for (let n = 2; this.used.has(safe.toLowerCase()); n++) safe = `${base}_${n}`;
    this.used.add(safe.toLowerCase());
    return safe;
  }
}
