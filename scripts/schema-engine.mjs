#!/usr/bin/env node
/**
 * Stands in for Prisma's native schema engine where that could not be downloaded: the same command line and JSON-RPC
 * over standard input and output, carried out by @prisma/schema-engine-wasm over @prisma/adapter-pg.
 * The Prisma CLI starts it when PRISMA_SCHEMA_ENGINE_BINARY names it; prisma.config.ts does that.
 */
import { readFileSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { pathToFileURL } from 'node:url';
import { adapterFactory, createDatabase, databaseName, dropDatabase, probe } from './lib/schema-engine-database.mjs';

const require = createRequire(realpathSync(process.argv[1]));

/** Log lines the CLI understands, one JSON object each. */
function log(level, message, fields = {}) {
  const line = { timestamp: new Date().toISOString(), level, fields: { message, ...fields }, target: 'schema_engine::logger' };
  process.stderr.write(`${JSON.stringify(line)}\n`);
}

/** Prisma's error code for what the database driver reported. */
function connectionError(error, url) {
  const { hostname, port } = new URL(url);
  const name = databaseName(url);
  switch (error.code) {
    case '3D000': return ['P1003', `Database \`${name}\` does not exist`];
    case '42P04': return ['P1009', `Database \`${name}\` already exists`];
    case '28P01':
    case '28000': return ['P1000', `Authentication failed against database server at \`${hostname}\``];
    default: return ['P1001', `Can't reach database server at \`${hostname}:${port || 5432}\`: ${error.message}`];
  }
}

async function runCommand(command, url) {
  log('INFO', 'schema engine (WebAssembly)'); // the CLI throws the first line away
  const commands = { 'can-connect-to-database': probe, 'create-database': createDatabase, 'drop-database': dropDatabase };
  try {
    if (!commands[command]) throw new Error(`Unknown command ${command}`);
    await commands[command](url);
    return 0;
  } catch (error) {
    const [code, message] = connectionError(error, url);
    log('ERROR', message, { is_panic: false, error_code: code });
    return 1;
  }
}

/** Loads the WebAssembly module the way its Node entry would, with the hook through which it reports a panic. */
async function loadEngine() {
  const entry = require.resolve('@prisma/schema-engine-wasm/schema_engine_bg');
  const folder = path.dirname(entry);
  globalThis.PRISMA_WASM_PANIC_REGISTRY = { message: '', set_message(message) { this.message = message; } };
  const glue = await import(pathToFileURL(entry));
  const bytes = readFileSync(path.join(folder, 'schema_engine_bg.wasm'));
  const { instance } = await WebAssembly.instantiate(bytes, { './schema_engine_bg.js': glue });
  glue.__wbg_set_wasm(instance.exports);
  instance.exports.__wbindgen_start();
  return glue.SchemaEngine;
}

class Rpc {
  #engine;
  #options;
  #prints = 1;
  constructor(options) { this.#options = options; }

  #write(message) { process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`); }

  /** The engine is made on the first call that needs it: `createDatabase` has no database yet to connect to. */
  #getEngine() {
    return (this.#engine ??= (async () => {
      const SchemaEngine = await loadEngine();
      const datamodels = this.#options.datamodels.map((file) => [file, readFileSync(file, 'utf8')]);
      const { bindMigrationAwareSqlAdapterFactory } = require('@prisma/driver-adapter-utils');
      const factory = bindMigrationAwareSqlAdapterFactory(await adapterFactory(this.#options.datasource));
      return SchemaEngine.new({ datamodels: datamodels.length > 0 ? datamodels : undefined }, () => undefined, factory);
    })());
  }

  async #call(method, params) {
    if (method === 'createDatabase') return { databaseName: await createDatabase(this.#options.datasource.url) };
    const engine = await this.#getEngine();
    if (method === 'getDatabaseVersion') return engine.version(params);
    if (method === 'getDatabaseDescription') return '';
    if (method === 'diff') {
      const { exitCode, stdout } = await engine.diff(params);
      if (stdout) this.#write({ id: `print-${this.#prints++}`, method: 'print', params: { content: stdout.replace(/\n$/, '') } });
      return { exitCode, stdout: null };
    }
    if (method === 'evaluateDataLoss' || method === 'createMigration') {
      // These two need the schema that the migrations amount to, which this engine has only after devDiagnostic.
      await engine.devDiagnostic({ migrationsList: params.migrationsList, filters: params.filters });
    }
    if (typeof engine[method] !== 'function') throw new Error(`The WebAssembly schema engine cannot do "${method}".`);
    return (await engine[method](params)) ?? {};
  }

  async answer(line) {
    const { id, method, params } = JSON.parse(line);
    if (!method) return;
    try {
      this.#write({ id, result: await this.#call(method, params ?? {}) });
    } catch (error) {
      const data = { is_panic: false, message: error?.message ?? String(error) };
      const code = error?.code ?? error?.error_code;
      if (code) data.error_code = code;
      if (error?.meta) data.meta = error.meta;
      this.#write({ id, error: { code: 4466, message: 'An error happened. Check the data field for details.', data } });
    }
  }
}

process.on('uncaughtException', (error) => {
  log('ERROR', String(error?.stack ?? error));
  process.exit(1);
});

const { values, positionals } = parseArgs({
  allowPositionals: true,
  strict: false,
  options: {
    datamodels: { type: 'string', multiple: true },
    datasource: { type: 'string' },
    version: { type: 'boolean' },
    'enabled-preview-features': { type: 'string' },
    'extension-types': { type: 'string' },
  },
});
const datasource = values.datasource ? JSON.parse(values.datasource) : { url: 'postgresql://localhost:1/none' };

if (values.version) {
  const manifest = path.join(path.dirname(require.resolve('@prisma/schema-engine-wasm/schema_engine_bg')), 'package.json');
  console.log(`schema-engine-wasm ${JSON.parse(readFileSync(manifest, 'utf8')).version.split('.').pop()}`);
} else if (positionals[0] === 'cli') {
  process.exit(await runCommand(positionals[1], datasource.url));
} else {
  const rpc = new Rpc({ datasource, datamodels: values.datamodels ?? [] });
  let queue = Promise.resolve();
  createInterface({ input: process.stdin })
    .on('line', (line) => { queue = queue.then(() => rpc.answer(line)); })
    .on('close', () => void queue.finally(() => process.exit(0)));
}
