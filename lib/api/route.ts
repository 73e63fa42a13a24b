/**
 * The contract of one route: the server's dispatcher, the typed client, the command line and the OpenAPI page all come
 * from it. A route without a permission does not compile.
 */
import type { z } from 'zod';
import type { Permission } from './permissions';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** `json` bodies cross their schema; `stream` bodies are handed over unread; `events` answers with an event stream. */
export interface RouteContract {
  readonly method: Method;
  /** Below /api/v1, with `{name}` for parameters. */
  readonly path: string;
  readonly summary: string;
  readonly permission: Permission;
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodType | 'stream';
  readonly response: z.ZodType | 'stream' | 'events' | 'empty';
  /** POST routes that create take an Idempotency-Key header; the same key and body get the first answer again. */
  readonly idempotent?: boolean;
}

export function defineRoute<const R extends RouteContract>(route: R): R {
  return route;
}

type Out<T> = T extends z.ZodType ? z.output<T> : undefined;
type In<T> = T extends z.ZodType ? z.input<T> : undefined;

/** What a handler receives. */
export interface Input<R extends RouteContract> {
  params: Out<R['params']>;
  query: Out<R['query']>;
  body: R['body'] extends 'stream' ? ReadableStream<Uint8Array> : Out<R['body']>;
}
/** What a caller gives. */
export type CallInput<R extends RouteContract> = (R['params'] extends z.ZodType ? { params: In<R['params']> } : { params?: undefined }) &
  (R['query'] extends z.ZodType ? { query?: In<R['query']> } : { query?: undefined }) &
  (R['body'] extends 'stream' ? { body: BodyInit; contentType?: string } : R['body'] extends z.ZodType ? { body: In<R['body']> } : { body?: undefined });
/** What a handler answers with. */
export type Output<R extends RouteContract> = R['response'] extends z.ZodType ? z.input<R['response']> : R['response'] extends 'empty' ? void : Response;
/** What a caller gets. */
export type CallOutput<R extends RouteContract> = R['response'] extends z.ZodType ? z.output<R['response']> : R['response'] extends 'empty' ? void : Response;
