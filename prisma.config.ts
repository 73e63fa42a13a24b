import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { defineConfig } from 'prisma/config';

// Where Prisma's own engine could not be downloaded (a closed network), the one that runs as WebAssembly does its work.
const require = createRequire(path.resolve('package.json'));
const engines = path.dirname(createRequire(require.resolve('prisma/package.json')).resolve('@prisma/engines/package.json'));
const nativeEngine = existsSync(engines) && readdirSync(engines).some((name) => name.startsWith('schema-engine-'));
if (!nativeEngine) process.env['PRISMA_SCHEMA_ENGINE_BINARY'] ??= path.resolve('scripts/schema-engine.mjs');

export default defineConfig({
  schema: 'prisma/schema.prisma',
  migrations: { path: 'prisma/migrations' },
  datasource: { url: process.env['DATABASE_URL'] ?? '' },
});
