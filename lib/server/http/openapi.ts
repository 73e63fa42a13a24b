/** The contract as OpenAPI 3.1. */
import { z } from 'zod';
import { API_PREFIX, contract } from '@/lib/api/contract';
import { errorCodes, problem } from '@/lib/api/errors';
import type { RouteContract } from '@/lib/api/route';

type Json = Record<string, unknown>;

function schemaOf(type: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema: _dialect, ...schema } = z.toJSONSchema(type, { target: 'draft-2020-12', io, unrepresentable: 'any', reused: 'inline' }) as Json;
  return schema;
}

function parametersOf(type: z.ZodObject | undefined, place: 'path' | 'query'): Json[] {
  if (!type) return [];
  const schema = schemaOf(type, 'input') as { properties?: Record<string, Json>; required?: string[] };
  return Object.entries(schema.properties ?? {}).map(([name, property]) => ({
    name, in: place, required: place === 'path' || (schema.required?.includes(name) ?? false), schema: property,
    ...(typeof property.description === 'string' && { description: property.description }),
  }));
}

const binary = { content: { '*/*': { schema: { type: 'string', format: 'binary' } } } };

function responsesOf(route: RouteContract): Json {
  const ok =
    route.response === 'empty' ? { '204': { description: 'Done' } }
    : route.response === 'events' ? { '200': { description: 'Server-sent events', content: { 'text/event-stream': { schema: { type: 'string' } } } } }
    : route.response === 'stream' ? { '200': { description: 'The bytes', ...binary } }
    : { '200': { description: 'Done', content: { 'application/json': { schema: schemaOf(route.response, 'output') } } } };
  return { ...ok, default: { $ref: '#/components/responses/Problem' } };
}

let made: Json | undefined;

/** The whole interface, made once. */
export function openApi(version: string): Json & { openapi: string } {
  made ??= build(version);
  return made as Json & { openapi: string };
}

function build(version: string): Json {
  const paths: Record<string, Json> = {};
  for (const [id, route] of Object.entries(contract) as [string, RouteContract][]) {
    const body =
      route.body === 'stream' ? { required: true, ...binary }
      : route.body ? { required: true, content: { 'application/json': { schema: schemaOf(route.body, 'input') } } }
      : undefined;
    const parameters = [...parametersOf(route.params, 'path'), ...parametersOf(route.query, 'query'), ...(route.idempotent ? [{ $ref: '#/components/parameters/IdempotencyKey' }] : [])];
    (paths[route.path] ??= {})[route.method.toLowerCase()] = {
      operationId: id, summary: route.summary, 'x-permission': route.permission,
      ...(parameters.length > 0 && { parameters }), ...(body && { requestBody: body }), responses: responsesOf(route),
      ...(route.permission === 'public' && { security: [] }),
    };
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Fieldmark', version, description: `Annotation and dataset labeling. Errors are problem documents (RFC 9457); \`code\` is one of ${Object.keys(errorCodes).join(', ')}. Long lists are paged by key: pass \`next\` back as \`cursor\`.` },
    servers: [{ url: API_PREFIX }],
    security: [{ token: [] }, { session: [] }],
    paths,
    components: {
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', description: 'An API token (fm_…) of Account, or of the file cli-token in the data folder' },
        session: { type: 'apiKey', in: 'cookie', name: 'fieldmark.session_token' },
      },
      parameters: { IdempotencyKey: { name: 'Idempotency-Key', in: 'header', required: false, schema: { type: 'string', maxLength: 200 }, description: 'The same key and body get the first answer again, for a day.' } },
      responses: { Problem: { description: 'What was wrong, where, and what to do', content: { 'application/problem+json': { schema: schemaOf(problem, 'output') } } } },
    },
  };
}
