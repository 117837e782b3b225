/** Reads the JSON shape of OTLP's exports, tolerantly, into logs, spans and counts of metrics. */
import { isObject } from '../../event/name.ts';
import { fit } from '../record.ts';
import { type Fields, keptOf, list, pick, plainOf } from './value.ts';

type Base = {
  /** `event.name`, or the span's own name; empty where there is none. */
  readonly name: string;
  readonly resource: Fields;
  /** Name of the instrumentation scope. */
  readonly scope: string;
  readonly attributes: Fields;
  /** Names of attributes that were left out: they may hold secrets. */
  readonly withheld: readonly string[];
  /** Lower-case hex; undefined where there is none or it is none. */
  readonly trace_id: string | undefined;
  readonly span_id: string | undefined;
  /** Unix nanoseconds as digits; `0` where unknown. For a span, when it began. */
  readonly time_ns: string;
};

export type Log = Base & {
  readonly kind: 'log';
  readonly body: unknown;
  /** 1 to 24; 0 where not given. 17 and above is an error. */
  readonly severity: number;
};

export type Span = Base & {
  readonly kind: 'span';
  readonly parent_span_id: string | undefined;
  readonly end_ns: string;
  /** 0 unset, 1 ok, 2 error. */
  readonly status: { readonly code: number; readonly message: string };
  readonly events: readonly SpanEvent[];
};

export type SpanEvent = {
  readonly name: string;
  readonly attributes: Fields;
};

/** A metric is known by its name and how many points it brings. */
export type Metric = { readonly kind: 'metric'; readonly name: string; readonly points: number };

export type Telemetry = Log | Span;

/** What is nothing of its kind, such as a log record that is no object. */
export type Broken = { readonly kind: 'broken' };

/** The log records of an `ExportLogsServiceRequest`. */
export function* logsOf(body: unknown): Generator<Log | Broken> {
  for (const { resource, scope, item } of itemsOf(body, LOGS)) {
    if (!isObject(item)) {
      yield { kind: 'broken' };
      continue;
    }
    const base = baseOf(item, { resource, scope });
    const named = base.attributes['event.name'];
    const name = typeof named === 'string' && named !== '' ? named : pick(item, 'eventName');
    const at = nanos(pick(item, 'timeUnixNano'));
    yield {
      ...base,
      kind: 'log',
      name: typeof name === 'string' ? fit(name) : '',
      time_ns: at === '0' ? nanos(pick(item, 'observedTimeUnixNano')) : at,
      body: plainOf(pick(item, 'body')),
      severity: Number(pick(item, 'severityNumber')) || 0,
    };
  }
}

/** The spans of an `ExportTraceServiceRequest`. */
export function* spansOf(body: unknown): Generator<Span | Broken> {
  for (const { resource, scope, item } of itemsOf(body, SPANS)) {
    if (!isObject(item)) {
      yield { kind: 'broken' };
      continue;
    }
    const name = pick(item, 'name');
    const status = pick(item, 'status');
    const said = isObject(status) ? status : {};
    const message = pick(said, 'message');
    yield {
      ...baseOf(item, { resource, scope }),
      kind: 'span',
      name: typeof name === 'string' ? fit(name) : '',
      parent_span_id: hex(pick(item, 'parentSpanId')),
      time_ns: nanos(pick(item, 'startTimeUnixNano')),
      end_ns: nanos(pick(item, 'endTimeUnixNano')),
      status: {
        code: STATUS_CODES.get(pick(said, 'code')) ?? 0,
        message: typeof message === 'string' ? message : '',
      },
      events: list(item, 'events').filter(isObject).map(spanEvent),
    };
  }
}

/** The metrics of an `ExportMetricsServiceRequest`. */
export function* metricsOf(body: unknown): Generator<Metric | Broken> {
  for (const { item } of itemsOf(body, METRICS)) {
    if (!isObject(item)) {
      yield { kind: 'broken' };
      continue;
    }
    const name = pick(item, 'name');
    const data = KINDS.map((kind) => pick(item, kind)).find(isObject) ?? {};
    yield {
      kind: 'metric',
      name: typeof name === 'string' ? fit(name) : '',
      points: list(data, 'dataPoints').length,
    };
  }
}

/** Whether a body is an export of this kind at all: an object whose list, if any, is one. */
export function isExport(body: unknown, { groups }: Shape): body is Fields {
  if (!isObject(body)) return false;
  const given = pick(body, groups);
  return given === undefined || Array.isArray(given);
}

export type Shape = { readonly groups: string; readonly scopes: string; readonly items: string };
export const LOGS: Shape = { groups: 'resourceLogs', scopes: 'scopeLogs', items: 'logRecords' };
export const SPANS: Shape = { groups: 'resourceSpans', scopes: 'scopeSpans', items: 'spans' };
export const METRICS: Shape = {
  groups: 'resourceMetrics',
  scopes: 'scopeMetrics',
  items: 'metrics',
};

const KINDS = ['sum', 'gauge', 'histogram', 'exponentialHistogram', 'summary'];

/** As numbers, and as the names that protobuf's JSON mapping allows. */
const STATUS_CODES: ReadonlyMap<unknown, number> = new Map<unknown, number>([
  ...([1, '1', 'STATUS_CODE_OK'] as const).map((key) => [key, 1] as const),
  ...([2, '2', 'STATUS_CODE_ERROR'] as const).map((key) => [key, 2] as const),
]);

type Place = { readonly resource: Fields; readonly scope: string };
type Item = Place & { readonly item: unknown };

function* itemsOf(body: unknown, { groups, scopes, items }: Shape): Generator<Item> {
  if (!isObject(body)) return;
  for (const group of list(body, groups).filter(isObject)) {
    const from = pick(group, 'resource');
    const resource = isObject(from) ? keptOf(list(from, 'attributes')).fields : {};
    for (const part of list(group, scopes).filter(isObject)) {
      const of = pick(part, 'scope');
      const name = isObject(of) ? pick(of, 'name') : undefined;
      const scope = typeof name === 'string' ? fit(name) : '';
      for (const item of list(part, items)) yield { resource, scope, item };
    }
  }
}

function baseOf(item: Fields, place: Place): Omit<Base, 'name' | 'time_ns'> {
  const { fields, withheld } = keptOf(list(item, 'attributes'));
  return {
    ...place,
    attributes: fields,
    withheld,
    trace_id: hex(pick(item, 'traceId')),
    span_id: hex(pick(item, 'spanId')),
  };
}

function spanEvent(event: Fields): SpanEvent {
  const name = pick(event, 'name');
  const { fields } = keptOf(list(event, 'attributes'));
  return { name: typeof name === 'string' ? fit(name) : '', attributes: fields };
}

/** 8 or 16 bytes that are not all zero. */
function hex(id: unknown): string | undefined {
  if (typeof id !== 'string' || !/^(?:[0-9a-f]{16}|[0-9a-f]{32})$/i.test(id)) return undefined;
  return /^0+$/.test(id) ? undefined : id.toLowerCase();
}

function nanos(value: unknown): string {
  const text = typeof value === 'number' ? BigInt(Math.trunc(finite(value))).toString() : value;
  return typeof text === 'string' && /^\d{1,20}$/.test(text) ? text : '0';
}

function finite(value: number): number {
  return Number.isFinite(value) ? value : 0;
}
