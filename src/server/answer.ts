/** The schemas of what the server answers, as `/openapi.json` publishes them. */
import { z } from 'zod';
import { eventSchema, STATUSES } from '../event/event.ts';
import { CODES } from '../fault/fault.ts';
import { credentialSchema } from '../trail/credential.ts';

/** Named schemas, for references in the OpenAPI document. */
export const components = z.registry<{ id: string }>();

export function named<T extends z.ZodType>(id: string, schema: T): T {
  components.add(schema, { id });
  return schema;
}

const whole = z.int().min(0);
const text = z.string();

export const faultSchema = named(
  'Fault',
  z.strictObject({
    code: z.enum(Object.keys(CODES) as [keyof typeof CODES]),
    message: text,
    field: text.optional(),
    limit: z.number().optional(),
    column: whole.optional(),
    retry_after_s: z.number().optional(),
    hint: text.optional(),
  }),
);

export const errorSchema = named('Error', z.strictObject({ error: faultSchema }));

const receipt = named(
  'Receipt',
  z.discriminatedUnion('status', [
    z.strictObject({ status: z.literal('accepted'), id: text, index: whole }),
    z.strictObject({ status: z.literal('duplicate'), id: text, index: whole }),
    z.strictObject({ status: z.literal('rejected'), id: text.optional(), error: faultSchema }),
  ]),
);

export const ingestSchema = named(
  'Ingested',
  z.strictObject({
    results: z.array(receipt),
    accepted: whole,
    duplicates: whole,
    rejected: whole,
    error: faultSchema.optional(),
  }),
);

const fact = named(
  'Fact',
  z.looseObject({
    id: text,
    index: whole,
    time: text,
    recorded_at: text,
    type: eventSchema.shape.type.optional(),
    status: z.enum(STATUSES).optional(),
    source: eventSchema.shape.source,
  }),
);

export const rowSchema = named(
  'Row',
  z
    .looseObject(eventSchema.shape)
    .partial()
    .extend({
      id: text,
      created_at: text.optional(),
      user_id: text.optional(),
      agent_id: text.optional(),
      tokens_used: z.number().optional(),
      policy_id: text.optional(),
      index: whole,
      facts: z.array(fact),
      witnesses: z.array(text).optional(),
      erased: z.literal(true).optional(),
    }),
);

export const readTo = named(
  'ReadTo',
  z.strictObject({ indexed: whole, recorded: whole, complete: z.boolean() }),
);
const paged = { cursor: text.optional(), read_to: readTo };

export const searchSchema = named(
  'SearchResult',
  z.strictObject({ events: z.array(rowSchema), ...paged }),
);
export const countSchema = named('Count', z.strictObject({ count: whole, read_to: readTo }));
export const facetsSchema = named(
  'Facets',
  z.strictObject({
    buckets: z.array(z.strictObject({ value: text, count: whole })),
    read_to: readTo,
  }),
);
export const histogramSchema = named(
  'Histogram',
  z.strictObject({
    bars: z.array(z.strictObject({ from_ms: z.int(), count: whole })),
    interval_ms: whole,
    read_to: readTo,
  }),
);

const session = named(
  'Session',
  z.looseObject({
    session_id: text,
    parent_session_id: text.optional(),
    agent: eventSchema.shape.agent,
    user: eventSchema.shape.user,
    first_ms: z.int(),
    last_ms: z.int(),
    ended: z.boolean(),
    rows: whole,
    prompts: whole,
    calls: whole,
    statuses: z.partialRecord(z.enum(STATUSES), whole),
    title: text.optional(),
  }),
);
export const sessionsSchema = named(
  'SessionsResult',
  z.strictObject({ sessions: z.array(session), ...paged }),
);
export const timelineSchema = named(
  'TimelineResult',
  z.strictObject({ session, events: z.array(rowSchema), ...paged }),
);

export const auditSchema = named(
  'AuditLog',
  z.strictObject({
    entries: z.array(
      z.strictObject({
        id: text,
        session_id: text,
        policy_id: text.nullable(),
        tool: text.nullable(),
        status: text,
        created_at: text,
        detail: text,
        type: text,
      }),
    ),
  }),
);

export const proofSchema = named(
  'Proof',
  z.strictObject({
    proof: text,
    entry: text,
    vkey: text,
    opening: z.strictObject({ salt: text, event: text }).optional(),
  }),
);

export const openingsSchema = named(
  'Openings',
  z.strictObject({
    openings: z.array(
      z.union([
        z.strictObject({ index: whole, salt: text, event: text }),
        z.strictObject({ index: whole, problem: z.enum(['erased', 'tampered', 'missing']) }),
      ]),
    ),
  }),
);

export const statusSchema = named(
  'Status',
  z.looseObject({
    version: text,
    data: text.optional().meta({ description: 'The data folder; for operators alone.' }),
    started_at: text,
    journal: z.looseObject({ state: text, first: whole, head: whole, bytes: whole }),
    engine: z.looseObject({
      rows: whole,
      cursor: whole,
      lag: z.number(),
      failure: z.looseObject({ code: text, message: text }).optional(),
    }),
    tenants: z.array(
      z.looseObject({
        tenant: text,
        recorded: whole,
        tree_size: whole,
        checkpoint_at: text.optional(),
      }),
    ),
    queue: z.looseObject({ events: whole, limit: whole }),
  }),
);

export const healthSchema = named(
  'Health',
  z.strictObject({
    status: z.enum(['ok', 'degraded']),
    version: text,
    journal: z.enum(['open', 'full', 'failed', 'closed', 'unknown']),
    index: z.enum(['open', 'failed', 'unknown']),
    reason: text.optional(),
  }),
);

const credential = named('Token', credentialSchema);
export const tokensSchema = named('Tokens', z.strictObject({ tokens: z.array(credential) }));
export const newTokenSchema = named(
  'NewToken',
  credentialSchema.extend({ token: text.meta({ description: 'Shown this once.' }) }),
);
export const revokedSchema = named('Revoked', z.strictObject({ revoked: credential }));
