import { ESLint } from 'eslint';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

const eslint = new ESLint({ cwd: path.resolve('.') });
/** Faults that the lint rules find in a module of this text, were it in this folder. */
async function faultsOf(folder: string, text: string): Promise<string[]> {
  const [result] = await eslint.lintText(text, { filePath: path.resolve(folder, 'probe.ts') });
  return result!.messages.map((m) => m.ruleId ?? m.message);
}
const importing = (module: string) => `import { x } from '${module}';\nexport const y = x;\n`;

describe('the lint rule of import directions', () => {
  it.each([
    ['lib/core', '@/lib/server/events'],
    ['lib/core', '@/lib/api/errors'],
    ['lib/api', '@/lib/server/events'],
    ['lib/editor', '@/lib/api/client'],
    ['lib/server', '@/models/node'],
    ['lib/server', '@/workers/runtime/messages'],
    ['lib/cli', '@/lib/server/events'],
    ['models', '@/lib/server/events'],
    ['app', '@/models/node'],
    ['app', '@/workers/runtime/messages'],
  ])('refuses %s importing %s', async (folder, module) => {
    expect(await faultsOf(folder, importing(module))).toContain('boundaries/dependencies');
  });

  it.each([
    ['lib/server', '@/lib/core/ops'],
    ['workers', '@/models/node'],
    ['app', '@/lib/editor/document'],
    ['app', '@/models/browser'],
  ])('lets %s import %s', async (folder, module) => {
    expect(await faultsOf(folder, importing(module))).not.toContain('boundaries/dependencies');
  });

  it('keeps Node, the canvas and deep-learning runtimes where they belong', async () => {
    expect(await faultsOf('lib/core', importing('node:fs'))).toContain('no-restricted-imports');
    expect(await faultsOf('lib/editor', importing('konva'))).toContain('no-restricted-imports');
    expect(await faultsOf('lib/server', importing('onnxruntime-node'))).toContain('no-restricted-imports');
    expect(await faultsOf('app', importing('@tensorflow/tfjs'))).toContain('no-restricted-imports');
  });

  it('lets nothing but its engine load ONNX Runtime at once', async () => {
    const rule = 'no-restricted-syntax';
    for (const module of ['onnxruntime-node', '../ortEngine', '@/models/node/ortEngine']) expect(await faultsOf('models/node/import', importing(module))).toContain(rule);
    expect(await faultsOf('workers/jobs', importing('onnxruntime-node'))).toContain(rule);
    expect(await faultsOf('models/node', "import type { Tensor } from 'onnxruntime-node';\nexport type { Tensor };\nexport const ort = () => import('onnxruntime-node');\n")).toEqual([]);
    // Its types alone, named one by one, would leave an import of nothing, which loads it, too.
    expect(await faultsOf('models/node', "import { type Tensor } from 'onnxruntime-node';\nexport type { Tensor };\n")).toContain(rule);
  });
});
