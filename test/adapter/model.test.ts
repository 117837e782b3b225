import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import type { ModelAnswer, ModelApi } from '../../src/adapter/model/api.ts';
import { clientOf } from '../../src/adapter/model/client.ts';
import { draftsOf, sessionOf } from '../../src/adapter/model/exchange.ts';
import { type ExchangeMemory, openExchangeMemory } from '../../src/adapter/model/memory.ts';
import { apiOf } from '../../src/adapter/model/menu.ts';
import type { Exchange } from '../../src/adapter/model/telling.ts';
import type { Draft, Event } from '../../src/event/event.ts';
import { normalise } from '../../src/event/normalise.ts';
import { Fault } from '../../src/fault/fault.ts';
import { readLines, rowsOf, STARTED_MS } from './replay.ts';

const CAPTURES = new URL('../../../shared/captures/', import.meta.url);
const GOLDEN = new URL('golden/model.json', import.meta.url);
const FILES = [
  'claude-code-2.1.330/run1-untrusted-default-mode/model-requests.jsonl',
  'claude-code-2.1.330/run2-trusted/model-requests.jsonl',
  'codex-0.169.0/model-requests.jsonl',
  'gemini-cli-0.61.0/model-requests.jsonl',
  'opencode-1.18.33/model-requests-run2.jsonl',
  'openclaw-2026.9.6/model-requests.jsonl',
  'llm-proxy/claude.jsonl',
];
const skip = existsSync(CAPTURES) ? false : '../shared/captures is not here';

type Line = {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly session?: string;
  readonly response?: unknown;
};

type Step = {
  readonly api?: ModelApi | undefined;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly answer?: ModelAnswer | undefined;
  readonly memory: ExchangeMemory;
  readonly at_ms?: number;
};

/** One exchange told, its drafts made events under the strict schema. */
function tell({ api, path = '/v1/messages', memory, at_ms = STARTED_MS, ...step }: Step): Event[] {
  const reader = api ?? apiOf('POST', path);
  assert.ok(reader);
  const request = step.body === undefined ? undefined : reader.request(step.body as never, path);
  const exchange: Exchange = {
    api: reader,
    client: clientOf(new Map(Object.entries(step.headers ?? {})), request),
    address: '127.0.0.1',
    request,
    answer: step.answer,
    passage: {
      method: 'POST',
      host: 'api.example.com',
      endpoint: path,
      started_ms: at_ms,
      ended_ms: at_ms + 5,
      first_byte_ms: at_ms + 2,
      status_code: 200,
      sent_bytes: 1,
      received_bytes: 2,
    },
  };
  return draftsOf(exchange, sessionOf(exchange, memory), memory).map(eventOf);
}

function eventOf(draft: Draft): Event {
  const event = normalise(draft, {
    producer: { tenant_id: 'default' },
    now_ms: STARTED_MS,
    newId: () => assert.fail('every draft has an id'),
    defaultTenant: 'default',
  });
  if (event instanceof Fault) throw event;
  return event;
}

function replayFile(file: string) {
  const memory = openExchangeMemory(10_000);
  const events: Event[] = [];
  const passed: string[] = [];
  for (const [i, line] of (readLines(new URL(file, CAPTURES)) as Line[]).entries()) {
    const path = line.path.split('?')[0] ?? '';
    const api = apiOf(line.method ?? 'POST', path);
    if (api === undefined) {
      passed.push(`${line.method ?? 'POST'} ${path}`);
      continue;
    }
    const session = line.session === undefined ? {} : { 'x-claude-code-session-id': line.session };
    events.push(
      ...tell({
        api,
        path,
        memory,
        headers: line.headers ?? session,
        body: line.body,
        answer: line.response === undefined ? undefined : api.answer(line.response),
        at_ms: STARTED_MS + i * 10,
      }),
    );
  }
  return { events, passed };
}

/** Few words of an event: whole prompts are large, and the captures have them. */
function shown(event: Event) {
  const { type, session_id, parent_session_id, operation, call_id, tool, status, model } = event;
  const { turn_id, agent, attributes } = event;
  const words = event.content ?? JSON.stringify(event.result ?? event.arguments);
  const text = words === undefined ? {} : { chars: words.length, text: words.slice(0, 60) };
  const of = [agent?.runtime, agent?.version, agent?.id].join(' ').trim();
  const seen = {
    type,
    session_id,
    parent_session_id,
    turn_id,
    agent: of,
    operation,
    call_id,
    tool,
  };
  return { ...seen, status, model, ...text, asked: attributes?.['asked'] };
}

suite('every line of the captures', { skip }, () => {
  test('is told as in the golden file, or passes unread (UPDATE_GOLDEN=1 rewrites it)', () => {
    const told = Object.fromEntries(
      FILES.map((file) => {
        const { events, passed } = replayFile(file);
        return [file, { passed, events: events.map((event) => JSON.stringify(shown(event))) }];
      }),
    );
    const text = `${JSON.stringify(told, null, 1)}\n`;
    if (process.env['UPDATE_GOLDEN']) writeFileSync(GOLDEN, text);
    assert.deepEqual(JSON.parse(text), JSON.parse(readFileSync(GOLDEN, 'utf8')));
  });

  for (const file of FILES) {
    test(`${file}: every id once, every result once, no key`, () => {
      const lines = readLines(new URL(file, CAPTURES)) as Line[];
      const { events } = replayFile(file);
      assert.equal(new Set(events.map(({ id }) => id)).size, events.length);
      const results = events.filter(({ result }) => result !== undefined);
      const ids = results.map(({ call_id }) => call_id);
      assert.equal(new Set(ids).size, ids.length);
      assert.deepEqual(new Set(ids), new Set(lines.flatMap(({ body }) => resultIds(body))));
      assert.doesNotMatch(JSON.stringify(events), /fake-loopback|sk-ant|Bearer fake/);
      const prompts = events.filter(({ type }) => type === 'prompt');
      assert.equal(prompts.length, PROMPTS[file] ?? 1);
    });
  }
});

/** A sub-agent's prompt is one too; the rebuilt answers have no requests. */
const PROMPTS: Readonly<Record<string, number>> = {
  [FILES[0] ?? '']: 2,
  [FILES[1] ?? '']: 2,
  [FILES[4] ?? '']: 2,
  [FILES[6] ?? '']: 0,
};

/** Ids of the results that a request tells the model, whatever its API. */
function resultIds(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(resultIds);
  if (typeof value !== 'object' || value === null) return [];
  const { type, role, functionResponse: response } = value as Record<string, unknown>;
  const item = value as Record<string, string>;
  if (type === 'tool_result') return [item['tool_use_id'] ?? ''];
  if (role === 'tool') return [item['tool_call_id'] ?? ''];
  if (String(type).endsWith('_call_output')) return [item['call_id'] ?? ''];
  if (response !== undefined) return [(response as { id?: string }).id ?? ''];
  return Object.values(value).flatMap(resultIds);
}

const TOOLS = [{ name: 'Bash', input_schema: {} }];
const CLAUDE = { 'x-claude-code-session-id': 's1', 'user-agent': 'claude-cli/2.1.330 (x)' };
const anthropic = apiOf('POST', '/v1/messages') as ModelApi;

suite('a conversation', () => {
  const asked = (id: string) =>
    anthropic.answer({
      id: `msg_${id}`,
      type: 'message',
      content: [{ type: 'tool_use', id, name: 'Bash', input: { command: 'ls' } }],
      stop_reason: 'tool_use',
      usage: { input_tokens: 1, output_tokens: 2 },
    });
  const use = (id: string) => ({
    role: 'assistant',
    content: [{ type: 'tool_use', id, name: 'Bash', input: { command: 'ls' } }],
  });
  const result = (id: string, more = {}) => ({
    role: 'user',
    content: [{ type: 'tool_result', tool_use_id: id, content: 'out', ...more }],
  });
  const prompt = (text: string) => ({ role: 'user', content: text });
  const step = (messages: unknown[], more: Partial<Step> = {}) => ({
    body: { model: 'm', messages, tools: TOOLS },
    headers: CLAUDE,
    ...more,
  });

  test('that repeats its history says prompts, calls and results once', () => {
    const memory = openExchangeMemory(1000);
    const history = [prompt('do it'), use('t1'), result('t1'), use('t2'), result('t2')];
    const events = [
      ...tell({ memory, ...step(history.slice(0, 1), { answer: asked('t1') }) }),
      ...tell({ memory, ...step(history.slice(0, 3), { answer: asked('t2') }), at_ms: 1e12 }),
      ...tell({ memory, ...step(history.slice(0, 3), { answer: asked('t2') }), at_ms: 2e12 }),
      ...tell({ memory, ...step([...history, prompt('do it')]), at_ms: 3e12 }),
    ];
    const told = events.filter(({ type }) => type !== 'api_call');
    assert.deepEqual(
      told.map(({ type, call_id, status }) => [type, call_id, status].join(' ').trim()),
      [
        'prompt',
        'tool_call t1 pending',
        'tool_call t1',
        'tool_call t2 pending',
        'prompt',
        'tool_call t2',
      ],
    );
  });

  test('leaves a call open that only the model was told of, and takes the word of the API', () => {
    const memory = openExchangeMemory(1000);
    const events = [
      ...tell({ memory, ...step([prompt('a')], { answer: asked('t1') }) }),
      ...tell({ memory, ...step([use('t1'), result('t1')], { answer: asked('t2') }) }),
      ...tell({ memory, ...step([use('t2'), result('t2', { is_error: true })]) }),
    ];
    const rows = rowsOf(events).filter(({ type }) => type === 'tool_call');
    assert.deepEqual(
      rows.map(({ call_id, status, tool, result }) => ({ call_id, status, tool, result })),
      [
        { call_id: 't1', status: 'pending', tool: 'Bash', result: 'out' },
        { call_id: 't2', status: 'error', tool: 'Bash', result: 'out' },
      ],
    );
  });

  test('yields to whoever saw the call end', () => {
    const memory = openExchangeMemory(1000);
    const hook = { session_id: 's1', call_id: 't1', type: 'tool_call' as const };
    const saw = (status: 'success' | 'blocked', result: unknown) =>
      eventOf({ ...hook, id: '00000000-0000-7000-8000-000000000001', status, result });
    const seen = [
      ...tell({ memory, ...step([prompt('a')], { answer: asked('t1') }) }),
      ...tell({ memory, ...step([use('t1'), result('t1')]) }),
    ];
    const [row] = rowsOf([...seen, saw('success', { stdout: 'x' })].filter(isCall));
    assert.equal(row?.status, 'success');
    assert.deepEqual(row?.result, { stdout: 'x' });
    const [denied] = rowsOf([...seen, saw('blocked', undefined)].filter(isCall));
    assert.equal(denied?.status, 'blocked');
  });

  test('whose beginning was not seen brings its results, each once, with what was asked', () => {
    const memory = openExchangeMemory(1000);
    const late = step([prompt('early'), use('t1'), result('t1'), use('t2'), result('t2')]);
    const events = tell({ memory, ...late });
    const calls = events.filter(isCall);
    assert.deepEqual(
      calls.map(({ call_id, tool, status }) => [call_id, tool, status]),
      [
        ['t1', 'Bash', 'unknown'],
        ['t2', 'Bash', 'unknown'],
      ],
    );
    assert.equal(events.find(({ type }) => type === 'prompt')?.content, 'early');
    const again = tell({ memory, ...late, at_ms: 2e12 });
    assert.deepEqual(
      again.map(({ type }) => type),
      ['api_call'],
    );
    // Another proxy, or the same after a restart, makes the same ids: the trail has them once.
    const restarted = tell({ memory: openExchangeMemory(10), ...late });
    assert.deepEqual(
      restarted.map(({ id }) => id),
      events.map(({ id }) => id),
    );
  });

  test('of a sub-agent is a part of the one that started it', () => {
    const memory = openExchangeMemory(1000);
    const headers = { ...CLAUDE, 'x-claude-code-agent-id': 'a7' };
    const events = tell({ memory, ...step([prompt('sub')], { headers }) });
    assert.ok(events.every(({ session_id }) => session_id === 's1:a7'));
    assert.ok(events.every(({ parent_session_id }) => parent_session_id === 's1'));
    assert.equal(events[0]?.agent?.id, 'a7');
  });

  test('without a name is one as long as it begins the same, and another when it begins anew', () => {
    const memory = openExchangeMemory(1000);
    const path = '/v1/chat/completions';
    const said = (...texts: string[]) => ({
      path,
      body: {
        messages: texts.map((content, i) => ({ role: i % 2 ? 'assistant' : 'user', content })),
      },
    });
    const session = (step: Partial<Step>, at_ms: number) =>
      tell({ memory, ...step, at_ms })[0]?.session_id;
    const first = session(said('hello'), 1e12);
    assert.equal(session(said('hello'), 1e12 + 1), first);
    assert.equal(session(said('hello', 'hi', 'more'), 1e12 + 2), first);
    const second = session(said('hello'), 1e12 + 3);
    assert.notEqual(second, first);
    assert.equal(session(said('hello', 'hi', 'other'), 1e12 + 4), second);
    assert.notEqual(session(said('else'), 1e12 + 5), second);
  });
});

function isCall({ type }: Event): boolean {
  return type === 'tool_call';
}

suite('Gemini without call ids', () => {
  const gemini = '/v1beta/models/g:generateContent';
  const api = apiOf('POST', gemini) as ModelApi;
  const call = (args: object) => ({ functionCall: { name: 'read', args } });
  const reply = (output: string) => ({ functionResponse: { name: 'read', response: { output } } });
  const answer = (responseId: string, ...parts: object[]) =>
    api.answer({ responseId, candidates: [{ content: { parts }, finishReason: 'STOP' }] });
  const headers = { 'x-claw-session-id': 'g' };
  const user = { role: 'user', parts: [{ text: 'go' }] };
  const model = (...parts: object[]) => ({ role: 'model', parts });
  const results = (...parts: object[]) => ({ role: 'user', parts });

  test('pairs equal calls in order, also when old ones were cut from the history', () => {
    const memory = openExchangeMemory(1000);
    const at = (contents: object[], more?: ModelAnswer) =>
      tell({ memory, path: gemini, headers, body: { contents }, answer: more });
    const same = call({ path: 'a' });
    const events = [
      ...at([user], answer('r1', same, same)),
      ...at([user, model(same, same), results(reply('1'), reply('2'))], answer('r2', same)),
      ...at([user, model(same), results(reply('3'))]),
    ];
    const rows = rowsOf(events.filter(isCall));
    assert.deepEqual(
      rows.map(({ result }) => (result as { output: string }).output),
      ['1', '2', '3'],
    );
    assert.ok(rows.every(({ status }) => status === 'pending'));
  });

  test('a chunked array is read as a stream is', () => {
    const chunks = ['a', 'b'].map((text) => ({ candidates: [{ content: model({ text }) }] }));
    const whole = api.answer([...chunks, { candidates: [{ finishReason: 'STOP' }] }]);
    assert.equal(whole.text, 'ab');
    assert.equal(whole.finished, true);
  });
});

suite('hostile bodies', () => {
  const json = fc.jsonValue({ maxDepth: 6 });
  const key = fc.constantFrom(
    ...[
      'messages',
      'content',
      'tool_calls',
      'input',
      'contents',
      'parts',
      'functionCall',
      'choices',
    ],
    ...[
      'delta',
      'error',
      'code',
      'usage',
      'type',
      'role',
      'id',
      'index',
      'output',
      'response',
      'item',
      '__proto__',
      'toString',
    ],
  );
  const value = fc.oneof(
    json,
    fc.constantFrom(
      'assistant',
      'user',
      'tool',
      'tool_use',
      'message_start',
      'content_block_delta',
    ),
  );
  const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: 6 },
      value,
      fc.array(tie('tree'), { maxLength: 4 }),
      fc.dictionary(key, tie('tree'), { maxKeys: 5 }),
    ),
  }));
  const paths = [
    '/v1/messages',
    '/v1/chat/completions',
    '/v1/responses',
    '/v1beta/models/x:generateContent',
  ];

  test('of every API are read without a throw, and become events', () => {
    const body = fc.dictionary(key, tree, { maxKeys: 6 });
    fc.assert(
      fc.property(fc.constantFrom(...paths), body, fc.array(tree), (path, asked, stream) => {
        const api = apiOf('POST', path) as ModelApi;
        const reader = api.stream();
        for (const data of stream) reader.push(data, STARTED_MS);
        const memory = openExchangeMemory(100);
        tell({ memory, path, body: asked, answer: reader.answer() });
        tell({ memory, path, answer: api.answer(asked) });
      }),
      { numRuns: 2000 },
    );
  });

  test('that are nested or long beyond an event are cut, with length and hash', () => {
    const memory = openExchangeMemory(100);
    const text = 'x'.repeat(5_000_000);
    const [event] = tell({ memory, body: { messages: [{ role: 'user', content: text }] } });
    assert.ok((event?.content?.length ?? 0) < 300_000);
    const sha256 = createHash('sha256').update(text).digest('hex');
    assert.deepEqual(event?.attributes?.['cut'], { content: { chars: 5_000_000, sha256 } });
  });
});
