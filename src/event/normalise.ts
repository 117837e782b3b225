/** Turns what a producer sent into a complete event, or says which field is wrong and why. */
import { Fault } from '../fault/fault.ts';
import { type Event, eventSchema, TYPES } from './event.ts';
import { fromNames, isObject } from './name.ts';

/** What the credential and the configuration say about whoever sends. */
export type Producer = {
  /** The only tenant it may write to, or `*` for an operator, who may name any. */
  readonly tenant_id: string;
  readonly agent?: Event['agent'];
  readonly user?: Event['user'];
  readonly environment?: string;
};

/** Everything that is not in the input: time and ids come from outside, the core is pure. */
export type NormaliseContext = {
  readonly producer: Producer;
  /** Unix milliseconds: becomes `recorded_at`, and `time` where that is missing. */
  readonly now_ms: number;
  readonly newId: () => string;
  /** Where an operator (`*`) did not name the tenant. */
  readonly defaultTenant: string;
};

const KNOWN = new Set(Object.keys(eventSchema.shape));
/** Set by Claw alone: a producer's claim is kept in `attributes`. */
const OURS = new Set(['recorded_at', 'overflow']);
/** A year is written with four digits in `TIME`. */
const LATEST_MS = Date.UTC(2200, 0, 1);

/** The event, complete and strict, or the Fault that says which field is wrong. */
export function normalise(input: unknown, context: NormaliseContext): Event | Fault {
  if (!isObject(input)) {
    return new Fault('event.invalid', 'An event must be a JSON object.', { field: '' });
  }
  const { known, attributes } = split(fromNames(input));
  if (attributes instanceof Fault) return attributes;
  const tenant = tenantOf(known['tenant_id'], context);
  if (tenant instanceof Fault) return tenant;
  const recorded_at = new Date(context.now_ms).toISOString();
  const time = known['time'] === undefined ? recorded_at : utc(known['time']);
  if (time instanceof Fault) return time;
  const parsed = eventSchema.safeParse({
    ...defaults(known, context.producer),
    id: typeof known['id'] === 'string' ? known['id'].toLowerCase() : (known['id'] ?? context.newId()),
    time,
    recorded_at,
    tenant_id: tenant,
  });
  if (!parsed.success) return explain(parsed.error.issues);
  // zod drops keys such as __proto__ from records, so attributes go round it.
  return Object.keys(attributes).length === 0 ? parsed.data : { ...parsed.data, attributes };
}

function split(fields: Record<string, unknown>) {
  const known: Record<string, unknown> = {};
  const given = fields['attributes'] ?? {};
  const extra: [string, unknown][] = [];
  for (const [key, value] of Object.entries(fields)) {
    if (value === undefined || value === null || key === 'attributes') continue;
    if (KNOWN.has(key) && !OURS.has(key)) known[key] = value;
    else extra.push([key, value]);
  }
  if (!isObject(given)) return { known, attributes: wrong('attributes', 'must be an object') };
  // fromEntries defines own properties, so a key named __proto__ is data like any other.
  return { known, attributes: Object.fromEntries([...extra, ...Object.entries(given)]) };
}

function tenantOf(claimed: unknown, { producer, defaultTenant }: NormaliseContext): unknown {
  if (producer.tenant_id === '*') return claimed ?? defaultTenant;
  if (claimed === undefined || claimed === producer.tenant_id) return producer.tenant_id;
  return new Fault('event.tenant_foreign', 'tenant_id is not the tenant of this credential.', {
    field: 'tenant_id',
    hint: 'Leave tenant_id out, or use a token of that tenant.',
  });
}

function defaults(known: Record<string, unknown>, producer: Producer): Record<string, unknown> {
  const { agent, user, environment } = producer;
  const fields = { ...known };
  if (agent && isObject(known['agent'] ?? {})) fields['agent'] = { ...agent, ...(known['agent'] as object) };
  if (user && known['user'] === undefined) fields['user'] = user;
  if (environment !== undefined) fields['environment'] ??= environment;
  return fields;
}

const RFC3339 = /^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})$/;

function utc(value: unknown): string | Fault {
  const at = typeof value === 'string' && RFC3339.test(value) ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(at)) return wrong('time', 'must be RFC 3339 with a zone: 2026-01-31T14:22:33.456Z');
  if (at < 0 || at >= LATEST_MS) return wrong('time', 'must lie between 1970 and 2200');
  return new Date(at).toISOString();
}

function wrong(field: string, reason: string): Fault {
  return new Fault('event.invalid', `${field} ${reason}.`, { field });
}

type Issue = {
  readonly path: readonly PropertyKey[];
  readonly code?: string | undefined;
  readonly message: string;
  readonly maximum?: number | bigint;
};

function explain(issues: readonly Issue[]): Fault {
  const issue = issues[0] ?? { path: [], message: 'is invalid' };
  const field = issue.path.map(String).join('.');
  const missing = field === 'type' || field === 'session_id';
  const hint = field === 'type' ? { hint: `One of: ${TYPES.join(', ')}.` } : {};
  const limit = issue.code === 'too_big' ? { limit: Number(issue.maximum) } : {};
  const reason = missing && issue.code === 'invalid_type' ? 'is required' : issue.message;
  return new Fault('event.invalid', `${field}: ${reason}.`, { field, ...limit, ...hint });
}
