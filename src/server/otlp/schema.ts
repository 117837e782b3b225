/**
 * The messages of OTLP 1.x that Claw reads, as data: opentelemetry-proto v1.7, `collector`,
 * `common`, `resource`, `logs`, `trace`, `metrics`. Fields that are not listed are passed over.
 */

/** How a value stands on the wire and in JSON: ids as hex, 64 bits as digits, bytes as base64. */
export type Scalar =
  | 'string'
  | 'bytes'
  | 'hex'
  | 'bool'
  | 'int32'
  | 'uint32'
  | 'int64'
  | 'fixed64'
  | 'double';

export type Field = {
  /** As OTLP's JSON names it. */
  readonly name: string;
  readonly repeated?: true;
} & ({ readonly scalar: Scalar } | { readonly message: string });

/** By message, then by field number. */
export const MESSAGES: Readonly<Record<string, Readonly<Record<number, Field>>>> = {
  LogsRequest: { 1: many('resourceLogs', 'ResourceLogs') },
  ResourceLogs: { 1: one('resource', 'Resource'), 2: many('scopeLogs', 'ScopeLogs') },
  ScopeLogs: { 1: one('scope', 'Scope'), 2: many('logRecords', 'LogRecord') },
  LogRecord: {
    1: plain('timeUnixNano', 'fixed64'),
    2: plain('severityNumber', 'int32'),
    3: plain('severityText', 'string'),
    5: one('body', 'AnyValue'),
    6: many('attributes', 'KeyValue'),
    7: plain('droppedAttributesCount', 'uint32'),
    9: plain('traceId', 'hex'),
    10: plain('spanId', 'hex'),
    11: plain('observedTimeUnixNano', 'fixed64'),
    12: plain('eventName', 'string'),
  },
  TraceRequest: { 1: many('resourceSpans', 'ResourceSpans') },
  ResourceSpans: { 1: one('resource', 'Resource'), 2: many('scopeSpans', 'ScopeSpans') },
  ScopeSpans: { 1: one('scope', 'Scope'), 2: many('spans', 'Span') },
  Span: {
    1: plain('traceId', 'hex'),
    2: plain('spanId', 'hex'),
    3: plain('traceState', 'string'),
    4: plain('parentSpanId', 'hex'),
    5: plain('name', 'string'),
    6: plain('kind', 'int32'),
    7: plain('startTimeUnixNano', 'fixed64'),
    8: plain('endTimeUnixNano', 'fixed64'),
    9: many('attributes', 'KeyValue'),
    10: plain('droppedAttributesCount', 'uint32'),
    11: many('events', 'SpanEvent'),
    12: plain('droppedEventsCount', 'uint32'),
    13: many('links', 'Link'),
    14: plain('droppedLinksCount', 'uint32'),
    15: one('status', 'Status'),
  },
  SpanEvent: {
    1: plain('timeUnixNano', 'fixed64'),
    2: plain('name', 'string'),
    3: many('attributes', 'KeyValue'),
    4: plain('droppedAttributesCount', 'uint32'),
  },
  Link: {
    1: plain('traceId', 'hex'),
    2: plain('spanId', 'hex'),
    3: plain('traceState', 'string'),
    4: many('attributes', 'KeyValue'),
  },
  Status: { 2: plain('message', 'string'), 3: plain('code', 'int32') },
  MetricsRequest: { 1: many('resourceMetrics', 'ResourceMetrics') },
  ResourceMetrics: { 1: one('resource', 'Resource'), 2: many('scopeMetrics', 'ScopeMetrics') },
  ScopeMetrics: { 1: one('scope', 'Scope'), 2: many('metrics', 'Metric') },
  Metric: {
    1: plain('name', 'string'),
    2: plain('description', 'string'),
    3: plain('unit', 'string'),
    5: one('gauge', 'Points'),
    7: one('sum', 'Points'),
    9: one('histogram', 'Points'),
    10: one('exponentialHistogram', 'Points'),
    11: one('summary', 'Points'),
  },
  /** Metrics are counted, so that points are told apart from each other and from nothing else. */
  Points: { 1: many('dataPoints', 'Point') },
  Point: {},
  Resource: {
    1: many('attributes', 'KeyValue'),
    2: plain('droppedAttributesCount', 'uint32'),
  },
  Scope: {
    1: plain('name', 'string'),
    2: plain('version', 'string'),
    3: many('attributes', 'KeyValue'),
  },
  KeyValue: { 1: plain('key', 'string'), 2: one('value', 'AnyValue') },
  AnyValue: {
    1: plain('stringValue', 'string'),
    2: plain('boolValue', 'bool'),
    3: plain('intValue', 'int64'),
    4: plain('doubleValue', 'double'),
    5: one('arrayValue', 'ArrayValue'),
    6: one('kvlistValue', 'KeyValueList'),
    7: plain('bytesValue', 'bytes'),
  },
  ArrayValue: { 1: many('values', 'AnyValue') },
  KeyValueList: { 1: many('values', 'KeyValue') },
};

function plain(name: string, scalar: Scalar): Field {
  return { name, scalar };
}

function one(name: string, message: string): Field {
  return { name, message };
}

function many(name: string, message: string): Field {
  return { name, message, repeated: true };
}
