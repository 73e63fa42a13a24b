import path from 'node:path';
import { defineConfig } from 'vitest/config';

const alias = { '@': path.resolve(import.meta.dirname) };

/**
 * Three projects, by the name of the file:
 * `*.test.ts` unit and property tests, `*.integration.test.ts` on a real database, object store and queue,
 * `*.long.test.ts` the long tier (training bars, fault campaigns, the whole corpus).
 */
export default defineConfig({
  resolve: { alias },
  test: {
    projects: [
      {
        resolve: { alias },
        test: {
          name: 'unit',
          include: ['**/*.test.ts', '**/*.test.tsx'],
          exclude: ['**/node_modules/**', '**/.next/**', 'dist/**', '.data/**', '**/*.integration.test.ts', '**/*.long.test.ts', 'e2e/**'],
          testTimeout: 30_000,
        },
      },
      {
        resolve: { alias },
        test: {
          name: 'integration',
          include: ['**/*.integration.test.ts'],
          exclude: ['**/node_modules/**', '.data/**'],
          globalSetup: ['lib/server/testing/globalSetup.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          // They mostly wait: for processes to start, for the dead to be noticed.
          maxWorkers: 2,
        },
      },
      {
        resolve: { alias },
        test: {
          name: 'long',
          include: ['**/*.long.test.ts'],
          exclude: ['**/node_modules/**', '.data/**'],
          globalSetup: ['lib/server/testing/globalSetup.ts'],
          testTimeout: 3_600_000,
          hookTimeout: 600_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
