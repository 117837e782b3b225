/** The real Claude Code with hooks and telemetry at once: one row a call, both witnesses in it. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { labMissing, playSession } from '../adapter/lab.ts';
import { newPlace } from '../trail/place.ts';
import { eventually, openRig } from './rig.ts';

suite('the real Claude Code, with hooks and telemetry', { skip: labMissing() }, () => {
  for (const protocol of ['http/protobuf', 'http/json']) {
    test(`over ${protocol}: a row a call, each seen by telemetry too`, async () => {
      const folder = mkdtempSync(join(tmpdir(), 'claw-live-'));
      const place = newPlace();
      const trail = await place.open();
      const rig = await openRig(async () => ({ ...trail, close: place.clear }));
      try {
        const { url } = rig.server;
        const env = telemetryTo(url, rig.recorder, protocol);
        const prompt = 'Go on [[script:full]]';
        const played = await playSession({
          ...{ folder, server: url, token: rig.recorder, prompt, env },
        });
        assert.equal(played.code, 0, played.errors);
        const rows = await eventually(
          async () => (await trail.search({ tenant: 'acme', query: '', limit: 500 })).events,
          (all) =>
            all.some(({ operation }) => operation === 'mcp_disconnected' || operation === 'end'),
        );
        const calls = rows.filter(({ type }) => type === 'tool_call');
        assert.deepEqual(new Set(calls.map(({ call_id }) => call_id)), played.tool_use_ids);
        assert.equal(calls.length, played.tool_use_ids.size);
        for (const call of calls) {
          const kinds = new Set(call.facts.map(({ source }) => source?.kind));
          assert.ok(kinds.has('hook') && kinds.has('otel'), `${call.tool} ${[...kinds]}`);
        }
        assert.ok(rows.some(({ type, tokens }) => type === 'api_call' && tokens?.input));
        assert.equal(rows.filter(({ type }) => type === 'gap').length, 0);
      } finally {
        await rig.close();
        rmSync(folder, { recursive: true });
      }
    });
  }
});

function telemetryTo(url: string, token: string, protocol: string) {
  return {
    CLAUDE_CODE_ENABLE_TELEMETRY: '1',
    CLAUDE_CODE_ENHANCED_TELEMETRY_BETA: '1',
    OTEL_LOGS_EXPORTER: 'otlp',
    OTEL_TRACES_EXPORTER: 'otlp',
    OTEL_METRICS_EXPORTER: 'otlp',
    OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
    OTEL_EXPORTER_OTLP_ENDPOINT: url,
    OTEL_EXPORTER_OTLP_HEADERS: `Authorization=Bearer ${token}`,
    OTEL_LOG_USER_PROMPTS: '1',
    OTEL_LOG_TOOL_DETAILS: '1',
    OTEL_LOG_TOOL_CONTENT: '1',
    OTEL_LOG_RAW_API_BODIES: '1',
    OTEL_LOGS_EXPORT_INTERVAL: '500',
  };
}
