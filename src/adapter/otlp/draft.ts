/** What every event made of a telemetry record says, whatever family the record is of. */
import { createHash } from 'node:crypto';
import type { Draft } from '../../event/event.ts';
import { LATEST_MS } from '../../event/instant.ts';
import { PART_MARK } from '../../event/part.ts';
import { type AdaptContext, type Adapted, unseenBy } from '../adapter.ts';
import { eventId } from '../identity.ts';
import { contained, fit, given, jsonOf, nameIn, textIn } from '../record.ts';
import type { Log, Span, Telemetry } from './telemetry.ts';
import type { Fields } from './value.ts';

/** One family of records: a runtime's own, or those of a convention. */
export type Family = {
  readonly owns: (record: Telemetry) => boolean;
  readonly adapt: (record: Telemetry, context: AdaptContext) => Adapted;
};

/** What a table says of one kind of record: how it is mapped, or why it is not. */
export type Mapping<R extends Telemetry> =
  | string
  | ((scene: Scene<R>) => readonly Draft[] | string);
export type Mappings<R extends Telemetry> = ReadonlyMap<string, Mapping<R>>;

/** A record, and whose it is. */
export type Scene<R extends Telemetry = Telemetry> = {
  readonly record: R;
  readonly context: AdaptContext;
  readonly runtime: string;
  readonly version?: string | undefined;
  /** The whole session. */
  readonly session_id: string;
  /** Of a sub-agent within the session. */
  readonly agent_id?: string | undefined;
  readonly agent_name?: string | undefined;
  readonly turn_id?: string | undefined;
  /** Attributes that stand elsewhere already, or say nothing of the record. */
  readonly base: readonly string[];
};

/** What a draft says beside what every draft of its record says. */
export type Facts = Partial<Draft> &
  Pick<Draft, 'type'> & {
    /** Attributes of the record that stand unchanged in a field of the draft. */
    readonly used: readonly string[];
    /** Tells several drafts of one record apart. */
    readonly part?: string;
    /** False: the rest of the record stands in another draft of it. */
    readonly whole?: boolean;
  };

/** What a table's line makes of the record. */
export function mapped<R extends Telemetry>(scene: Scene<R>, mapping: Mapping<R>): Adapted {
  const drafts = typeof mapping === 'string' ? mapping : mapping(scene);
  return typeof drafts === 'string' ? { skipped: drafts } : { drafts };
}

/** A draft with what the record itself says; what stands in no field of it is in `raw`. */
export function draftOf(scene: Scene, { used, part, whole, ...facts }: Facts): Draft {
  const { record, context, runtime, session_id, agent_id } = scene;
  const { name, kind, trace_id, span_id } = record;
  const raw = whole === false ? undefined : restOf(scene, new Set([...scene.base, ...used]));
  const inner = agent_id === undefined ? undefined : fit(`${session_id}${PART_MARK}${agent_id}`);
  return {
    id: eventId({
      scheme: 'otlp/id/v1',
      session_id,
      hook: `${kind}:${name}`,
      key: undefined,
      part,
      nonce: `${record.time_ns}/${span_id ?? ''}`,
      text: jsonOf([record.attributes, kind === 'log' ? record.body : record.end_ns]),
    }),
    time: timeOf(record.time_ns, context.now_ms),
    session_id: inner ?? session_id,
    ...(inner === undefined ? {} : { parent_session_id: session_id }),
    ...given('turn_id', scene.turn_id),
    ...(trace_id && { trace: { trace_id, ...given('span_id', span_id) } }),
    agent: {
      runtime,
      ...given('version', scene.version),
      ...given('id', agent_id),
      ...given('name', scene.agent_name),
    },
    source: { kind: 'otel', runtime, ...given('version', scene.version) },
    ...facts,
    attributes: {
      otel_signal: kind,
      ...(name === '' ? {} : { otel_name: name }),
      ...surroundings(scene),
      ...facts.attributes,
    },
    ...(raw === undefined ? {} : { raw }),
  };
}

/** A record that is kept whole and says something of the session; `what` it says, and of whom. */
export function noted(scene: Scene<Log>, what: string, whose?: string): Draft[] {
  const { name, body } = scene.record;
  const of = whose ?? (name === '' ? undefined : name);
  const said = typeof body === 'string' && body !== '' && !body.endsWith(name) ? body : undefined;
  const session = {
    type: 'session',
    operation: name === '' ? 'log' : name,
    detail: of === undefined ? `${what}.` : `${what} (${of}).`,
    ...given('content', said),
    used: typeof body === 'string' ? ['body'] : [],
  } as const;
  return [draftOf(scene, session)];
}

/** `duration_ms` of a span. */
export function spanDuration({ time_ns, end_ns }: Span): Partial<Draft> {
  const ns = BigInt(end_ns) - BigInt(time_ns);
  if (time_ns === '0' || ns < 0n) return {};
  return { duration_ms: Number(ns / 1000n) / 1000 };
}

type Unnamed = { readonly tool: string; readonly arguments: unknown; readonly id?: string };

/**
 * The id under which a call is known that the record may not name: of the calls with the same
 * tool and arguments the first that no record of this signal told of; else the record's own.
 */
export function callIdOf(scene: Scene, asked: Unnamed): string | undefined {
  const { session_id, record, context } = scene;
  const { id } = asked;
  if (id !== undefined && context.calls?.stateOf(session_id, id) !== undefined) return id;
  const witness = `otel/${record.kind}`;
  const known = unseenBy(context.calls, { session_id, ...asked }, witness);
  if (known !== undefined || id !== undefined) return known ?? id;
  const told = jsonOf([record.time_ns, record.span_id ?? null, asked.tool, asked.arguments]);
  return `otel-${createHash('sha256').update(told).digest('hex').slice(0, 24)}`;
}

/** JSON that stands in an attribute as text; the text itself where it is none. */
export function parsedIn(fields: Fields, key: string): unknown {
  const value = Object.hasOwn(fields, key) ? fields[key] : undefined;
  if (typeof value !== 'string' || !/^\s*[[{"]/.test(value)) return value;
  try {
    return contained(JSON.parse(value));
  } catch {
    return value;
  }
}

/** The first of the attributes that names something, of the record or of its resource. */
export function nameOf({ attributes, resource }: Telemetry, keys: readonly string[]) {
  for (const fields of [attributes, resource]) {
    for (const key of keys) {
      const name = nameIn(fields, key);
      if (name !== undefined) return name;
    }
  }
  return undefined;
}

/** What of the resource says where it ran; the rest is the same in every record of a process. */
function surroundings({ record: { resource, withheld } }: Scene): Record<string, unknown> {
  const host = textIn(resource, 'host.name');
  const service = nameIn(resource, 'service.name');
  const own = Object.entries(resource).filter(([key]) => !NOISE.test(key));
  return {
    ...given('service', service),
    ...given('host', host),
    ...(own.length > 0 ? { resource: contained(Object.fromEntries(own)) } : {}),
    ...(withheld.length > 0 ? { withheld } : {}),
  };
}

const NOISE =
  /^(?:host\.|os\.|telemetry\.|service\.(?:name|version|instance\.id)$|session\.id$|env$)/;

/** What of a record no field of the draft holds. */
function restOf({ record }: Scene, gone: ReadonlySet<string>): unknown {
  const left = Object.entries(record.attributes).filter(([key]) => !gone.has(key));
  const { kind } = record;
  const rest = {
    ...(left.length > 0 ? { attributes: Object.fromEntries(left) } : {}),
    ...(kind === 'log' && record.body !== null && !gone.has('body') ? { body: record.body } : {}),
    ...(kind === 'log' && record.severity > 0 ? { severity: record.severity } : {}),
    ...(kind === 'span' && record.events.length > 0 && !gone.has('events')
      ? { events: record.events }
      : {}),
    ...(kind === 'span' && record.parent_span_id && { parent_span_id: record.parent_span_id }),
  };
  return Object.keys(rest).length > 0 ? contained(rest) : undefined;
}

/** Unix nanoseconds as RFC 3339; now, where the record does not say or cannot be believed. */
export function timeOf(nanos: string, now_ms: number): string {
  const ms = Number(BigInt(nanos) / 1_000_000n);
  return new Date(ms > 0 && ms < LATEST_MS ? ms : now_ms).toISOString();
}
