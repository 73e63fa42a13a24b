/** A server that answers by the contract, over real HTTP, from memory: enough to test what the command line asks for. */
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { createHash } from 'node:crypto';
import { API_PREFIX, contract, type Contract, type RouteId } from '@/lib/api/contract';
import { AppError, type ErrorCode } from '@/lib/api/errors';
import type { Output, RouteContract } from '@/lib/api/route';

export interface Asked {
  params: Record<string, string>;
  query: Record<string, string>;
  /** Parsed JSON, or the bytes of a streamed body. */
  body: unknown;
  bytes: Buffer;
  headers: http.IncomingHttpHeaders;
}
type Answer<K extends RouteId> = Contract[K]['response'] extends 'stream' ? Buffer : Output<Contract[K]>;
export type Answers = { [K in RouteId]?: (asked: Asked) => Answer<K> | Promise<Answer<K>> };

export class FakeServer {
  private readonly server: http.Server;
  /** Routes in the order in which they were asked. */
  readonly asked: { route: RouteId; asked: Asked }[] = [];
  url = '';
  token = 'fm_secret';

  constructor(private readonly answers: Answers) {
    this.server = http.createServer((request, response) => void this.handle(request, response));
  }
  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    this.url = `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
    return this;
  }
  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
  of(route: RouteId): Asked[] {
    return this.asked.filter((a) => a.route === route).map((a) => a.asked);
  }

  private async handle(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const bytes = Buffer.concat(chunks);
    try {
      const url = new URL(request.url!, this.url);
      const found = match(request.method!, url.pathname);
      const open = found && (contract[found.route] as RouteContract).permission === 'public';
      if (!open && request.headers.authorization !== `Bearer ${this.token}`) throw new AppError('unauthenticated', 'This token is not good.');
      const answer = found && (this.answers[found.route] as ((asked: Asked) => unknown) | undefined);
      if (!found || !answer) throw new AppError('not-found', `no answer to ${request.method} ${url.pathname}`);
      const route: RouteContract = contract[found.route];
      // What the contract would refuse, this server refuses too.
      const query = Object.fromEntries(url.searchParams);
      if (route.query) route.query.parse(query);
      const body = route.body && route.body !== 'stream' ? route.body.parse(JSON.parse(bytes.toString())) : undefined;
      const asked: Asked = { params: found.params, query, body, bytes, headers: request.headers };
      this.asked.push({ route: found.route, asked });
      const result = await answer(asked);
      if (route.response === 'stream') return void response.writeHead(200, { 'content-type': 'application/octet-stream' }).end(result as Buffer);
      if (route.response === 'empty') return void response.writeHead(204).end();
      if (typeof route.response === 'object') route.response.parse(result);
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(result));
    } catch (error) {
      const problem = error instanceof AppError ? error : new AppError('internal' as ErrorCode, error instanceof Error ? error.message : String(error));
      response.writeHead(problem.status, { 'content-type': 'application/problem+json' }).end(JSON.stringify(problem.toProblem()));
    }
  }
}

function match(method: string, pathname: string): { route: RouteId; params: Record<string, string> } | null {
  for (const id of Object.keys(contract) as RouteId[]) {
    const route: RouteContract = contract[id];
    if (route.method !== method) continue;
    const names: string[] = [];
    const pattern = new RegExp(`^${(API_PREFIX + route.path).replace(/\{(\w+)\}/g, (_, name: string) => (names.push(name), '([^/]+)'))}$`);
    const hit = pattern.exec(pathname);
    if (hit) return { route: id, params: Object.fromEntries(names.map((n, i) => [n, decodeURIComponent(hit[i + 1]!)])) };
  }
  return null;
}

export const uuid = (n: number) => `00000000-0000-7000-8000-${n.toString(16).padStart(12, '0')}`;
export const at = '2026-11-23T12:00:00.000Z';
export const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

export function projectRow(n: number, name: string): Output<Contract['project']> {
  return { id: uuid(n), name, description: '', createdAt: at, updatedAt: at, deletedAt: null, counts: { items: 12, open: 2, work: 0, done: 10, annotations: 99 }, schemaVersion: 1, guideVersion: 0, demo: false, cover: [] };
}
export function jobRow(n: number, more: Partial<Output<Contract['job']>> = {}): Output<Contract['job']> {
  return { id: uuid(n), project: uuid(1), kind: 'x', title: `Job ${n}`, state: 'done', progress: 1, message: '', data: {}, error: null, attempt: 1, cancelRequested: false, createdAt: at, startedAt: at, finishedAt: at, by: null, ...more };
}
