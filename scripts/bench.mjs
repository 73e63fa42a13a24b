/** `npm run bench [-- words] [--json] [--list]`: see bench/README.md. */
import { spawn } from 'node:child_process';
import { build } from './build.mjs';
import { checkNode, ensureInstalled } from './lib/install.mjs';
import { fail } from './lib/output.mjs';
import { inRoot, root } from './lib/paths.mjs';

try {
  checkNode();
  const write = process.stdout.write;
  process.stdout.write = process.stderr.write.bind(process.stderr); // the output of --json is for machines
  await ensureInstalled();
  await build({ only: ['database client'] });
  process.stdout.write = write;
  const child = spawn(process.execPath, [inRoot('node_modules', 'tsx', 'dist', 'cli.mjs'), 'bench/index.ts', ...process.argv.slice(2)], { cwd: root, stdio: 'inherit' });
  child.on('exit', (code) => { process.exitCode = code ?? 1; });
} catch (error) {
  fail(error);
  process.exitCode = 1;
}
