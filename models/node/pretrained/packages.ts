/** Where the trained networks lie that npm packages bring along. */
import { createRequire } from 'node:module';
import path from 'node:path';

/** The folder of model files of `@vladmandic/human` (MIT). Throws when the package is not installed. */
export function humanModels(): string {
  // The package names no folder of its models, but its entry: dist/human.node.js.
  const entry = createRequire(import.meta.url).resolve('@vladmandic/human');
  return path.join(path.dirname(entry), '..', 'models');
}
