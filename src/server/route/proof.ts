/** Gives what proves the trail: proofs, openings, and the published ledger. */
import { z } from 'zod';
import { Fault } from '../../fault/fault.ts';
import { openingsSchema, proofSchema } from '../answer.ts';
import * as parameter from '../parameter.ts';
import { noteReading } from '../reading.ts';
import { type Answer, type Call, NOTHING, route } from '../route.ts';

/** Openings of one answer. */
const OPENINGS = 1000;
/** Longest tile path: eight levels of `x000/`, with room. */
const TILE_CHARS = 128;
/** Tiles never change (tlog-tiles). */
const WEEK_S = 604_800;

const proof = route({
  method: 'GET',
  path: '/v1/events/:id/proof',
  access: 'viewer',
  summary: 'Proves that an event is in the trail, to a program that has only the public key.',
  faults: ['event.not_found', 'ledger.not_yet'],
  query: z.strictObject(parameter.tenant),
  params: parameter.eventId,
  answer: { types: ['application/json'], schema: proofSchema },
  handle: async (call) => {
    const { face, tenant, params } = call;
    const body = await face.trail.proof(tenant, params.id);
    noteReading(call, { tool: 'proof', arguments: params });
    return { kind: 'json', body };
  },
});

const openings = route({
  method: 'GET',
  path: '/v1/openings',
  access: 'viewer',
  summary: 'What opens the commitments of entries, for verification over HTTP.',
  faults: [],
  query: z.strictObject({
    ...parameter.tenant,
    from: parameter.whole({ min: 0, max: Number.MAX_SAFE_INTEGER }).default(0),
    count: parameter.whole({ min: 1, max: OPENINGS }).default(OPENINGS),
  }),
  params: NOTHING,
  answer: { types: ['application/json'], schema: openingsSchema },
  handle: async (call) => {
    const { face, tenant, query } = call;
    const found = await face.trail.openings(tenant, query.from, query.count);
    const result = { openings: found.length };
    noteReading(call, { tool: 'verify', arguments: query, result });
    return { kind: 'json', body: { openings: found } };
  },
});

const LEDGER = {
  method: 'GET',
  access: 'ledger',
  faults: ['request.not_found'],
  query: NOTHING,
} as const;
const TEXT = 'text/plain; charset=utf-8';
const BINARY = 'application/octet-stream';
const tenantParams = z.strictObject({ tenant: parameter.tenantName });

const checkpoint = route({
  ...LEDGER,
  path: '/ledger/:tenant/checkpoint',
  summary: 'The latest signed checkpoint (C2SP tlog-checkpoint).',
  params: tenantParams,
  answer: { types: [TEXT] },
  handle: async (call) => {
    const answer = await fileOf(call, { path: 'checkpoint', type: TEXT, cache: 'no-cache' });
    noteReading(call, { tool: 'verify', arguments: { file: 'checkpoint' } });
    return answer;
  },
});

const vkey = route({
  ...LEDGER,
  path: '/ledger/:tenant/vkey',
  summary: 'The key that checkpoints are signed with (C2SP signed-note).',
  params: tenantParams,
  answer: { types: [TEXT] },
  handle: (call) => fileOf(call, { path: 'vkey', type: TEXT, cache: 'no-cache' }),
});

const tile = route({
  ...LEDGER,
  path: '/ledger/:tenant/tile/*',
  summary: 'A tile or an entry bundle (C2SP tlog-tiles).',
  params: z.strictObject({
    tenant: parameter.tenantName,
    '*': z
      .string()
      .max(TILE_CHARS)
      .regex(/^(\d{1,2}|entries)(\/x\d{3})*\/\d{3}(\.p\/\d{1,3})?$/, 'is not the path of a tile'),
  }),
  answer: { types: [BINARY] },
  handle: (call) => {
    const cache = `max-age=${WEEK_S}, immutable`;
    return fileOf(call, { path: `tile/${call.params['*']}`, type: BINARY, cache });
  },
});

type Published = { readonly path: string; readonly type: string; readonly cache: string };

async function fileOf(
  { face, tenant }: Call<unknown, unknown>,
  { path, type, cache }: Published,
): Promise<Answer> {
  const bytes = await face.trail.ledgerFile(tenant, path);
  if (!bytes) throw new Fault('request.not_found', 'The ledger has no such file.');
  const shared = face.ledgerPublic ? 'public' : 'private';
  return { kind: 'bytes', bytes, type, headers: { 'cache-control': `${shared}, ${cache}` } };
}

export const proofRoutes = [proof, openings, checkpoint, vkey, tile];
