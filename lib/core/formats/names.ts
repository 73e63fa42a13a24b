/** File names of an export whose label files are named after their images. */
import { extensionOf, withoutExtension } from '../io';

/**
 * Gives every image a path whose stem no other has: `a.jpg` and `a.png` would share the label file `a.txt`, so the second becomes
 * `a_png.png`. Case does not tell names apart, because many file systems do not. The same items in the same order get the same names.
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
