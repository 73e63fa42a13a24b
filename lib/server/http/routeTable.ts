import { contract, type RouteId } from '@/lib/api/contract';
import type { Method, RouteContract } from '@/lib/api/route';

interface Entry {
  id: RouteId;
  route: RouteContract;
  pattern: RegExp;
  names: string[];
}

export type Match =
  | { kind: 'found'; id: RouteId; route: RouteContract; params: Record<string, string> }
  | { kind: 'method'; allow: Method[] }
  | { kind: 'none' };

function compile(id: RouteId, route: RouteContract): Entry {
  const names: string[] = [];
  const source = route.path
    .split('/')
    .map((segment) => {
      const name = /^\{(\w+)\}$/.exec(segment)?.[1];
      if (!name) return segment.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
      names.push(name);
      return '([^/]+)';
    })
    .join('/');
  return { id, route, pattern: new RegExp(`^${source}$`), names };
}

const parameters = (entry: Entry) => entry.names.length;
const table: Entry[] = (Object.entries(contract) as [RouteId, RouteContract][])
  .map(([id, route]) => compile(id, route))
  // A path spelled out is found before one with a parameter in its place.
  .sort((a, b) => parameters(a) - parameters(b));

const seen = new Map<string, RouteId>();
for (const { id, route } of table) {
  const key = `${route.method} ${route.path.replace(/\{\w+\}/g, '{}')}`;
  if (seen.has(key)) throw new Error(`Routes "${seen.get(key)}" and "${id}" have the same address: ${key}`);
  seen.set(key, id);
}

/** The route of a method and a path below /api/v1. @throws URIError when the path is not well encoded */
export function matchRoute(method: string, path: string): Match {
  const allow = new Set<Method>();
  const wanted = method === 'HEAD' ? 'GET' : method;
  for (const entry of table) {
    const found = entry.pattern.exec(path);
    if (!found) continue;
    if (entry.route.method !== wanted) {
      allow.add(entry.route.method);
      continue;
    }
    const params = Object.fromEntries(entry.names.map((name, i) => [name, decodeURIComponent(found[i + 1]!)]));
    return { kind: 'found', id: entry.id, route: entry.route, params };
  }
  return allow.size > 0 ? { kind: 'method', allow: [...allow].sort() } : { kind: 'none' };
}
