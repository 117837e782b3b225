/** OTLP over HTTP: standard exporters unchanged, its own answers, its limits, and what never came. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { OTLPLogExporter as JsonLogs } from '@opentelemetry/exporter-logs-otlp-http';
import { OTLPLogExporter as ProtoLogs } from '@opentelemetry/exporter-logs-otlp-proto';
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-proto';
import { OTLPTraceExporter as JsonTraces } from '@opentelemetry/exporter-trace-otlp-http';
import { OTLPTraceExporter as ProtoTraces } from '@opentelemetry/exporter-trace-otlp-proto';
import { BatchLogRecordProcessor, LoggerProvider } from '@opentelemetry/sdk-logs';
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import protobuf from 'protobufjs/minimal.js';
import type { ServerOptions } from '../../src/server/option.ts';
import type { Row } from '../../src/trail/trail.ts';
import { CAPTURES, postsIn } from '../adapter/telemetry.ts';
import { encodeMessage } from '../adapter/wire.ts';
import { newPlace } from '../trail/place.ts';
import { eventually, openRig, type Rig } from './rig.ts';

const PROTOBUF = { 'content-type': 'application/x-protobuf' };
const CLAUDE = 'com.anthropic.claude_code.events';
const CALL = {
  'session.id': 's1',
  'event.name': 'tool_result',
  tool_name: 'Bash',
  tool_use_id: 'toolu_1',
  tool_input: '{"command":"ls"}',
  success: 'true',
  duration_ms: '12',
};

async function open(options: Partial<ServerOptions> = {}): Promise<Rig> {
  const place = newPlace();
  const trail = await place.open();
  return openRig(async () => ({ ...trail, close: place.clear }), options);
}

const rowsIn = async (rig: Rig, query: string): Promise<readonly Row[]> =>
  (await rig.trail.search({ tenant: 'acme', query, limit: 100 })).events;

describe('a standard exporter, with nothing but its address and a header,', () => {
  let rig: Rig;
  before(async () => {
    rig = await open();
  });
  after(() => rig.close());
  const exporting = (path: string, gzip = false) => ({
    url: `${rig.server.url}${path}`,
    headers: { authorization: `Bearer ${rig.recorder}` },
    ...(gzip ? { compression: 'gzip' as never } : {}),
  });

  for (const [name, make] of [
    ['JSON', () => new JsonLogs(exporting('/v1/logs'))],
    ['protobuf', () => new ProtoLogs(exporting('/v1/logs'))],
    ['gzipped protobuf', () => new ProtoLogs(exporting('/v1/logs', true))],
  ] as const) {
    test(`sends logs as ${name}`, async () => {
      const exporter = make();
      const provider = new LoggerProvider({
        processors: [new BatchLogRecordProcessor({ exporter })],
      });
      const tool_use_id = `toolu_${name.replace(' ', '_')}`;
      provider.getLogger(CLAUDE).emit({ attributes: { ...CALL, tool_use_id } });
      await provider.forceFlush();
      await provider.shutdown();
      const [row] = await eventually(
        () => rowsIn(rig, `call_id:${tool_use_id}`),
        (rows) => rows.length > 0,
      );
      assert.equal(row?.status, 'success');
      assert.equal(row?.action, 'execute');
      assert.deepEqual(row?.arguments, { command: 'ls' });
      assert.equal(row?.source?.kind, 'otel');
    });
  }

  for (const [name, make] of [
    ['JSON', () => new JsonTraces(exporting('/v1/traces'))],
    ['gzipped protobuf', () => new ProtoTraces(exporting('/v1/traces', true))],
  ] as const) {
    test(`sends traces as ${name}`, async () => {
      const exporter = make();
      const provider = new TracerProvider({
        spanProcessors: [new BatchSpanProcessor({ exporter })],
      });
      const call = `call_${name.replace(' ', '_')}`;
      const span = provider.getTracer('mine').startSpan('execute_tool weather');
      span.setAttributes({
        'gen_ai.operation.name': 'execute_tool',
        'gen_ai.conversation.id': 's2',
        'gen_ai.tool.name': 'weather',
        'gen_ai.tool.call.id': call,
        'gen_ai.tool.call.arguments': '{"city":"Kyoto"}',
      });
      span.setStatus({ code: 2, message: 'no weather' });
      span.end();
      await provider.forceFlush();
      await provider.shutdown();
      const [row] = await eventually(
        () => rowsIn(rig, `call_id:${call}`),
        (rows) => rows.length > 0,
      );
      assert.equal(row?.status, 'error');
      assert.equal(row?.error?.message, 'no weather');
      assert.deepEqual(row?.arguments, { city: 'Kyoto' });
      assert.equal(row?.trace?.span_id, span.spanContext().spanId);
    });
  }

  test('sends metrics, which are counted', async () => {
    const reader = new PeriodicExportingMetricReader({
      exporter: new OTLPMetricExporter(exporting('/v1/metrics')),
    });
    const provider = new MeterProvider({ readers: [reader] });
    provider.getMeter('mine').createCounter('claude_code.token.usage').add(3);
    await provider.forceFlush();
    await provider.shutdown();
    const { text } = await rig.send('/metrics');
    assert.match(text, /claw_events_total\{outcome="skipped",code=""\} [1-9]/);
  });
});

describe('a real runtime’s exports', () => {
  const skip = existsSync(CAPTURES) ? false : '../shared/captures is not here';
  const folder = 'claude-code-2.1.330/run2-trusted/otlp-http-json';

  test('are recorded once, however often they are sent', { skip }, async () => {
    const rig = await open();
    const send = async () => {
      for (const signal of ['logs', 'traces', 'metrics']) {
        for (const { body } of postsIn(`${folder}/v1_${signal}.jsonl`)) {
          const reply = await rig.send(`/v1/${signal}`, { token: rig.recorder, body });
          assert.equal(reply.status, 200);
          assert.deepEqual(reply.body, {});
        }
      }
      const rows = async () => (await rig.trail.status()).tenants;
      return (await rows()).find(({ tenant }) => tenant === 'acme')?.recorded;
    };
    const once = await send();
    assert.ok((once ?? 0) > 100);
    assert.equal(await send(), once);
    await rig.close();
  });
});

describe('a log record and a span of one call without an id', () => {
  test('are one row, though they arrive at once', async () => {
    const rig = await open();
    const args = JSON.stringify({ command: 'ls' });
    const scope = { name: 'gemini-cli' };
    const log = record({
      'session.id': 's1',
      'event.name': 'gemini_cli.tool_call',
      function_name: 'run_shell_command',
      function_args: args,
      success: 'true',
    });
    const span = {
      ...record({
        'session.id': 's1',
        'gen_ai.tool.name': 'run_shell_command',
        'gen_ai.tool.call_id': 'model-1',
        'gen_ai.input.messages': `{"callId":"model-1","args":${args}}`,
        'gen_ai.output.messages': '{"status":"success"}',
      }),
      ...{ name: 'tool_call', traceId: 'a'.repeat(32), spanId: 'b'.repeat(16) },
    };
    const bodies = {
      logs: { resourceLogs: [{ scopeLogs: [{ scope, logRecords: [log] }] }] },
      traces: { resourceSpans: [{ scopeSpans: [{ scope, spans: [span] }] }] },
    };
    const sent = Object.entries(bodies).map(([signal, body]) =>
      rig.send(`/v1/${signal}`, { token: rig.recorder, body }),
    );
    for (const { status } of await Promise.all(sent)) assert.equal(status, 200);
    const rows = await eventually(
      () => rowsIn(rig, 'type:tool_call'),
      (found) => found.reduce((sum, { facts }) => sum + facts.length, 0) === 2,
    );
    assert.equal(rows.length, 1);
    await rig.close();
  });
});

describe('the answer', () => {
  let rig: Rig;
  before(async () => {
    rig = await open({ limits: { body_bytes: 100_000, batch_values: 2000, batch_events: 20 } });
  });
  after(() => rig.close());
  const post = (body: string | Uint8Array | object, headers = {}, path = '/v1/logs') =>
    rig.send(path, { token: rig.recorder, body, headers });

  test('to everything taken is empty, in the encoding of the request', async () => {
    const body = logs([record(CALL)]);
    assert.deepEqual((await post(body)).body, {});
    const reply = await post(encodeMessage(body, 'LogsRequest'), PROTOBUF);
    assert.equal(reply.status, 200);
    assert.equal(reply.headers.get('content-type'), 'application/x-protobuf');
    assert.equal(reply.text, '');
    assert.equal((await post(new Uint8Array(0), PROTOBUF)).status, 200, 'an empty export');
  });

  test('counts a refused record once, however many events it would have been', async () => {
    const values = {
      'gen_ai.operation.name': 'chat',
      'gen_ai.conversation.id': 'claw',
      'gen_ai.input.messages': '[{"role":"user","parts":[{"type":"text","content":"a"}]}]',
      'gen_ai.output.messages': '[{"role":"assistant","parts":[{"type":"text","content":"b"}]}]',
    };
    const attributes = Object.entries(values).map(([key, stringValue]) => ({
      key,
      value: { stringValue },
    }));
    const span = {
      traceId: '11'.repeat(16),
      spanId: '22'.repeat(8),
      name: 'chat x',
      startTimeUnixNano: '1',
      endTimeUnixNano: '2',
      attributes,
    };
    const body = { resourceSpans: [{ scopeSpans: [{ spans: [span, null] }] }] };
    const { body: answer } = await post(body, {}, '/v1/traces');
    assert.equal(answer.partialSuccess.rejectedSpans, '2');
  });

  test('names how many records were refused, and why, and the others are recorded', async () => {
    const long = { ...CALL, 'session.id': 'claw', tool_use_id: 'toolu_own' };
    const body = logs([record(long), null, record({ ...CALL, tool_use_id: 'toolu_good' })]);
    const { status, body: answer } = await post(body);
    assert.equal(status, 200);
    assert.equal(answer.partialSuccess.rejectedLogRecords, '2');
    assert.match(answer.partialSuccess.errorMessage, /^event\.(invalid|reserved): /);
    const good = await eventually(
      () => rowsIn(rig, 'call_id:toolu_good'),
      (rows) => rows.length > 0,
    );
    assert.equal(good.length, 1);
    const wire = encodeMessage(logs([record(long)]), 'LogsRequest');
    const said = await bytesOf(await raw(rig, wire));
    const reader = protobuf.Reader.create(said);
    assert.equal(reader.uint32(), 0x0a);
    reader.uint32();
    assert.equal(reader.uint32(), 0x08);
    assert.equal(Number(reader.int64()), 1);
    assert.equal(reader.uint32(), 0x12);
    assert.match(reader.string(), /^event\.reserved: /);
  });

  test('to a refusal is a google.rpc.Status with the status that OTLP names', async () => {
    const cases = [
      [await post('{"resourceLogs":'), 400, 3],
      [await post('[]'), 400, 3],
      [await post({ resourceLogs: 7 }), 400, 3],
      [await post('x', { 'content-type': 'text/plain' }), 415, 3],
      [await post('{}', { 'content-encoding': 'br' }), 415, 3],
      [await post('x'.repeat(200_000)), 413, 3],
      [await post(logs(Array.from({ length: 21 }, () => record(CALL)))), 413, 3],
      [await rig.send('/v1/logs', { body: {} }), 401, 16],
      [await rig.send('/v1/logs', { body: {}, token: rig.viewer }), 403, 7],
    ] as const;
    for (const [reply, status, code] of cases) {
      assert.equal(reply.status, status, reply.text);
      assert.equal(reply.body.code, code);
      assert.match(reply.body.message, /^[a-z]+\.[a-z_]+: /);
    }
    const broken = await raw(rig, Buffer.from([0x0a, 0xff]));
    assert.equal(broken.status, 400);
    assert.equal(broken.headers.get('content-type'), 'application/x-protobuf');
    const reader = protobuf.Reader.create(await bytesOf(broken));
    assert.deepEqual([reader.uint32(), reader.int32()], [0x08, 3]);
    assert.deepEqual([reader.uint32(), reader.string().slice(0, 15)], [0x12, 'batch.invalid: ']);
  });

  test('to a body that would unfold beyond its bytes is a refusal', async () => {
    const bomb = Buffer.alloc(40_000);
    for (let i = 0; i < bomb.length; i += 2) bomb[i] = 0x0a;
    const reply = await raw(rig, bomb);
    assert.equal(reply.status, 413);
    const zipped = gzipSync(Buffer.alloc(5_000_000));
    const inflated = await post(zipped, { ...PROTOBUF, 'content-encoding': 'gzip' });
    assert.equal(inflated.status, 413);
  });

  test('to a full queue says when to send again', async () => {
    const full = await open({ limits: { inflight_bytes: 10 } });
    const reply = await full.send('/v1/logs', { token: full.recorder, body: logs([record(CALL)]) });
    assert.equal(reply.status, 429);
    assert.equal(reply.headers.get('retry-after'), '1');
    assert.equal(reply.body.code, 8);
    await full.close();
  });
});

describe('a number that is missing', () => {
  const numbered = (numbers: readonly number[], session = 's1') =>
    logs(
      numbers.map((number) => ({
        ...record({ ...CALL, 'session.id': session, 'event.sequence': number }),
        timeUnixNano: `${1795288912790 + number}000000`,
      })),
    );
  const openClocked = async () => {
    let now = Date.now();
    const rig = await open({ now: () => now });
    const send = (body: object) => rig.send('/v1/logs', { token: rig.recorder, body });
    const wait = () => {
      now += 31_000;
    };
    const gaps = (count: number) =>
      eventually(
        () => rowsIn(rig, 'type:gap'),
        (rows) => rows.length >= count,
      );
    return { rig, send, wait, gaps };
  };

  test('becomes a gap that names it, once', async () => {
    const { rig, send, wait, gaps } = await openClocked();
    await send(numbered([5, 6, 9, 10, 12]));
    wait();
    const found = await gaps(2);
    const missing = found.map(({ attributes }) => JSON.stringify(attributes?.['missing']));
    assert.deepEqual(missing.toSorted(), ['{"from":11,"to":11}', '{"from":7,"to":8}']);
    assert.ok(found.every(({ session_id }) => session_id === 's1'));
    await send(numbered([5, 6, 9, 10, 12]));
    await send(numbered([0, 2], 's2'));
    wait();
    const all = await gaps(3);
    assert.deepEqual(all.map(({ session_id }) => session_id).toSorted(), ['s1', 's1', 's2']);
    await rig.close();
  });

  test('is none where it comes late, in another request', async () => {
    const { rig, send, wait, gaps } = await openClocked();
    await send(numbered([0, 1, 4, 8]));
    await send(numbered([2, 3]));
    wait();
    const found = await gaps(1);
    const missing = found.map(({ attributes }) => attributes?.['missing']);
    assert.deepEqual(missing, [{ from: 5, to: 7 }]);
    await rig.close();
  });
});

function record(attributes: Readonly<Record<string, unknown>>) {
  return {
    timeUnixNano: '1795288912790000000',
    attributes: Object.entries(attributes).map(([key, value]) => ({
      key,
      value: typeof value === 'number' ? { intValue: value } : { stringValue: value },
    })),
  };
}

function logs(logRecords: readonly unknown[]) {
  return { resourceLogs: [{ scopeLogs: [{ scope: { name: CLAUDE }, logRecords }] }] };
}

function raw(rig: Rig, body: Uint8Array): Promise<Response> {
  return fetch(`${rig.server.url}/v1/logs`, {
    method: 'POST',
    headers: { authorization: `Bearer ${rig.recorder}`, ...PROTOBUF },
    body: new Blob([body as Uint8Array<ArrayBuffer>]),
  });
}

async function bytesOf(response: Response): Promise<Uint8Array> {
  return new Uint8Array(await response.arrayBuffer());
}
