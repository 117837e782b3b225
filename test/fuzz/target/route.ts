/** Every route of the table over a socket: method, path, parameters, headers, body, all mutated. */
import assert from 'node:assert/strict';
import { Agent, request } from 'node:http';
import fc from 'fast-check';
import { z } from 'zod';
import { errorSchema, ingestSchema } from '../../../src/server/answer.ts';
import { ROUTES } from '../../../src/server/menu.ts';
import type { Route } from '../../../src/server/route.ts';
import { openRig, type Rig } from '../../server/rig.ts';
import { newPlace } from '../../trail/place.ts';
import { discreet, type Target } from '../target.ts';

/** A request as JSON, so that it can be kept, replayed and cut down. */
type Asked = {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
};

type Answered = { readonly status: number; readonly type: string; readonly text: string };

const ODD = ['', '0', '-1', '1e9', 'null', '*', '..', '%00', '%ff', 'a'.repeat(300), '監査', '{}'];
const VALUES = [
  ...ODD,
  '50',
  'newest',
  'json',
  'csv',
  '1h',
  'tool',
  'status:blocked',
  '-2h',
  'UTC',
];
const TYPES = ['application/json', 'application/x-ndjson', 'text/plain', ''];

/** Tails do not end, and what a token's name is must not lock the fuzzer out. */
const CHOSEN = ROUTES.filter(({ path }) => path !== '/v1/tail');

export async function routes(): Promise<Target> {
  const place = newPlace();
  const trail = await place.open();
  const rig = await openRig(async () => ({ ...trail, close: place.clear }), {
    limits: { header_ms: 10_000, tails: 2 },
  });
  const { operator, recorder, viewer, approver, admin, foreigner } = rig;
  const tokens = [operator, recorder, viewer, approver, admin, foreigner];
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const recorded = new Set<string>();
  return {
    name: 'route',
    seeds: () => CHOSEN.map((route) => JSON.stringify(plain(route))),
    words: [...VALUES, '"method":"POST"', '"body":"[]"', '&limit=', '?query=', '/v1/'],
    made: askedArbitrary(),
    check: async (input) => {
      const asked = parse(input.toString());
      if (asked === undefined) return;
      const token = tokens[input.length % tokens.length] ?? '';
      const answered = await send(rig, agent, { asked, token });
      if (answered === undefined) return;
      proper(asked, answered);
      noteRecorded(asked, answered, recorded);
    },
    cost: 20,
    close: async () => {
      agent.destroy();
      await nothingLost(rig, recorded);
      await rig.close();
    },
  };
}

function plain({ method, path }: Route): Asked {
  const filled = path.replace(/:\w+|\*/g, 'x');
  return { method, path: filled, headers: { 'content-type': 'application/json' }, body: '{}' };
}

function askedArbitrary(): fc.Arbitrary<string> {
  const value = fc.oneof(fc.constantFrom(...VALUES), fc.string({ unit: 'binary', maxLength: 12 }));
  const event = fc.record(
    { type: fc.constantFrom('output', 'prompt', 'tool_call', 'x'), session_id: value },
    {
      requiredKeys: [],
    },
  );
  const body = fc.oneof(
    fc.json(),
    event.map((one) => JSON.stringify(one)),
    fc.array(event, { maxLength: 3 }).map((all) => JSON.stringify(all)),
    fc
      .record({ name: value, role: fc.constantFrom('viewer', 'admin', 'x') })
      .map((one) => JSON.stringify(one)),
  );
  return fc
    .record({
      route: fc.constantFrom(...CHOSEN),
      method: fc.option(
        fc.constantFrom('GET', 'POST', 'DELETE', 'PUT', 'PATCH', 'OPTIONS', 'HEAD'),
      ),
      segment: value,
      query: fc.array(fc.tuple(fc.option(fc.string()), fc.nat(20), value), { maxLength: 4 }),
      type: fc.constantFrom(...TYPES),
      body,
    })
    .map(({ route, method, segment, query, type, body: text }) => {
      const names = Object.keys(route.query.shape as Record<string, z.ZodType>);
      const pairs = query.map(([odd, i, text]) => [
        odd ?? names[i % (names.length || 1)] ?? 'x',
        text,
      ]);
      const path = route.path.replace(/:\w+|\*/g, encodeURIComponent(segment.toWellFormed()));
      const asked: Asked = {
        method: method ?? route.method,
        path: `${path}?${new URLSearchParams(pairs as [string, string][])}`,
        headers: { 'content-type': type },
        body: text,
      };
      return JSON.stringify(asked);
    });
}

function parse(text: string): Asked | undefined {
  try {
    const { method, path, headers = {}, body } = JSON.parse(text);
    const fits = [method, path, ...Object.values(headers)].every(
      (each) => typeof each === 'string',
    );
    if (!fits || path.startsWith('/v1/tail') || !/^[A-Z]{1,20}$/.test(method)) return undefined;
    // What no socket would carry is not the server's to refuse.
    if (/[^\x21-\x7e]/.test(path) || !path.startsWith('/')) return undefined;
    return { method, path, headers, ...(typeof body === 'string' ? { body } : {}) };
  } catch {
    return undefined;
  }
}

type Sent = { readonly asked: Asked; readonly token: string };

function send(rig: Rig, agent: Agent, { asked, token }: Sent): Promise<Answered | undefined> {
  const { method, path, body } = asked;
  return new Promise((resolve, reject) => {
    const sends = body !== undefined && !['GET', 'HEAD', 'CONNECT', 'TRACE'].includes(method);
    const headers = headersOf(asked, token);
    if (method === 'CONNECT') return resolve(undefined);
    const sent = request({ agent, port: rig.server.port, method, path, headers }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk) => chunks.push(chunk));
      answer.on('error', reject);
      answer.on('end', () => {
        const type = answer.headers['content-type'] ?? '';
        resolve({ status: answer.statusCode ?? 0, type, text: Buffer.concat(chunks).toString() });
      });
    });
    sent.on('error', reject);
    sent.end(sends ? body : undefined);
  });
}

/** Only headers that a client may set without cutting itself off. */
function headersOf({ headers }: Asked, token: string): Record<string, string> {
  const type = headers['content-type'];
  const safe = type !== undefined && /^[\x20-\x7e]*$/.test(type);
  return { authorization: `Bearer ${token}`, ...(safe && type ? { 'content-type': type } : {}) };
}

/** What the document says: the route's own answer, or a refusal below 500 with a known code. */
function proper(asked: Asked, { status, type, text }: Answered): void {
  assert.ok(status >= 200 && status < 500, `${status} ${text.slice(0, 300)}`);
  if (asked.method === 'HEAD') return;
  const path = asked.path.split('?')[0] ?? '';
  const route = ROUTES.find((one) => one.method === asked.method && patternOf(one).test(path));
  const isToken = route?.path === '/v1/tokens' && asked.method === 'POST';
  // The trail gives back what was put in; everything else must say nothing of the machine.
  if (status !== 200) discreet(text);
  if (!type.startsWith('application/json') || path === '/openapi.json') return;
  const value: unknown = JSON.parse(text);
  if (status === 200 && !isToken && !path.startsWith('/v1/export'))
    route?.answer.schema?.parse(value);
  else if (status !== 200) {
    const own = route?.refusal?.content.schema;
    if (own) own.parse(value);
    else refusal(value);
  }
}

/** JSON-RPC 2.0, section 5.1: what MCP's own library answers to what is no message. */
const rpcError = z.object({
  jsonrpc: z.literal('2.0'),
  error: z.object({ code: z.int(), message: z.string() }),
  id: z.null(),
});

function refusal(value: unknown): void {
  if (typeof value === 'object' && value !== null && 'results' in value) ingestSchema.parse(value);
  else if (typeof value === 'object' && value !== null && 'records' in value) {
    assert.ok('error' in value && 'rejected' in value);
  } else if (typeof value === 'object' && value !== null && 'jsonrpc' in value) {
    rpcError.parse(value);
  } else errorSchema.parse(value);
}

function patternOf({ path }: Route): RegExp {
  return new RegExp(`^${path.replace(/:\w+/g, '[^/]+').replace('*', '.*')}$`);
}

function noteRecorded(asked: Asked, { text }: Answered, recorded: Set<string>): void {
  if (asked.method !== 'POST' || !asked.path.startsWith('/v1/events')) return;
  if (!text.startsWith('{"results"')) return;
  for (const { status, id } of JSON.parse(text).results)
    if (status === 'accepted') recorded.add(id);
}

/** Every event that was acknowledged is in the trail, once. */
async function nothingLost(rig: Rig, recorded: ReadonlySet<string>): Promise<void> {
  const counts = new Map<string, number>();
  const { tenants } = await rig.trail.status();
  for (const { tenant } of tenants) {
    const { rows } = await rig.trail.export({ tenant });
    for await (const { facts } of rows) {
      for (const { id } of facts) counts.set(id, (counts.get(id) ?? 0) + 1);
    }
  }
  const wrong = [...recorded].filter((id) => counts.get(id) !== 1);
  assert.deepEqual(wrong, [], 'acknowledged events that are not there once');
}
