/** Turns what a producer sent into a complete event, or says which field is wrong and why. */
import { Fault } from '../fault/fault.ts';
import { type Event, eventSchema } from './event.ts';
import { explain } from './explain.ts';
import { fitOf } from './fit.ts';
import { timeText, utc } from './instant.ts';
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
  const fields = fromNames(input);
  const given = fields['attributes'] ?? {};
  if (!isObject(given)) return wrong('attributes', 'must be an object');
  // They may be any JSON: not looked at here, and zod would drop a key such as __proto__.
  fields['attributes'] = undefined;
  const { known: event, unknown } = sortFields(fields);
  const tenant = tenantOf(event['tenant_id'], context);
  if (tenant instanceof Fault) return tenant;
  const recorded_at = timeText(context.now_ms);
  const at = event['time'] === undefined ? { time: recorded_at } : utc(event['time']);
  if ('reason' in at) return wrong('time', at.reason);
  const { id = context.newId() } = event;
  event['id'] = typeof id === 'string' ? id.toLowerCase() : id;
  event['time'] = at.time;
  event['recorded_at'] = recorded_at;
  event['tenant_id'] = tenant;
  fillIn(event, context.producer);
  // zod is asked only what is wrong: the compiled check costs a tenth.
  const { error } = fits(event) ? {} : eventSchema.safeParse(event);
  if (error) return explain(error.issues, event);
  const attributes = joinAttributes(given, unknown);
  if (Object.keys(attributes).length > 0) event['attributes'] = attributes;
  return event as Fields as Event;
}

type Fields = Record<string, unknown>;

const fits = fitOf(eventSchema.omit({ attributes: true }));

function tenantOf(claimed: unknown, { producer, defaultTenant }: NormaliseContext): unknown {
  if (producer.tenant_id === '*') return claimed ?? defaultTenant;
  if (claimed === undefined || claimed === producer.tenant_id) return producer.tenant_id;
  return new Fault('event.tenant_foreign', 'tenant_id is not the tenant of this credential.', {
    field: 'tenant_id',
    hint: 'Leave tenant_id out, or use a token of that tenant.',
  });
}

/** What the producer's credential says, where the event does not. */
function fillIn(event: Fields, { agent, user, environment }: Producer): void {
  const named = event['agent'] ?? {};
  if (agent && isObject(named)) event['agent'] = { ...agent, ...named };
  if (user && event['user'] === undefined) event['user'] = user;
  if (environment !== undefined) event['environment'] ??= environment;
}

function wrong(field: string, reason: string): Fault {
  return new Fault('event.invalid', `${field}: ${reason}.`, { field });
}
