import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { formats } from '@/lib/core/formats';
import { rolePermissions } from '@/lib/api/permissions';
import { actions } from '@/lib/editor/keyboard/actions';

const root = path.join(import.meta.dirname, '..');
const pages = fs.readdirSync(import.meta.dirname, { recursive: true, encoding: 'utf8' }).filter((f) => f.endsWith('.md'));
const page = (name: string) => fs.readFileSync(path.join(import.meta.dirname, name), 'utf8');

describe('documentation', () => {
  it.each(pages)('%s: links lead somewhere, and files that it names are there', (name) => {
    const text = page(name);
    for (const [, target] of text.matchAll(/\]\((?!https?:)([^)#]+)[^)]*\)/g)) expect(fs.existsSync(path.join(import.meta.dirname, path.dirname(name), target!)), `${name} links to ${target}`).toBe(true);
    for (const [, file] of text.matchAll(/`((?:lib|models|workers|app|scripts|prisma)\/[\w./-]+)`/g)) expect(fs.existsSync(path.join(root, file!)), `${name} names ${file}`).toBe(true);
  });

  it('labelers.md: every key is one that the editor has', () => {
    const known = new Set([...actions.flatMap((a) => a.keys.map((k) => k.toLowerCase())), '1', '9' /* class keys */, 'ctrl' /* held: the select tool's hand, in lib/editor/input.ts */]);
    const table = page('labelers.md').split('## Keys')[1]!;
    for (const [, cell] of table.matchAll(/^\| (.+?) \|/gm)) for (const [, key] of cell!.matchAll(/`([^`]+)`/g)) expect(known.has(key!.toLowerCase()), `labelers.md names the key ${key}`).toBe(true);
  });

  it('managers.md: lists the roles there are', () => {
    for (const role of Object.keys(rolePermissions)) expect(page('managers.md')).toMatch(new RegExp(`\\| ${role} \\|`));
  });

  it('ml-engineers.md: lists the formats there are', () => {
    for (const f of formats.filter((x) => x.writer)) expect(page('ml-engineers.md')).toContain(`| ${f.name} |`);
  });

  it('architecture.md: its table is the import direction that the lint rule holds', () => {
    const config = fs.readFileSync(path.join(root, 'eslint.config.js'), 'utf8');
    const allowed = (layer: string) => (new RegExp(`\\b${layer}: \\[([^\\]]*)\\]`).exec(config)?.[1] ?? '?').split(',').map((s) => s.trim().replace(/'/g, '')).filter((s) => s && s !== 'generated').map((s) => (s === 'models-browser' ? '`models/browser`' : s));
    const rows = Object.fromEntries([...page('architecture.md').matchAll(/^\| `([\w/]+)` \| ([^|]+) \|/gm)].map(([, layer, imports]) => [layer!.split('/').at(-1)!, imports!.trim()]));
    expect(Object.keys(rows)).toEqual(['core', 'api', 'editor', 'models', 'archives', 'server', 'workers', 'cli', 'app']);
    for (const [layer, imports] of Object.entries(rows)) expect(imports === 'nothing' ? [] : imports.split(', '), layer).toEqual(allowed(layer));
  });
});
