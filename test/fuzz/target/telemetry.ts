/** Exports of telemetry, in both encodings: events, reasons or refusals, and never out of bounds. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { adaptTelemetry } from '../../../src/adapter/otlp/otlp.ts';
import { logsOf, metricsOf, spansOf } from '../../../src/adapter/otlp/telemetry.ts';
import { normalise } from '../../../src/event/normalise.ts';
import { Fault } from '../../../src/fault/fault.ts';
import { parseJson } from '../../../src/server/json.ts';
import { decodeMessage } from '../../../src/server/otlp/decode.ts';
import { encodeMessage } from '../../adapter/wire.ts';
import { type Target, tried } from '../target.ts';

const NOW_MS = Date.UTC(2026, 0, 31);
const LIMITS = { values: 1000 };
const FIXTURE = join(import.meta.dirname, '..', '..', 'adapter', 'fixture', 'otlp-ai-sdk.json');
const MESSAGES = ['LogsRequest', 'TraceRequest', 'MetricsRequest'];

const SCOPES = ['com.anthropic.claude_code.events', 'codex_otel.log_only', 'gemini-cli'];
const RECORDS = [
  { 'event.name': 'tool_result', 'session.id': 's', tool_use_id: 't', tool_input: '{"a":1}' },
  {
    'event.name': 'codex.tool_result',
    'conversation.id': 's',
    call_id: 'c',
    output: 'Exit code: 1',
  },
  { 'event.name': 'gemini_cli.tool_call', 'session.id': 's', function_args: '{"a":[1]}' },
];

export const telemetryTarget: Target = {
  name: 'telemetry',
  seeds: () => [...jsons().map((body) => JSON.stringify(body)), ...wires()],
  words: [
    ...['"resourceLogs":', '"intValue":"1"', '"kvlistValue":{"values":[', '"timeUnixNano":"1"'],
    ...[
      '"traceId":"',
      '"__proto__"',
      '"arrayValue":',
      '\x0a\x00',
      '\x12\xff\xff\xff\xff\x0f',
      '\x0b',
    ],
    ...['gen_ai.operation.name', 'ai.operationId', 'tool_parameters', '{"stringValue":'],
  ],
  made: fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc.json().map((value) => `{"resourceLogs":[{"scopeLogs":[{"logRecords":[${value}]}]}]}`),
  ),
  check: (input) => {
    for (const message of MESSAGES) {
      const body = tried(() => decodeMessage(input, message, LIMITS));
      if (body === undefined) continue;
      assert.ok(nodesIn(body) <= 3 * LIMITS.values, 'within the budget');
      become(body);
    }
    const parsed = parseJson(input.toString());
    if ('value' in parsed) become(parsed.value);
  },
};

/** Every record is events that the front door takes or refuses by name, or says why it is none. */
function become(body: unknown): void {
  for (const record of [...logsOf(body), ...spansOf(body), ...metricsOf(body)]) {
    if (record.kind === 'broken') continue;
    const adapted = tried(() => adaptTelemetry(record, { now_ms: NOW_MS }));
    if (adapted === undefined) continue;
    if ('skipped' in adapted) assert.notEqual(adapted.skipped, '');
    for (const draft of 'drafts' in adapted ? adapted.drafts : []) {
      const event = normalise(draft, {
        producer: { tenant_id: 'default' },
        now_ms: NOW_MS,
        newId: () => assert.fail('it gives an id'),
        defaultTenant: 'default',
      });
      if (event instanceof Fault) assert.fail(`${event.message}: ${JSON.stringify(draft)}`);
    }
  }
}

function nodesIn(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 1;
  return Object.values(value).reduce<number>((sum, each) => sum + nodesIn(each), 1);
}

function jsons(): readonly object[] {
  const fixture = JSON.parse(readFileSync(FIXTURE, 'utf8'));
  const logs = RECORDS.map((attributes, i) => ({
    resourceLogs: [
      { scopeLogs: [{ scope: { name: SCOPES[i] }, logRecords: [logRecord(attributes)] }] },
    ],
  }));
  return [...logs, ...fixture.own.slice(0, 1), ...fixture.conventions.slice(1, 3)];
}

function logRecord(attributes: object) {
  return {
    timeUnixNano: '1795288912790000000',
    attributes: Object.entries(attributes).map(([key, stringValue]) => ({
      key,
      value: { stringValue },
    })),
  };
}

function wires(): readonly Buffer[] {
  return jsons().map((body) => {
    const message = 'resourceLogs' in body ? 'LogsRequest' : 'TraceRequest';
    return Buffer.from(encodeMessage(body as Record<string, unknown>, message));
  });
}
