/** Turns what a producer sent into a complete event, or says which field is wrong and why. */
import { Fault } from '../fault/fault.ts';
import { type Event, eventSchema } from './event.ts';
import { explain } from './explain.ts';
import { utc } from './instant.ts';
import { fromNames, isObject } from './name.ts';
import { joinAttributes, sortFields } from './unknown.ts';

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

/**
 * The event, complete and strict, or the Fault that says which field is wrong. What the event
 * has no field for is in `attributes` under its dotted name. Numbers are doubles: the digits of
 * a number in the producer's JSON that a double cannot hold are lost before this is called, so
 * long integers must be sent as text.
 */
export function normalise(input: unknown, context: NormaliseContext): Event | Fault {
  if (!isObject(input)) {
    return new Fault('event.invalid', 'An event must be a JSON object.', { field: '' });
  }
  const { known, unknown } = sortFields(fromNames(input));
  const { attributes: given = {}, ...fields } = known;
  if (!isObject(given)) return wrong('attributes', 'must be an object');
  const tenant = tenantOf(fields['tenant_id'], context);
  if (tenant instanceof Fault) return tenant;
  const recorded_at = new Date(context.now_ms).toISOString();
  const at = fields['time'] === undefined ? { time: recorded_at } : utc(fields['time']);
  if ('reason' in at) return wrong('time', at.reason);
  const { id = context.newId() } = fields;
  const complete = {
    ...defaults(fields, context.producer),
    id: typeof id === 'string' ? id.toLowerCase() : id,
    time: at.time,
    recorded_at,
    tenant_id: tenant,
  };
  const parsed = eventSchema.safeParse(complete);
  if (!parsed.success) return explain(parsed.error.issues, complete);
  // zod drops keys such as __proto__ from records, so attributes go round it.
  const attributes = joinAttributes(given, unknown);
  return Object.keys(attributes).length === 0 ? parsed.data : { ...parsed.data, attributes };
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
  const named = fields['agent'] ?? {};
  if (agent && isObject(named)) fields['agent'] = { ...agent, ...named };
  if (user && fields['user'] === undefined) fields['user'] = user;
  if (environment !== undefined) fields['environment'] ??= environment;
  return fields;
}

function wrong(field: string, reason: string): Fault {
  return new Fault('event.invalid', `${field}: ${reason}.`, { field });
}
