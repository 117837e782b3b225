/** Drafts of events as every adapter makes them: ids that stay, and the rest of the record. */
import type { Draft, Event } from '../event/event.ts';
import { isObject } from '../event/name.ts';
import { Fault } from '../fault/fault.ts';
import type { AdaptContext, Adapted } from './adapter.ts';
import { eventId } from './identity.ts';
import type { Reader } from './reader.ts';
import { contained } from './record.ts';

/** What every draft of one record has in common. */
export type Origin = {
  readonly runtime: string;
  readonly kind: NonNullable<Event['source']>['kind'];
  /** The hook's or bus event's name. */
  readonly hook: string;
  /** The record as JSON text. */
  readonly text: string;
  /** When it happened, in Unix milliseconds. */
  readonly at_ms: number;
  /** Tells two equal records apart and is the same when one is delivered again. */
  readonly nonce: string;
  readonly session_id: string;
  /** What the record says of the event beside that: turn, agent, model, parent session. */
  readonly common?: Partial<Draft> | undefined;
  readonly attributes?: Readonly<Record<string, unknown>> | undefined;
};

/** What one draft says beside what every draft of its record says. */
export type Facts = Partial<Draft> &
  Pick<Draft, 'type'> & {
    /** What identifies this fact for ever; without it the record's nonce does. */
    readonly key?: string | undefined;
    /** Tells several drafts of one record apart. */
    readonly part?: string | undefined;
    /** The name in the id where several hooks tell the same fact; default: the record's hook. */
    readonly as?: string | undefined;
    /** JSON text of what was reported; default: the whole record. */
    readonly text?: string | undefined;
    /** The record without what stands in a field already: it becomes `raw`. */
    readonly rest?: unknown;
  };

/** Nothing large is stored twice and nothing is lost. */
export function draftFrom(origin: Origin, { key, part, as, text, rest, ...facts }: Facts): Draft {
  const { runtime, session_id, hook } = origin;
  return {
    id: eventId({
      scheme: `${runtime}/id/v1`,
      session_id,
      hook: as ?? hook,
      key,
      part,
      nonce: origin.nonce,
      text: text ?? origin.text,
    }),
    time: new Date(origin.at_ms).toISOString(),
    session_id,
    ...origin.common,
    agent: { runtime, ...origin.common?.agent },
    source: { kind: origin.kind, runtime },
    ...facts,
    attributes: { hook_event: hook, ...origin.attributes, ...facts.attributes },
    ...(rest === undefined ? {} : { raw: rest }),
  };
}

/** A record that an adapter has read: its handlers ask `read` for what their drafts say. */
export type Seen = {
  readonly origin: Origin;
  readonly read: Reader;
  readonly context: AdaptContext;
};

/** Drafts, or the reason why the record adds nothing to the trail. */
export type Told = readonly Draft[] | string;
export type Handler = (seen: Seen) => Told;

/** A draft whose `raw` is what nobody has asked `read` for; a second draft (`part`) has none. */
export function draftOf({ origin, read }: Seen, facts: Omit<Facts, 'rest'>): Draft {
  return draftFrom(origin, { ...facts, rest: facts.part === undefined ? read.rest() : undefined });
}

export function adaptedOf(told: Told): Adapted {
  return typeof told === 'string' ? { skipped: told } : { drafts: told };
}

/** A hook or event of a later version: what it means is not known, that it came is. */
export function unknownKind(seen: Seen): Told {
  const detail = sentence('A record that this version of Claw does not know', seen.origin.hook);
  return [draftOf(seen, { type: 'session', detail })];
}

/** A few words of the record for a sentence; the field itself stays where it is. */
export function wordsAt(read: Reader, path: string): string | undefined {
  const value = read.peek(path);
  return typeof value === 'string' ? value.slice(0, 200) : undefined;
}

/** `What happened (how).` */
export function sentence(what: string, how?: string): string {
  return how === undefined || how === '' ? `${what}.` : `${what} (${how}).`;
}

/** The runtime's error: `{code?, message?}` from a name and a text, where there is any. */
export function errorOf(code: string | undefined, message: string | undefined): Event['error'] {
  return {
    ...(code === undefined || code === '' ? {} : { code: code.slice(0, 200) }),
    ...(message === undefined ? {} : { message }),
  };
}

/** Throws `event.invalid` where the record is no JSON object. `whose`: as a sentence names it. */
export function objectIn(record: unknown, whose: string): Record<string, unknown> {
  if (isObject(record)) return record;
  throw new Fault('event.invalid', `A ${whose} record must be a JSON object.`, { field: '' });
}

/** `event.invalid` for a record without a field that it must have. */
export function missing(field: string, whose: string): Fault {
  return new Fault('event.invalid', `${field} is required in a ${whose} record.`, { field });
}

/** The moment that the record itself names, in Unix milliseconds; else when it was seen. */
export function momentIn(claimed: unknown, { now_ms }: AdaptContext): number {
  const at = typeof claimed === 'string' ? Date.parse(claimed) : claimed;
  return typeof at === 'number' && at > 0 && at <= LAST_MS ? at : now_ms;
}

/** A record that names its moment is told apart by it: a second delivery has the same one. */
export function nonceIn(claimed: unknown, { nonce, now_ms }: AdaptContext): string {
  const own = typeof claimed === 'string' || typeof claimed === 'number';
  return own ? JSON.stringify(contained(claimed)) : (nonce ?? String(now_ms));
}

/** 9999-12-31T23:59:59.999Z: the last year that RFC 3339 can write. */
const LAST_MS = 253_402_300_799_999;
