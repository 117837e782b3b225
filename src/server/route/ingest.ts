/** Receives events: one, an array, or one a line; a receipt each. */
import { z } from 'zod';
import { joined, mayJoin } from '../../adapter/join.ts';
import { layersOf } from '../../adapter/memory.ts';
import type { Draft } from '../../event/event.ts';
import type { Producer } from '../../event/normalise.ts';
import { CODES } from '../../fault/fault.ts';
import { ANY_TENANT } from '../../trail/credential.ts';
import type { Receipt } from '../../trail/trail.ts';
import { ingestSchema } from '../answer.ts';
import {
  type Batch,
  type BatchLimits,
  type BodyForm,
  formOf,
  type Item,
  splitBatch,
} from '../batch.ts';
import { readBody } from '../body.ts';
import type { Lease } from '../budget.ts';
import type { RawCall } from '../call.ts';
import * as parameter from '../parameter.ts';
import { type Answer, type Call, type Content, NOTHING, route } from '../route.ts';

/** What the routes that receive records take. */
export const BATCH: Content = {
  types: ['application/json', 'application/x-ndjson'],
  schema: z.union([z.record(z.string(), z.unknown()), z.array(z.unknown())]),
};

export const ingest = route({
  method: 'POST',
  path: '/v1/events',
  access: 'recorder',
  summary: 'Records events; a receipt each, in order. Idempotent by id. Takes gzip.',
  faults: ['batch.invalid', 'batch.too_large', 'event.invalid', 'event.too_large', 'queue.full'],
  body: BATCH,
  query: z.strictObject(parameter.tenant),
  params: NOTHING,
  answer: { types: ['application/json'], schema: ingestSchema },
  handle: async (call) => {
    const lease = call.face.budget.lease();
    try {
      const body = await receive(call, lease);
      return await inTurn(call, body, async () => {
        const batch = await split(call, body);
        const items = joinedItems(call, batch.items);
        const receipts = await record(call, items, producerOf(call));
        noteProxied(call, items, receipts);
        return answerOf(batch, receipts);
      });
    } finally {
      lease.end();
    }
  },
});

type Receiving = Call<{ tenant?: unknown }, unknown>;
type Joined = Item & { readonly joined?: true };

/** Calls that a hook without ids told before are recorded under the ids that were made there. */
function joinedItems({ face, tenant }: Receiving, items: readonly Item[]): readonly Joined[] {
  let layers: ReturnType<typeof layersOf> | undefined;
  return items.map((item) => {
    if (!('value' in item) || !mayJoin(item.value) || isForeign(item, tenant)) return item;
    try {
      layers ??= layersOf(face.calls.of(tenant));
      const value = joined(layers.known, item.value);
      if (value === item.value) return item;
      layers.batch.note('', value as Draft);
      return { ...item, value, joined: true };
    } catch {
      // What no event may hold: the front door says so, and the others are recorded.
      return item;
    }
  });
}

/**
 * What proxies saw of calls, and what was joined: hooks that know no ids are joined with it.
 * Others' events are not remembered, as nothing without ids stands beside them.
 */
function noteProxied(
  { face, tenant }: Receiving,
  items: readonly Joined[],
  receipts: readonly Receipt[],
): void {
  for (const [i, item] of items.entries()) {
    if (receipts[i]?.status !== 'accepted' || !('value' in item)) continue;
    if (isForeign(item, tenant)) continue;
    const { source } = Object(item.value) as { source?: { kind?: unknown } };
    if (!item.joined && !PROXIES.has(source?.kind)) continue;
    face.calls.note(tenant, item.value as Draft);
  }
}

/** A token of every tenant records for any: what one remembers is never another's. */
function isForeign({ value }: { readonly value: unknown }, tenant: string): boolean {
  const { tenant_id } = Object(value) as { tenant_id?: unknown };
  return tenant_id !== undefined && tenant_id !== tenant;
}

const PROXIES: ReadonlySet<unknown> = new Set(['model_proxy', 'mcp_proxy']);

export type Body = { readonly bytes: Buffer; readonly form: BodyForm };

/** A body of a form that is known. */
export async function receive({ request, face }: RawCall, lease: Lease): Promise<Body> {
  const form = formOf(request.headers['content-type']);
  const bytes = await readBody(request, { max_bytes: face.limits.body_bytes, lease });
  face.metrics.bytes.inc(bytes.length);
  return { bytes, form };
}

/** The records of a body, within all limits. */
export function split({ face }: RawCall, { bytes, form }: Body): Promise<Batch> {
  return splitBatch(bytes, form, face.limits satisfies BatchLimits);
}

/** Bodies from this size on wait for each other. */
const LARGE_BYTES = 256 * 1024;

/** Works on small bodies at once, on large ones a few at a time. */
export function inTurn<T>(
  { face }: RawCall,
  body: Pick<Body, 'bytes'>,
  work: () => Promise<T>,
): Promise<T> {
  return body.bytes.length < LARGE_BYTES ? work() : face.gate(work);
}

/** What the credential says about whoever sends. */
export function producerOf({ who, tenant, query }: Call<{ tenant?: unknown }, unknown>): Producer {
  const anyTenant = who?.tenant === ANY_TENANT && query.tenant === undefined;
  return {
    tenant_id: anyTenant ? ANY_TENANT : tenant,
    ...(who?.agent && { agent: who.agent }),
    ...(who?.user && { user: who.user }),
    ...(who?.environment === undefined ? {} : { environment: who.environment }),
  };
}

/** A receipt an item, in order; items that are no JSON never reach the trail. */
export async function record(
  { face }: RawCall,
  items: readonly Item[],
  producer: Producer,
): Promise<readonly Receipt[]> {
  const values = items.flatMap((item) => ('value' in item ? [item.value] : []));
  const recorded = values.length === 0 ? [] : await face.trail.ingest(values, producer);
  let next = 0;
  const receipts = items.map((item) =>
    'fault' in item
      ? ({ status: 'rejected', error: item.fault.toJSON() } as const)
      : shown(recorded[next++]),
  );
  for (const [status, same] of Map.groupBy(receipts, (receipt) => receipt.status)) {
    for (const [code, { length }] of Map.groupBy(same, codeOf)) {
      face.metrics.events.inc({ outcome: status, code }, length);
    }
  }
  return receipts;
}

function codeOf(receipt: Receipt): string {
  return receipt.status === 'rejected' ? receipt.error.code : '';
}

/** A bug's message stays inside. */
function shown(receipt: Receipt | undefined): Receipt {
  const bug = receipt?.status === 'rejected' && CODES[receipt.error.code].blame === 'internal';
  if (receipt && !bug) return receipt;
  const error = { code: 'internal.bug', message: 'Something failed inside Claw.' } as const;
  return { status: 'rejected', error };
}

function answerOf({ kind }: Batch, results: readonly Receipt[]): Answer {
  const count = (status: Receipt['status']) => results.filter((r) => r.status === status).length;
  const body = {
    results,
    accepted: count('accepted'),
    duplicates: count('duplicate'),
    rejected: count('rejected'),
  };
  const [only] = results;
  if (kind === 'many' || only?.status !== 'rejected') return { kind: 'json', body };
  const { error } = only;
  return { kind: 'json', status: CODES[error.code].status, body: { ...body, error } };
}
