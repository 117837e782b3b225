/** Claw's MCP server over HTTP: tools by role and tenant, as HTTP answers, bounded and recorded. */
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import fc from 'fast-check';
import { printableBlock } from '../../src/search/safe.ts';
import { ROUTES } from '../../src/server/menu.ts';
import { newPlace, type Place } from '../trail/place.ts';
import { ERAS, type McpClient, openClient, POLICIES } from './mcp-rig.ts';
import { eventually, openRig, type Rig } from './rig.ts';

/** Of a route that may come later. */
const where = (name: string, path: string) =>
  ROUTES.some((route) => route.path === path) ? [name] : [];
const LIFECYCLE = [
  ...['declare_task', 'validate_action', 'request_approval', 'close_task'],
  ...where('rollback', '/v1/rollback'),
];
const OPEN = ['list_tasks', 'get_task', 'list_approvals', 'get_approval'];
const READING = [
  ...['search_events', 'count_events', 'top_values', 'list_sessions', 'session_timeline'],
  ...['get_event', 'read_field', 'coverage', 'audit_log'],
  ...where('explain_event', '/v1/events/:id/why'),
];
const VOTES = ['approve', 'deny'];

let place: Place;
let rig: Rig;
before(async () => {
  place = newPlace();
  rig = await openRig(() => place.open(), { limits: { mcp_requests: 8 } });
  const producer = { tenant_id: 'acme' };
  const admin = { tenant: 'acme', credential_id: 'x', name: 'x', producer };
  await rig.trail.govern.applyPolicies({ files: POLICIES }, admin);
});
after(async () => {
  await rig.close();
  await place.clear();
});

const record = async (events: readonly object[], tenant = 'acme') => {
  const producer = { tenant_id: tenant };
  const receipts = await rig.trail.ingest(events, producer);
  assert.ok(receipts.every(({ status }) => status === 'accepted'));
  await eventually(
    () => rig.trail.status(),
    ({ engine }) => engine.lag === 0,
  );
};

const rm = (file: string) => ({
  session_id: 'gone',
  tool: 'Bash',
  arguments: { command: `rm ${file}` },
  cwd: '/work',
});

/** What was recorded of readings and refusals, when there are at least so many. */
const accesses = (query: string, least: number) =>
  eventually(
    async () => (await rig.trail.search({ tenant: 'acme', query, limit: 100 })).events,
    (rows) => rows.length >= least,
  );

for (const era of ERAS) {
  suite(`a client of ${era}`, () => {
    const clients = {} as Record<'recorder' | 'viewer' | 'approver' | 'admin', McpClient>;
    before(async () => {
      for (const role of ['recorder', 'viewer', 'approver', 'admin'] as const) {
        clients[role] = await openClient(era, rig.server.url, rig[role]);
      }
    });
    after(async () => {
      for (const client of Object.values(clients)) await client.close();
    });

    test('each role is shown the tools that it may use, and no other', async () => {
      const names = async (client: McpClient) => (await client.tools()).map(({ name }) => name);
      const sorted = (...lists: readonly string[][]) => lists.flat().sort();
      assert.deepEqual((await names(clients.recorder)).sort(), sorted(LIFECYCLE, OPEN));
      assert.deepEqual((await names(clients.viewer)).sort(), sorted(OPEN, READING));
      assert.deepEqual((await names(clients.approver)).sort(), sorted(OPEN, READING, VOTES));
      const all = sorted(LIFECYCLE, OPEN, READING, VOTES);
      assert.deepEqual((await names(clients.admin)).sort(), all);
    });

    test('a tool of another role is refused in words, and the refusal is recorded', async () => {
      const refused = await clients.recorder.call('search_events');
      assert.equal(refused.isError, true);
      assert.match(refused.content[0]?.text ?? '', /needs the role viewer.*request\.forbidden/);
      const rows = await accesses('tool:request.refused arguments:search_events arguments:role', 1);
      assert.match(JSON.stringify(rows[0]?.arguments), /"reason":"role"/);
    });

    test('a task is declared, decided in and closed, and its chain is under its id', async () => {
      const { recorder, approver, viewer } = clients;
      const task_id = `task ${era}`;
      const asked = { task_id, session_id: `of ${era}`, goal: 'tidy', scope: { tools: ['Bash'] } };
      const declared = await recorder.call('declare_task', asked);
      assert.equal(declared.structuredContent.state, 'open', JSON.stringify(declared));
      const outside = { task_id, tool: 'WebFetch', arguments: { url: 'http://x' } };
      const denied = (await recorder.call('validate_action', outside)).structuredContent;
      assert.deepEqual(
        [denied.outcome, denied.allowed, denied.status, denied.policy_id],
        ['deny', false, 'POLICY_VIOLATION', 'task-scope'],
      );
      const { session_id: _, ...action } = rm('a');
      const wait = { ...action, task_id, call_id: 'c1', wait_s: 60 };
      const waiting = recorder.call('validate_action', wait);
      const pending = await eventually(
        async () => (await approver.call('list_approvals', { task_id })).structuredContent,
        ({ approvals }) => approvals.length > 0,
      );
      assert.match(pending.notice, /never as instructions/);
      const { approval_id, state } = pending.approvals[0];
      assert.equal(state, 'pending');
      const unsaid = await approver.call('approve', { approval_id });
      assert.match(unsaid.content[0]?.text ?? '', /reason.*request\.invalid/);
      const vote = { approval_id, reason: 'it is mine' };
      const approved = (await approver.call('approve', vote)).structuredContent;
      assert.equal(approved.state, 'approved');
      assert.equal((await waiting).structuredContent.allowed, true);
      const again = await approver.call('deny', vote);
      assert.equal(again.isError, true);
      assert.match(again.content[0]?.text ?? '', /approval\.decided/);
      const done = { task_id, outcome: 'success', summary: 'tidied' };
      assert.equal((await recorder.call('close_task', done)).structuredContent.state, 'closed');
      const chain = await eventually(
        async () =>
          (await viewer.call('search_events', { query: `task:"${task_id}"`, order: 'oldest' }))
            .structuredContent.events,
        (events) => events.length >= 7,
      );
      assert.deepEqual(
        chain.map(({ tool }: { tool: string }) => tool),
        [
          ...['declare_task', 'validate_action', 'validate_action', 'request_approval', 'approve'],
          ...['validate_action', 'close_task'],
        ],
      );
      const log = await viewer.call('audit_log', { session_id: `of ${era}` });
      const entries = log.structuredContent.entries as Record<string, unknown>[];
      const violation = entries.find(({ status }) => status === 'POLICY_VIOLATION');
      assert.deepEqual(
        [violation?.['policy_id'], violation?.['tool'], violation?.['session_id']],
        ['task-scope', 'validate_action', `of ${era}`],
      );
    });

    test('a tenant that is not the caller’s is refused; an operator may name any', async () => {
      await record([{ type: 'prompt', session_id: 'theirs', content: `secret ${era}` }], 'other');
      const foreign = await clients.viewer.call('search_events', { tenant: 'other' });
      assert.match(
        foreign.content[0]?.text ?? '',
        /tenant is not this token's.*request\.forbidden/,
      );
      const operator = await openClient(era, rig.server.url, rig.operator);
      const found = await operator.call('search_events', {
        tenant: 'other',
        query: `"secret ${era}"`,
      });
      assert.equal(found.structuredContent.events.length, 1);
      const shown = (tools: Awaited<ReturnType<McpClient['tools']>>) =>
        Object.keys(
          tools.find(({ name }) => name === 'search_events')?.inputSchema['properties'] ?? {},
        ).includes('tenant');
      assert.deepEqual(
        [shown(await operator.tools()), shown(await clients.viewer.tools())],
        [true, false],
      );
      await operator.close();
    });

    test('a reading is recorded as over HTTP', async () => {
      const query = `type:prompt absent-${era}`;
      await clients.viewer.call('search_events', { query });
      await rig.send(`/v1/events?limit=20&query=${encodeURIComponent(query)}`, {
        token: rig.viewer,
      });
      const rows = await accesses(`tool:logs.search arguments:absent-${era}`, 2);
      const [one, other] = rows;
      assert.deepEqual(
        [one?.tool, one?.arguments, one?.user, one?.result],
        [other?.tool, other?.arguments, other?.user, other?.result],
      );
    });

    test('who asked is told that a call still waits, and a call that is cancelled ends', async () => {
      const { recorder } = clients;
      const waits = { ...rm(`slow-${era}`), call_id: `slow ${era}`, wait_s: 600 };
      const told: number[] = [];
      const stop = new AbortController();
      const waiting = recorder.call('validate_action', waits, {
        signal: stop.signal,
        onprogress: ({ progress }) => {
          told.push(progress);
          stop.abort('enough');
        },
      });
      await assert.rejects(waiting);
      assert.deepEqual(told, [2]);
      // All that the tenant may have at once: none is held by what was cancelled.
      const gone = await Promise.all(
        [1, 2, 3, 4].map(async (at) =>
          eventually(
            () =>
              recorder
                .call('validate_action', { ...rm(`${at}`), arguments: { at } })
                .catch(() => undefined),
            (result) => result !== undefined && result.isError !== true,
          ),
        ),
      );
      assert.equal(gone.length, 4);
    });

    test('hidden characters are written out, and large events are cut but can be had whole', async () => {
      const hidden = 'read\u{e0041}\u{e0042} \u202eme\u001b[2J';
      const large = `${'x'.repeat(99_999)}\u{1f600}${'y'.repeat(100_000)}`;
      const session_id = `large ${era}`;
      const events = Array.from({ length: 40 }, (_, at) => ({
        type: 'tool_call',
        session_id,
        tool: 'Bash',
        arguments: { hidden, deep: nested(40), keys: Object.fromEntries(many(500)), at },
        result: large,
        raw: { __proto__: null, constructor: hidden },
      }));
      await record(events);
      const { viewer } = clients;
      const seen = new Set<string>();
      for (let cursor: string | undefined; ; ) {
        const page = await viewer.call('search_events', {
          query: `session:"${session_id}"`,
          limit: 100,
          ...(cursor && { cursor }),
        });
        assert.notEqual(page.isError, true, page.content[0]?.text);
        const text = JSON.stringify(page.structuredContent);
        assert.ok(text.length < 50_000, `${text.length}`);
        assert.doesNotMatch(text, /[\u{e0000}-\u{e007f}\u202e]/u);
        assert.match(page.structuredContent.notice, /cut/);
        for (const { id } of page.structuredContent.events) seen.add(id);
        cursor = page.structuredContent.cursor;
        if (cursor === undefined) break;
      }
      assert.equal(seen.size, 40);
      const [id] = seen;
      let whole = '';
      for (let offset: number | undefined = 0; offset !== undefined; ) {
        const got = await viewer.call('read_field', { id, field: 'result', offset });
        whole += got.structuredContent.text;
        offset = got.structuredContent.next_offset;
      }
      assert.ok(whole === large, `${whole.length}`);
    });

    test('what is wrong is said with its field and the way out', async () => {
      const said = async (name: string, args: object) =>
        (await clients.admin.call(name, args)).content.map(({ text }) => text).join('\n');
      assert.match(await said('search_events', { query: 'tool:(' }), /query\.invalid; column: 6/);
      assert.match(await said('search_events', { nonsense: 1 }), /nonsense is not known here/);
      assert.match(await said('search_events', { limit: 1e9 }), /field: limit; limit: 100/);
      assert.match(await said('session_timeline', {}), /session_id/);
      assert.match(await said('session_timeline', { session_id: 'no' }), /session\.not_found/);
      assert.match(await said('get_event', { id: 'no' }), /event\.not_found/);
      assert.match(await said('close_task', { task_id: 'no' }), /task\.not_found/);
      assert.match(await said('validate_action', { tool: 'x' }), /arguments|session_id/);
      await assert.rejects(clients.admin.call('__proto__'), /no tool/);
    });
  });
}

test('what MCP and HTTP answer is the same, for any reading', async () => {
  const words = ['alpha', 'beta', 'tool:Read', 'status:error', '-alpha', 'session:s1', 'gamma*'];
  await record(
    Array.from({ length: 60 }, (_, at) => ({
      type: at % 3 === 0 ? 'prompt' : 'tool_call',
      session_id: `s${at % 4}`,
      content: ['alpha', 'beta gamma', 'delta\u202e\u0000 <script>'][at % 3],
      ...(at % 3 === 0 ? {} : { tool: at % 2 ? 'Read' : 'Bash', call_id: `call ${at}` }),
      status: at % 5 === 0 ? 'error' : 'success',
    })),
  );
  const client = await openClient('2026-07-28', rig.server.url, rig.viewer);
  const query = fc
    .array(fc.constantFrom(...words), { maxLength: 2 })
    .map((all) => ['-type:access', ...all].join(' '));
  const asked = fc.record({
    query,
    limit: fc.integer({ min: 1, max: 20 }),
    to: fc.constant(new Date().toISOString()),
  });
  const pairs = [
    ['search_events', '/v1/events', ['limit']],
    ['list_sessions', '/v1/sessions', ['limit']],
    ['audit_log', '/v1/audit_log', ['limit']],
    ['count_events', '/v1/count', []],
  ] as const;
  await fc.assert(
    fc.asyncProperty(asked, fc.constantFrom(...pairs), async (args, [tool, path, more]) => {
      const { limit, ...rest } = args;
      const given = more.length > 0 ? { ...rest, limit } : rest;
      const params = new URLSearchParams(
        Object.entries(given).map(([key, value]) => [key, String(value)] as [string, string]),
      );
      const { structuredContent } = await client.call(tool, given);
      const { body } = await rig.send(`${path}?${params}`, { token: rig.viewer });
      const { notice, ...answer } = structuredContent;
      assert.match(notice, /^Recorded data/);
      assert.deepEqual(sameKeys(answer), sameKeys(visible(shortened(body))));
    }),
    { numRuns: 40 },
  );
  await client.close();
});

/** Readings are recorded meanwhile: up to where an answer had read is another each time. */
function sameKeys({ read_to: _, cursor, ...rest }: Record<string, unknown>): object {
  return { ...rest, more: cursor !== undefined };
}

const LEFT_OUT = ['agent_id', 'attributes', 'created_at', 'facts', 'raw', 'recorded_at', 'user_id'];

function shortened(body: Record<string, unknown>): Record<string, unknown> {
  if (!Array.isArray(body['events'])) return body;
  const events = body['events'].map((row: object) =>
    Object.fromEntries(Object.entries(row).filter(([key]) => !LEFT_OUT.includes(key))),
  );
  return { ...body, events };
}

function visible(value: Record<string, unknown>): Record<string, unknown> {
  return JSON.parse(JSON.stringify(value), (_key, inner: unknown) =>
    typeof inner === 'string' ? printableBlock(inner) : inner,
  );
}

function nested(depth: number): object {
  return depth === 0 ? {} : { down: nested(depth - 1) };
}

function many(count: number): [string, string][] {
  return Array.from({ length: count }, (_, at) => [`key ${at}`, 'value'.repeat(20)]);
}

suite('over the wire', () => {
  const initialize = {
    jsonrpc: '2.0',
    id: 1,
    method: 'initialize',
    params: {
      protocolVersion: '2025-11-25',
      capabilities: {},
      clientInfo: { name: 'raw', version: '1' },
    },
  };
  const accept = { accept: 'application/json, text/event-stream' };
  const post = (body: object | string, token: string, headers: Record<string, string> = {}) =>
    rig.send('/mcp', { body, token, headers: { ...accept, ...headers } });
  const list = { jsonrpc: '2.0', id: 2, method: 'tools/list' };

  test('a session is its credential’s alone, is ended by it, and its refusal is recorded', async () => {
    const begun = await post(initialize, rig.viewer);
    const session = begun.headers.get('mcp-session-id') ?? '';
    assert.match(session, /^[0-9a-f-]{36}$/);
    const own = { 'mcp-session-id': session };
    assert.equal((await post(list, rig.viewer, own)).status, 200);
    const other = await post(list, rig.recorder, own);
    assert.deepEqual([other.status, JSON.parse(other.text).error.code], [404, -32_001]);
    const made = await post(list, rig.viewer, { 'mcp-session-id': 'made-up' });
    assert.deepEqual([made.status, made.text], [other.status, other.text]);
    assert.equal((await accesses('tool:request.refused arguments:session', 1)).length, 1);
    const end = { method: 'DELETE', token: rig.recorder, headers: own };
    assert.equal((await rig.send('/mcp', end)).status, 404);
    assert.equal((await rig.send('/mcp', { ...end, token: rig.viewer })).status, 200);
    assert.equal((await post(list, rig.viewer, own)).status, 404);
  });

  test('a request of the older era without a session is answered on its own', async () => {
    const answered = await post(list, rig.viewer);
    assert.equal(answered.status, 200);
    assert.match(answered.text, /search_events/);
  });

  test('what is no message, too large, a batch or from another site is refused', async () => {
    assert.equal((await post('{', rig.viewer)).status, 400);
    assert.equal((await post('[]', rig.viewer)).body.error.code, 'batch.invalid');
    assert.equal((await post([list, list], rig.viewer)).body.error.code, 'batch.invalid');
    const large = { ...list, params: { x: 'x'.repeat(5_000_000) } };
    assert.equal((await post(large, rig.viewer)).status, 413);
    const evil = await post(list, rig.viewer, { origin: 'https://evil.example' });
    assert.deepEqual([evil.status, evil.body.error.field], [403, 'origin']);
    const same = await post(list, rig.viewer, { origin: rig.server.url });
    assert.equal(same.status, 200);
    const get = await rig.send('/mcp', { token: rig.viewer, headers: accept });
    assert.deepEqual([get.status, get.headers.get('allow')], [405, 'POST, DELETE']);
    assert.equal((await rig.send('/mcp', { body: list, headers: accept })).status, 401);
  });

  test('requests at once are bounded, and those of one tenant leave room for others', async () => {
    const call = (file: string) => ({
      ...list,
      method: 'tools/call',
      params: { name: 'validate_action', arguments: { ...rm(file), call_id: file, wait_s: 600 } },
    });
    const gone = new AbortController();
    const waiting = ['p', 'q', 'r', 's'].map((file) =>
      fetch(`${rig.server.url}/mcp`, {
        method: 'POST',
        signal: gone.signal,
        headers: {
          ...accept,
          authorization: `Bearer ${rig.recorder}`,
          'content-type': 'application/json',
        },
        body: JSON.stringify(call(file)),
      }),
    );
    for (const answer of waiting) answer.catch(() => undefined);
    await eventually(
      () => rig.trail.govern.approvals('acme', { state: 'pending' }),
      (all) => ['p', 'q', 'r', 's'].every((id) => all.some(({ call_id }) => call_id === id)),
    );
    const fifth = await post(list, rig.viewer);
    assert.ok(fifth.body, fifth.text);
    assert.deepEqual([fifth.status, fifth.body.error.code], [429, 'request.too_many']);
    assert.equal((await post(list, rig.foreigner)).status, 200);
    gone.abort();
    await eventually(
      () => post(list, rig.viewer),
      ({ status }) => status === 200,
    );
  });
});

test('sessions expire, are bounded, and whoever was first idle makes room', async () => {
  let now_ms = Date.now();
  const own = newPlace();
  const small = await openRig(() => own.open(), {
    limits: { mcp_sessions: 4, mcp_session_ms: 60_000 },
    now: () => now_ms,
  });
  const alive = async (client: McpClient) => {
    const headers = {
      accept: 'application/json, text/event-stream',
      'mcp-session-id': client.session() ?? '',
    };
    const body = { jsonrpc: '2.0', id: 9, method: 'ping' };
    return (await small.send('/mcp', { body, token: small.viewer, headers })).status;
  };
  const open = () => openClient('2025-11-25', small.server.url, small.viewer);
  const one = await open();
  now_ms += 1000;
  const two = await open();
  assert.deepEqual([await alive(one), await alive(two)], [200, 200]);
  now_ms += 1000;
  assert.equal(await alive(one), 200);
  const three = await open();
  assert.deepEqual([await alive(one), await alive(two), await alive(three)], [200, 404, 200]);
  now_ms += 61_000;
  assert.deepEqual([await alive(one), await alive(three)], [404, 404]);
  for (const client of [one, two, three]) await client.close();
  await small.close();
  await own.clear();
});

test('a server that closes ends what waits at once', async () => {
  const own = newPlace();
  const brief = await openRig(() => own.open());
  const producer = { tenant_id: 'acme' };
  const admin = { tenant: 'acme', credential_id: 'x', name: 'x', producer };
  await brief.trail.govern.applyPolicies({ files: POLICIES }, admin);
  const clients: McpClient[] = [];
  for (const era of ERAS) {
    const client = await openClient(era, brief.server.url, brief.recorder);
    clients.push(client);
    const wait = { ...rm(era), wait_s: 600 };
    client.call('validate_action', wait).catch(() => undefined);
  }
  await eventually(
    () => brief.trail.govern.approvals('acme', { state: 'pending' }),
    ({ length }) => length === 2,
  );
  const began = performance.now();
  await Promise.race([brief.close(), pause(9000, undefined, { ref: false })]);
  assert.ok(performance.now() - began < 9000, 'it waited for its grace');
  for (const client of clients) await client.close();
  await own.clear();
});

test('a bug is told without what is inside, and goes into the log', async () => {
  const own = newPlace();
  const lines: string[] = [];
  const broken = await openRig(
    async () => {
      const trail = await own.open();
      const count = () => Promise.reject(new TypeError('cannot read /secret/path'));
      return { ...trail, count };
    },
    { log: { level: 'error', stream: { write: (line) => void lines.push(line) } } },
  );
  const client = await openClient('2025-11-25', broken.server.url, broken.viewer);
  const told = await client.call('count_events');
  assert.match(told.content[0]?.text ?? '', /internal\.bug/);
  assert.doesNotMatch(JSON.stringify(told), /secret/);
  await eventually(
    async () => lines.join(''),
    (log) => log.includes('/secret/path'),
  );
  await client.close();
  await broken.close();
  await own.clear();
});
