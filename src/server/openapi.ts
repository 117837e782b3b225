/** Makes the OpenAPI 3.1 document from the table of routes: what is documented is what runs. */
import { z } from 'zod';
import { CODES, type Code } from '../fault/fault.ts';
import { components, errorSchema } from './answer.ts';
import type { Access } from './call.ts';
import type { Content, Route } from './route.ts';

type Json = Readonly<Record<string, unknown>>;

/** What any route may refuse with. */
const ALWAYS: readonly Code[] = ['request.invalid', 'internal.bug', 'server.closing'];
const GUARDED: readonly Code[] = ['request.unauthorised', 'request.forbidden'];

export function openApi(routes: readonly Route[], version: string): Json {
  const paths: Record<string, Record<string, Json>> = {};
  for (const route of routes) {
    const path = documentedPath(route.path);
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operation(route) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Claw',
      version,
      description: 'The flight recorder for AI agents: records, seals, searches and proves.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    paths,
    components: {
      schemas: namedSchemas(),
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', description: 'A token: claw_….' },
      },
    },
  };
}

/** `/v1/events/:id` as `/v1/events/{id}`; what a `*` stands for is `{path}`. */
export function documentedPath(path: string): string {
  return path.replaceAll(/:(\w+)/g, '{$1}').replace('*', '{path}');
}

function operation(route: Route): Json {
  return {
    operationId: `${route.method.toLowerCase()}${route.path.replaceAll(/\W+/g, '_')}`,
    summary: route.summary,
    security: security(route.access),
    parameters: [...parameters(route.params, 'path'), ...parameters(route.query, 'query')],
    ...(route.body && { requestBody: { required: true, content: content(route.body, 'input') } }),
    responses: {
      200: { description: 'Done.', content: content(route.answer, 'output') },
      ...failures(route),
    },
  };
}

/** An empty requirement means that no token will do, too. */
function security(access: Access): Json[] {
  if (access === 'open') return [];
  const optional = access === 'ledger' || access === 'operator';
  return optional ? [{}, { bearer: [] }] : [{ bearer: [] }];
}

function parameters(schema: z.ZodObject, place: 'path' | 'query'): Json[] {
  const { properties = {}, required = [] } = jsonSchema(schema, 'input');
  return Object.entries(properties as Record<string, Json>).map(([name, property]) => {
    const { description, ...rest } = property;
    return {
      name: name === '*' ? 'path' : name,
      in: place,
      required: place === 'path' || (required as string[]).includes(name),
      ...(description === undefined ? {} : { description }),
      schema: rest,
    };
  });
}

function content({ types, schema }: Content, io: 'input' | 'output'): Json {
  const media = schema ? { schema: reference(schema, io) } : {};
  return Object.fromEntries(types.map((type) => [type, media]));
}

/** One entry a status, which lists the codes that it may carry. */
function failures(route: Route): Json {
  const guarded = route.access === 'open' ? [] : GUARDED;
  const codes = [...new Set([...ALWAYS, ...guarded, ...route.faults])];
  const byStatus = Map.groupBy(codes, (code) => CODES[code].status);
  const entries = [...byStatus].map(([status, same]) => [
    status,
    { description: same.join(', '), content: failure(route, status) },
  ]);
  return Object.fromEntries(entries);
}

/** A single event that is rejected has its receipt beside the error. */
function failure(route: Route, status: number): Json {
  if (route.refusal) return content(route.refusal.content, 'output');
  const error = reference(errorSchema, 'output');
  const receipts = route.path === '/v1/events' && route.method === 'POST' && status >= 400;
  const schema =
    receipts && route.answer.schema
      ? { anyOf: [error, reference(route.answer.schema, 'output')] }
      : error;
  return { 'application/json': { schema } };
}

function reference(schema: z.ZodType, io: 'input' | 'output'): Json {
  const id = components.get(schema)?.id;
  return id === undefined ? jsonSchema(schema, io) : { $ref: `#/components/schemas/${id}` };
}

function jsonSchema(schema: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema, ...rest } = z.toJSONSchema(schema, { io });
  return rest;
}

function namedSchemas(): Json {
  const uri = (id: string) => `#/components/schemas/${id}`;
  const { schemas } = z.toJSONSchema(components, { uri });
  return Object.fromEntries(
    Object.entries(schemas).map(([id, { $schema, $id, ...rest }]) => [id, rest]),
  );
}
