/** What telemetry becomes: captures of real runtimes whole, and the traps each of them has. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { rememberCalls } from '../../src/adapter/memory.ts';
import type { Event } from '../../src/event/event.ts';
import { decodeMessage } from '../../src/server/otlp/decode.ts';
import { rowsOf, STARTED_MS } from './replay.ts';
import { CAPTURES, type Heard, hear, postsIn } from './telemetry.ts';
import { encodeMessage } from './wire.ts';

const skip = existsSync(CAPTURES) ? false : '../shared/captures is not here';
const LIMITS = { values: 500_000 };
const CLAUDE = 'claude-code-2.1.330';
const RUNS = ['run1-untrusted-default-mode', 'run2-trusted'];
const SIGNALS = { logs: 'LogsRequest', traces: 'TraceRequest', metrics: 'MetricsRequest' } as const;

suite('captured telemetry', () => {
  for (const run of RUNS) {
    const bodies = () => bodiesIn(`${CLAUDE}/${run}/otlp-http-json`, ['logs', 'traces', 'metrics']);

    test(`of Claude Code, ${run}: every record is an event or says why not`, { skip }, () => {
      const heard = hear(bodies());
      whole(heard);
      golden(`otlp-claude-code-${run}`, heard);
    });

    test(`of Claude Code, ${run}: rows are those that the hooks' ids name`, { skip }, () => {
      const rows = rowsOf(hear(bodies()).events).filter(({ type }) => type === 'tool_call');
      const hooks = readFileSync(new URL(`${CLAUDE}/${run}/hooks-command.jsonl`, CAPTURES), 'utf8');
      const ids = new Set([...hooks.matchAll(/"tool_use_id":"(\w+)"/g)].map(([, id]) => id));
      for (const { call_id } of rows) assert.ok(ids.has(call_id), `${call_id} is known to hooks`);
      const blocked = rows.filter(({ status }) => status === 'blocked');
      assert.ok(blocked.length > 0);
      assert.ok(blocked.every(({ decision }) => decision?.outcome === 'deny'));
      assert.ok(
        blocked.every(({ decision }) => decision?.by !== 'human'),
        'nobody was there',
      );
    });
  }

  test('of Claude Code as protobuf: every record is an event or says why not', { skip }, () => {
    const bodies = (['logs', 'traces', 'metrics'] as const).flatMap((signal) =>
      postsIn(`${CLAUDE}/otlp-http-protobuf/v1_${signal}.jsonl`).map(({ body }) =>
        decodeMessage(Buffer.from(body.base64 ?? '', 'base64'), SIGNALS[signal], LIMITS),
      ),
    );
    const heard = hear(bodies);
    whole(heard);
    golden('otlp-claude-code-protobuf', heard);
  });

  test('makes the same events as JSON and as protobuf', { skip }, () => {
    const folder = `${CLAUDE}/run2-trusted/otlp-http-json`;
    for (const signal of ['logs', 'traces', 'metrics'] as const) {
      for (const body of bodiesIn(folder, [signal])) {
        const message = SIGNALS[signal];
        const again = decodeMessage(encodeMessage(body, message), message, LIMITS);
        assert.deepEqual(hear([again]), hear([body]));
      }
    }
  });

  test('of Codex: every record is an event or says why not', { skip }, () => {
    const heard = hear([
      ...bodiesIn('codex-0.169.0/otlp-http-json', ['logs']),
      cutOff('codex-0.169.0/otlp-http-json/v1_traces_first3.jsonl'),
    ]);
    whole(heard);
    golden('otlp-codex', heard);
  });

  test('of Gemini: every record is an event or says why not', { skip }, () => {
    const heard = hear(bodiesIn('gemini-cli-0.61.0/otlp-http-json', ['logs', 'traces']));
    whole(heard);
    golden('otlp-gemini', heard);
    const text = JSON.stringify(heard.events);
    assert.doesNotMatch(text, /command_args|max-old-space-size/, 'the command line is not kept');
  });

  test('of Gemini: log record and span of a call are one row, whichever comes first', {
    skip,
  }, () => {
    const [logs, traces] = ['logs', 'traces'].map((signal) =>
      bodiesIn('gemini-cli-0.61.0/otlp-http-json', [signal as 'logs']),
    );
    const rows = (bodies: readonly unknown[]) =>
      rowsOf(hear(bodies).events).filter(({ type }) => type === 'tool_call');
    for (const each of [
      [...(logs ?? []), ...(traces ?? [])],
      [...(traces ?? []), ...(logs ?? [])],
    ]) {
      assert.equal(rows(each).length, 12);
      assert.equal(rows(each).filter(({ result }) => result !== undefined).length, 10);
      assert.ok(rows(each).every(({ duration_ms }) => duration_ms !== undefined));
    }
  });

  test('of OpenCode: every record says why it is none', { skip }, () => {
    const heard = hear(bodiesIn('opencode-1.18.33/otlp', ['logs']));
    assert.equal(heard.events.length, 0);
    whole(heard);
  });

  test('of the AI SDK 7 is calls, prompts and outputs, under both kinds of names', () => {
    const fixture = new URL('fixture/otlp-ai-sdk.json', import.meta.url);
    const { conventions, own } = JSON.parse(readFileSync(fixture, 'utf8'));
    for (const [name, bodies] of Object.entries({ conventions, own })) {
      const heard = hear(bodies as readonly unknown[]);
      whole(heard);
      golden(`otlp-ai-sdk-${name}`, heard);
      const rows = rowsOf(heard.events);
      const calls = rows.filter(({ type }) => type === 'tool_call');
      assert.deepEqual(calls.map(({ call_id, status }) => [call_id, status]).toSorted(), [
        ['call_1', 'success'],
        ['call_2', 'error'],
      ]);
      assert.equal(rows.find(({ type }) => type === 'prompt')?.content, 'What is the weather?');
      assert.ok(rows.every(({ agent }) => agent?.runtime === 'ai-sdk'));
    }
  });
});

const RESOURCE = [text('service.name', 'x')];

suite('an outcome', () => {
  const codex = (fields: Record<string, unknown>) =>
    one({
      scope: 'codex_otel.log_only',
      name: 'codex.tool_result',
      attributes: {
        'conversation.id': 's',
        call_id: 'c',
        tool_name: 'exec_command',
        success: 'true',
        ...fields,
      },
    });
  const head = (code: number) =>
    `Chunk ID: ab\nWall time: 0.1 seconds\nProcess exited with code ${code}\nOutput:\n`;

  test('of a Codex command is its exit code, not that it ran', () => {
    assert.equal(codex({ output: head(0) })?.status, 'success');
    assert.equal(codex({ output: head(3) })?.status, 'error');
    assert.equal(codex({ output: head(3) })?.error?.code, 'exit_3');
  });

  test('of a Codex command is unknown where only the command itself claims one', () => {
    const forged = 'Process exited with code 0\n';
    const running = `Chunk ID: ab\nWall time: 0.1 seconds\nProcess running with session ID 7\n`;
    assert.equal(codex({ output: `${running}${forged}` })?.status, 'unknown');
    assert.equal(codex({ output: `x\n${forged}` })?.status, 'unknown');
    assert.equal(codex({ output: `${head(1)}${forged}` })?.status, 'error');
  });

  test('of a Codex call that no policy lets run is blocked by the configuration', () => {
    const output = 'approval policy is Never; reject command — you cannot ask';
    const refused = codex({ output, success: 'false' });
    assert.equal(refused?.status, 'blocked');
    assert.equal(refused?.decision?.by, 'config');
    const tool = { tool_name: 'echo', tool_namespace: 'mcp__e' };
    const forged = codex({ output, success: 'false', ...tool });
    assert.equal(forged?.status, 'error', 'a server that says so is a failure');
    assert.equal(forged?.tool, 'mcp__e__echo');
  });

  const claude = (name: string, attributes: Record<string, unknown>) =>
    one({
      scope: 'com.anthropic.claude_code.events',
      name,
      attributes: { 'session.id': 's', tool_use_id: 't', tool_name: 'Bash', ...attributes },
    });

  test('of what Claude Code runs in the background is unseen', () => {
    const tool_input = '{"command":"x","run_in_background":true}';
    assert.equal(claude('tool_result', { success: 'true', tool_input })?.status, 'pending');
    const agent = { success: 'true', tool_name: 'Agent', tool_input: '{}' };
    assert.equal(claude('tool_result', agent)?.status, 'pending');
    assert.equal(claude('tool_result', { tool_input: '{}' })?.status, 'unknown');
  });

  test('is a person’s decision only in the words for it', () => {
    const by = (source: string) =>
      claude('tool_decision', { decision: 'reject', source })?.decision?.by;
    assert.equal(by('user_reject'), 'human');
    assert.equal(by('hook'), 'hook');
    assert.equal(by('config'), 'config');
    assert.equal(by('user-rejected'), undefined, 'what headless mode says');
    assert.equal(by('toString'), undefined);
  });

  test('of a Gemini shell is its exit code', () => {
    const call = (metadata: string) =>
      one({
        scope: 'gemini-cli',
        name: 'gemini_cli.tool_call',
        attributes: {
          'session.id': 's',
          function_name: 'run_shell_command',
          function_args: '{"command":"x"}',
          success: true,
          metadata,
        },
      });
    assert.equal(call('{"exitCode":1}')?.status, 'error');
    assert.equal(call('{}')?.status, 'success');
  });
});

suite('a record', () => {
  test('without an id joins the call that a hook made one up for, one each', () => {
    const memory = rememberCalls(100);
    const args = { command: 'ls' };
    const asked = { type: 'tool_call', session_id: 's', tool: 'run_shell_command' } as const;
    for (const call_id of ['made-1', 'made-2']) {
      const hook = { source: { kind: 'hook' }, status: 'pending', arguments: args } as const;
      memory.note('default', { ...asked, ...hook, call_id });
    }
    const attributes = {
      'session.id': 's',
      function_name: 'run_shell_command',
      function_args: '{\n  "command": "ls"\n}',
      success: true,
    };
    const record = { scope: 'gemini-cli', name: 'gemini_cli.tool_call', attributes };
    const ids = [1, 2, 3].map(
      (at) => hear([exportOf({ ...record, time: `179528891279000000${at}` })], memory).events[0],
    );
    assert.deepEqual(
      ids.slice(0, 2).map((event) => event?.call_id),
      ['made-1', 'made-2'],
    );
    assert.match(ids[2]?.call_id ?? '', /^otel-/);
  });

  test('that comes again has the same id, and two that differ have two', () => {
    const record = {
      scope: 'gemini-cli',
      name: 'gemini_cli.user_prompt',
      time: '1795288912790000000',
    };
    const at = (attributes: Record<string, unknown>) =>
      one({ ...record, attributes: { 'session.id': 's', ...attributes } })?.id;
    assert.equal(at({ prompt: 'a' }), at({ prompt: 'a' }));
    assert.notEqual(at({ prompt: 'a' }), at({ prompt: 'b' }));
  });

  test('never brings a secret into the trail', () => {
    const secret = 'sk-very-secret-value';
    const event = one({
      scope: 'mine',
      name: 'thing',
      attributes: {
        'session.id': 's',
        'http.request.header.authorization': `Bearer ${secret}`,
        'http.request.header.x-api-key': secret,
        'http.request.header.cookie': secret,
        'x-goog-api-key': secret,
        odd: `Bearer ${secret}`,
        'url.full': `https://user:${secret}@h.example/p?key=${secret}#${secret}`,
        'url.query': `key=${secret}`,
        'process.command_args': secret,
        api_key_enabled: true,
        'gen_ai.usage.input_tokens': 3,
      },
    });
    const kept = JSON.stringify(event);
    assert.doesNotMatch(kept, /sk-very/);
    assert.match(kept, /https:\/\/h\.example\/p/);
    assert.match(kept, /"api_key_enabled":true/);
    assert.match(kept, /withheld.*authorization/);
  });

  test('is read in lowerCamelCase and snake_case, with numbers as text', () => {
    const camel = exportOf({
      scope: 'com.anthropic.claude_code.events',
      name: 'api_request',
      attributes: { 'session.id': 's', request_id: 'r', input_tokens: 7, duration_ms: 5 },
    });
    const snake = JSON.parse(
      JSON.stringify(camel)
        .replace(/"([a-z]+[A-Z][A-Za-z]*)":/g, (_, name: string) => {
          return `"${name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}":`;
        })
        .replace(/"int_value":(\d+)/g, '"int_value":"$1"'),
    );
    assert.deepEqual(hear([snake]).events, hear([camel]).events);
    assert.equal(hear([snake]).events[0]?.tokens?.input, 7);
  });

  test('of a later version is kept whole', () => {
    const event = one({
      scope: 'com.anthropic.claude_code.events',
      name: 'quantum_leap',
      attributes: { 'session.id': 's', a: 'kept' },
    });
    assert.equal(event?.type, 'session');
    assert.deepEqual(event?.raw, { attributes: { a: 'kept' } });
  });

  test('with arguments nested beyond all reason is an event, or refused by name', () => {
    const deep = `${'['.repeat(200_000)}${']'.repeat(200_000)}`;
    const claude = { scope: 'com.anthropic.claude_code.events', name: 'tool_result' };
    const args = { 'session.id': 's', tool_use_id: 't', tool_input: deep };
    assert.equal(one({ ...claude, attributes: args })?.arguments, deep);
    const message = [{ parts: [{ type: 'tool_call', id: 'c', name: 'n', arguments: deep }] }];
    const attributes = {
      'session.id': 's',
      'gen_ai.operation.name': 'chat',
      'gen_ai.output.messages': JSON.stringify(message),
    };
    const { events } = hear([exportOf({ scope: 'gen_ai', name: '', attributes })]);
    assert.equal(events.find(({ call_id }) => call_id === 'c')?.arguments, deep);
  });

  test('of any shape is an event, a reason or refused, never a crash', () => {
    const hostile = fc.anything({ maxDepth: 4, withNullPrototype: true });
    const attributes = fc.dictionary(fc.constantFrom(...NAMES), hostile, { maxKeys: 8 });
    const scopes = ['com.anthropic.claude_code.events', 'codex_otel', 'gemini-cli', 'gen_ai', 'x'];
    fc.assert(
      fc.property(
        fc.constantFrom(...scopes),
        fc.constantFrom(...NAMES),
        attributes,
        (scope, name, values) => {
          const record = { scope, name, attributes: { 'session.id': 's', ...values } };
          hear([exportOf(record), spanOf(record)]);
        },
      ),
      { numRuns: 300 },
    );
  });
});

const NAMES = [
  ...['tool_result', 'tool_decision', 'user_prompt', 'api_response_body', 'codex.tool_result'],
  ...['gemini_cli.tool_call', 'gen_ai.operation.name', 'gen_ai.input.messages', 'tool_call'],
  ...['gen_ai.output.messages', 'body', 'tool_parameters', 'ai.operationId', 'ai.prompt'],
  ...['tool_name', 'tool_use_id', 'function_args', 'event.name', '__proto__', 'constructor'],
];

function bodiesIn(folder: string, signals: readonly (keyof typeof SIGNALS)[]) {
  return signals.flatMap((signal) =>
    postsIn(`${folder}/v1_${signal}.jsonl`).map(({ body }) => body),
  );
}

/** The capture was cut off at a round size: what is complete of it. */
function cutOff(path: string): unknown {
  const kept = readFileSync(new URL(path, CAPTURES), 'utf8');
  return JSON.parse(`${kept.slice(0, kept.lastIndexOf(',{"traceId"'))}]}]}]}}`).body;
}

/** Every record became something, and no two facts have one id. */
function whole({ events, skipped, records, mapped }: Heard): void {
  const reasons = Object.values(skipped).reduce((sum, each) => sum + each, 0);
  assert.equal(mapped + reasons, records);
  assert.equal(new Set(events.map(({ id }) => id)).size, events.length);
  assert.ok(events.every(({ source }) => source?.kind === 'otel'));
}

/** A line an event: what of it a reader of a timeline sees. `UPDATE=1` rewrites the file. */
function golden(name: string, { events, skipped }: Heard): void {
  const path = new URL(`golden/${name}.json`, import.meta.url);
  const found = { events: events.map(lineOf), skipped };
  const written = `${JSON.stringify(found, null, 1)}\n`;
  if (process.env['UPDATE']) writeFileSync(path, written);
  assert.deepEqual(JSON.parse(written), JSON.parse(readFileSync(path, 'utf8')));
}

function lineOf(event: Event): string {
  const { type, status, call_id, tool, operation, decision, error, tokens, content, model } = event;
  const { parent_session_id, arguments: args, result, duration_ms, attributes } = event;
  const short = (value: unknown) =>
    value === undefined ? undefined : JSON.stringify(value).slice(0, 60);
  const said = {
    type,
    status,
    call_id,
    tool,
    operation,
    decision: decision && [decision.outcome, decision.by].join(' by '),
    error: error?.code ?? error?.message?.slice(0, 40),
    tokens: tokens && JSON.stringify(tokens),
    model,
    part: parent_session_id && 'sub-agent',
    arguments: short(args),
    result: short(result),
    content: short(content),
    ms: duration_ms,
  };
  const of = `${attributes?.['otel_signal']} ${attributes?.['otel_name']}`;
  const words = Object.entries(said).flatMap(([key, value]) =>
    value === undefined ? [] : `${key}=${value}`,
  );
  return `${of}: ${words.join(' ')}`;
}

type Sketch = {
  readonly scope: string;
  readonly name: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly time?: string;
};

function one(sketch: Sketch): Event | undefined {
  return hear([exportOf(sketch)]).events[0];
}

function exportOf({ scope, name, attributes, time }: Sketch) {
  const record = {
    timeUnixNano: time ?? `${STARTED_MS}000000`,
    attributes: [
      text('event.name', name),
      ...Object.entries(attributes).map(([k, v]) => text(k, v)),
    ],
  };
  const scopeLogs = [{ scope: { name: scope }, logRecords: [record] }];
  return { resourceLogs: [{ resource: { attributes: RESOURCE }, scopeLogs }] };
}

function spanOf({ scope, name, attributes }: Sketch) {
  const span = {
    name,
    traceId: 'a'.repeat(32),
    spanId: 'b'.repeat(16),
    attributes: Object.entries(attributes).map(([key, value]) => text(key, value)),
  };
  return { resourceSpans: [{ scopeSpans: [{ scope: { name: scope }, spans: [span] }] }] };
}

function text(key: string, value: unknown) {
  if (typeof value === 'boolean') return { key, value: { boolValue: value } };
  if (typeof value === 'number') return { key, value: { intValue: value } };
  return { key, value: { stringValue: value } };
}
