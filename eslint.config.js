// Lint rules. The part that matters most is the import direction: docs/architecture.md draws it, this file holds it.
import tseslint from 'typescript-eslint';
import boundaries from 'eslint-plugin-boundaries';
import reactHooks from 'eslint-plugin-react-hooks';

/** Which layer may import which others. A layer may always import itself. */
const allowedImports = {
  core: [],
  api: ['core'],
  editor: ['core'],
  models: ['core'],
  archives: ['core', 'api'],
  server: ['core', 'api', 'archives', 'generated'],
  workers: ['core', 'api', 'models', 'server', 'archives'],
  cli: ['core', 'api', 'models', 'archives'],
  app: ['core', 'api', 'editor', 'server', 'models-browser'],
  'models-browser': ['core', 'models'],
  generated: [],
  bench: ['core', 'api', 'editor', 'models', 'server'],
  e2e: ['core', 'api'],
};

const tests = ['**/*.test.ts', '**/*.test.tsx', 'e2e/**', '**/testing/**'];

export default tseslint.config(
  { ignores: ['node_modules/', '.next/', 'dist/', '.data/', '.cache/', 'lib/server/db/generated/', 'test-results/', 'playwright-report/', 'next-env.d.ts'] },
  ...tseslint.configs.recommended,
  {
    files: ['**/*.{ts,tsx}'],
    plugins: { boundaries, 'react-hooks': reactHooks },
    settings: {
      'import/resolver': { typescript: { alwaysTryTypes: true, project: './tsconfig.json' } },
      'boundaries/elements': [
        { type: 'generated', pattern: 'lib/server/db/generated/**', partialMatch: false },
        { type: 'core', pattern: 'lib/core/**', partialMatch: false },
        { type: 'api', pattern: 'lib/api/**', partialMatch: false },
        { type: 'editor', pattern: 'lib/editor/**', partialMatch: false },
        { type: 'archives', pattern: 'lib/server/archives/**', partialMatch: false },
        { type: 'server', pattern: 'lib/server/**', partialMatch: false },
        { type: 'cli', pattern: 'lib/cli/**', partialMatch: false },
        { type: 'models-browser', pattern: 'models/browser/**', partialMatch: false },
        { type: 'models', pattern: 'models/**', partialMatch: false },
        { type: 'workers', pattern: 'workers/**', partialMatch: false },
        { type: 'app', pattern: 'app/**', partialMatch: false },
        { type: 'bench', pattern: 'bench/**', partialMatch: false },
        { type: 'e2e', pattern: 'e2e/**', partialMatch: false },
      ],
    },
    rules: {
      'boundaries/dependencies': [
        'error',
        {
          default: 'disallow',
          policies: Object.entries(allowedImports).map(([from, allow]) => ({ from: { element: { type: from } }, allow: { to: { element: { type: [from, ...allow] } } } })),
        },
      ],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      'react-hooks/rules-of-hooks': 'error',
      'react-hooks/exhaustive-deps': 'error',
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-console': 'error',
    },
  },
  {
    // lib/core is pure: it runs in the browser, the worker and the tests alike.
    files: ['lib/core/**/*.ts'],
    ignores: tests,
    rules: {
      'no-restricted-imports': ['error', { patterns: [{ regex: '^node:', message: 'lib/core is pure: no Node modules.' }, { group: ['konva', 'react', 'react-*', '@prisma/*', 'sharp', 'onnxruntime-*', '@tensorflow/*'], message: 'lib/core is pure.' }] }],
      'no-restricted-globals': ['error', 'window', 'document', 'process', 'Buffer', 'navigator', 'localStorage', 'fetch'],
    },
  },
  {
    // The editor is framework-free; only lib/editor/render draws.
    files: ['lib/editor/**/*.ts'],
    ignores: ['lib/editor/render/**', ...tests],
    rules: {
      'no-restricted-imports': ['error', { patterns: [{ group: ['konva', 'konva/*', 'react', 'react-*'], message: 'Only lib/editor/render imports the canvas.' }] }],
    },
  },
  {
    // The web process never loads tfjs or ONNX Runtime, not even by way of the server layer.
    files: ['lib/server/**/*.ts', 'lib/api/**/*.ts', 'app/**/*.{ts,tsx}'],
    ignores: tests,
    rules: {
      'no-restricted-imports': ['error', { patterns: [{ group: ['@tensorflow/*', 'onnxruntime-*'], message: 'The web process never loads a deep-learning runtime.' }] }],
    },
  },
  {
    // ONNX Runtime's native library may be missing: what imports it at once could not fall back to tfjs. `import type { X }` loads
    // nothing; `import { type X }` leaves an import of the module behind.
    files: ['models/**/*.ts', 'workers/**/*.ts', 'lib/cli/**/*.ts'],
    ignores: ['models/node/ortEngine.ts', ...tests],
    rules: {
      'no-restricted-syntax': ['error', { selector: 'ImportDeclaration[importKind="value"][source.value=/^onnxruntime-|ortEngine$/]', message: 'Ask onnxRuntime() of models/node/onnxRuntime.ts, or engineFor(): it may be missing. Types: import type { … }.' }],
    },
  },
  {
    // Command lines and tests speak to a terminal.
    files: ['lib/cli/**', 'scripts/**', 'bench/**', ...tests],
    rules: { 'no-console': 'off' },
  },
  {
    files: tests,
    rules: { 'boundaries/dependencies': 'off' },
  },
  {
    files: ['**/*.{js,cjs,mjs}'],
    rules: { '@typescript-eslint/no-require-imports': 'off' },
  },
);
