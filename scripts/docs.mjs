/** Writes the pages of docs/ that are made from the program: `node scripts/docs.mjs`. */
import { writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { bundle } from './build.mjs';
import { inRoot } from './lib/paths.mjs';

await bundle({ page: 'lib/server/config/page.ts' }, inRoot('.cache', 'docs'));
const { configurationPage } = await import(pathToFileURL(inRoot('.cache', 'docs', 'page.js')));
writeFileSync(inRoot('docs', 'configuration.md'), configurationPage());

await bundle({ cliPage: 'lib/cli/page.ts' }, inRoot('.cache', 'docs'));
const { cliPage } = await import(pathToFileURL(inRoot('.cache', 'docs', 'cliPage.js')));
writeFileSync(inRoot('docs', 'cli.md'), cliPage());
