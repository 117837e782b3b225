import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { openRig, type Rig } from './rig.ts';

const HOSTILE = 'rm\u001b]0;pwned\u0007\u001b[2J\u202egnp.exe\u0000\u009b31m';
const SESSION = '3f0a1b2c-1111-4222-8333-444455556666';
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not come out.
const DANGEROUS = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/;

let rig: Rig;
before(async () => {
  rig = await openRig();
  await rig.record([
    { type: 'prompt', session_id: SESSION, content: 'Send the report', user_id: 'alice' },
    {
      ...{ type: 'tool_call', session_id: SESSION, tool: 'send_email', status: 'success' },
      ...{ arguments: { to: 'bob@example.com' }, duration_ms: 640, agent_id: 'mailer' },
    },
    {
      ...{ type: 'tool_call', session_id: SESSION, tool: 'send_email', status: 'blocked' },
      ...{ arguments: { to: 'eve@evil.example' }, agent_id: 'mailer' },
      decision: { outcome: 'deny', by: 'policy', policy_ids: ['p-1'], reason: 'not allowed' },
    },
    { type: 'tool_call', session_id: `s-${HOSTILE}`, tool: HOSTILE, arguments: { a: HOSTILE } },
    { type: 'output', session_id: '会話', content: '請求書を送りました。', agent_id: '報告係' },
  ]);
});
after(() => rig.close());

test('the four commands of the documents run as they are written', async () => {
  const search = ['logs', 'search', '--query', 'tool:send_email', '--from', '2026-01-01'];
  const found = await rig.run(search);
  assert.equal(found.code, 0, found.err);
  assert.match(found.out, /send_email bob@example\.com/);
  for (const format of ['json', 'csv']) {
    const file = `audit-jan.${format}`;
    const written = await rig.run(['logs', 'export', '--format', format, '--output', file]);
    assert.equal(written.code, 0, written.err);
    assert.ok(statSync(join(rig.root, file)).size > 0);
  }
  const tail = rig.start(['logs', 'tail']);
  await tail.said('err', /Waiting/);
  await rig.record([{ type: 'tool_call', session_id: 'late', tool: 'fresh_tool' }]);
  await tail.said('out', /fresh_tool/);
  tail.child.kill('SIGINT');
  assert.equal((await tail.done).code, 0);
});

test('a page names the next one, and the pages together are all', async () => {
  const ids: string[] = [];
  let cursor: string[] = [];
  do {
    const page = await rig.run(['logs', 'search', '--limit', '2', '--json', ...cursor]);
    ids.push(...page.json.events.map((event: { id: string }) => event.id));
    cursor = page.json.cursor === undefined ? [] : ['--cursor', page.json.cursor];
  } while (cursor.length > 0);
  const all = await rig.run(['logs', 'search', '--limit', '1000', '--json']);
  assert.deepEqual(
    ids,
    all.json.events.map((event: { id: string }) => event.id),
  );
  const text = await rig.run(['logs', 'search', '--limit', '2']);
  assert.match(text.err, /--cursor \S+/);
});

test('reads of the trail are hidden unless asked for, and the answer says so', async () => {
  const types = async (...args: string[]) => {
    const found = await rig.run(['logs', 'search', '--limit', '1000', '--json', ...args]);
    return new Set(found.json.events.map((event: { type: string }) => event.type));
  };
  assert.equal((await types()).has('access'), false);
  assert.equal((await types('--all')).has('access'), true);
  assert.deepEqual([...(await types('--query', 'type:access'))], ['access']);
  assert.match((await rig.run(['logs', 'search'])).err, /hidden: --all/);
  assert.doesNotMatch((await rig.run(['logs', 'search', '--all'])).err, /hidden/);
});

test('hostile text comes out visible and harmless, wherever it is printed', async () => {
  for (const args of [
    ['logs', 'search'],
    ['logs', 'search', '--json'],
    ['logs', 'show', '4'],
    ['logs', 'show', '4', '--json'],
    ['sessions', 'list'],
    ['timeline', `s-${HOSTILE.replace('\u0000', '')}`],
    ['logs', 'search', '--query', `(${HOSTILE.replace('\u0000', '')}`],
    ['logs', 'search', `--${HOSTILE.replace('\u0000', '')}`],
    ['status', '--url', 'http://\u001b[31m'],
  ]) {
    const { out, err } = await rig.run(args);
    assert.doesNotMatch(out + err, DANGEROUS, args.join(' '));
  }
  assert.match((await rig.run(['logs', 'show', '4'])).out, /rm\\x1b\]0;pwned\\x07/);
});

test('the fields of an event stand in a column, also in Japanese', async () => {
  const { out } = await rig.run(['logs', 'show', '2', '--lang', 'ja']);
  assert.match(out, /^ {2}セッション {4}\S/m);
  assert.match(out, /^ {2}エージェント {2}mailer/m);
});

test('the parsed JSON is what was recorded, hostile or not', async () => {
  const { json } = await rig.run(['logs', 'show', '4', '--json']);
  assert.equal(json.tool, HOSTILE);
});

test('an event is found by its id and by its index', async () => {
  const byIndex = await rig.run(['logs', 'show', '2', '--json']);
  const byId = await rig.run(['logs', 'show', byIndex.json.id, '--json']);
  assert.deepEqual(byId.json, byIndex.json);
  assert.equal(byId.json.tool, 'send_email');
  const text = await rig.run(['logs', 'show', '3']);
  for (const part of ['blocked', 'p-1', 'not allowed', 'eve@evil.example']) {
    assert.ok(text.out.includes(part), part);
  }
  const missing = await rig.run(['logs', 'show', '99999', '--json']);
  assert.equal(missing.code, 2);
  assert.equal(JSON.parse(missing.err).error.code, 'event.not_found');
});

test('a timeline tells who did what and what was blocked; a prefix is enough', async () => {
  const whole = await rig.run(['timeline', SESSION]);
  const short = await rig.run(['timeline', SESSION.slice(0, 8)]);
  assert.equal(short.out, whole.out);
  for (const part of [
    'alice asked',
    '│ Send the report',
    '✓ Tool send_email',
    '■ Tool send_email',
  ]) {
    assert.ok(whole.out.includes(part), part);
  }
  assert.match(whole.out, /blocked by policy p-1: not allowed/);
  const json = await rig.run(['timeline', SESSION, '--json']);
  assert.deepEqual(
    json.json.events.map((event: { type: string }) => event.type),
    ['prompt', 'tool_call', 'tool_call'],
  );
  assert.equal((await rig.run(['timeline', 'nobody-knows'])).code, 2);
});

test('Japanese readers read Japanese, and Japanese text keeps its columns', async () => {
  const ja = { LANG: 'ja_JP.UTF-8' };
  const told = await rig.run(['timeline', '会話', '--zone', 'Asia/Tokyo'], ja);
  assert.match(told.out, /報告係 の回答/);
  assert.match(told.out, /│ 請求書を送りました。/);
  assert.match(told.out, /Asia\/Tokyo/);
  const list = await rig.run(['sessions', 'list'], ja);
  assert.match(list.out, /^セッション +開始/);
  const wrong = await rig.run(['logs', 'search', '--query', '請求 (x'], ja);
  assert.match(wrong.err, /検索式が正しくありません（4 文字目）/);
  assert.match(wrong.err, /^ {2}請求 \(x\n {7}\^$/m);
});

test('times are shown and read in the zone that is asked for', async () => {
  const tokyo = await rig.run(['logs', 'search', '--zone', 'Asia/Tokyo', '--limit', '1']);
  assert.match(tokyo.err, /Times are in Asia\/Tokyo/);
  const wrong = await rig.run(['logs', 'search', '--zone', 'Mars/Olympus', '--json']);
  assert.equal(wrong.code, 2);
  assert.match(JSON.parse(wrong.err).error.message, /Mars\/Olympus/);
});

test('sessions are listed with their outcomes, without those of Claw itself', async () => {
  const { json } = await rig.run(['sessions', 'list', '--json']);
  const ids = json.sessions.map((session: { session_id: string }) => session.session_id);
  assert.ok(ids.includes(SESSION));
  assert.ok(!ids.some((id: string) => id.startsWith('claw')), ids.join());
  const shown = await rig.run(['sessions', 'show', '3f0a', '--json']);
  assert.equal(shown.json.session_id, SESSION);
  assert.equal(shown.json.statuses.blocked, 1);
});

test('exports say what they cover, are private, and hold every event', async () => {
  mkdirSync(join(rig.root, 'exports'));
  const count: Record<string, number> = {};
  for (const format of ['json', 'csv', 'ndjson']) {
    const file = `exports/all.${format}`;
    const args = ['logs', 'export', '--format', format, '--output', file, '--json'];
    const { json, code, err } = await rig.run([...args, '--query', '-type:access']);
    assert.equal(code, 0, err);
    count[format] = json.count;
    assert.equal(json.coverage.tenant, 'default');
    assert.ok(json.coverage.tree_size >= json.count);
    assert.equal(statSync(join(rig.root, file)).mode & 0o777, 0o600);
  }
  assert.deepEqual(readdirSync(join(rig.root, 'exports')).sort(), [
    'all.csv',
    'all.csv.coverage.json',
    'all.json',
    'all.ndjson',
  ]);
  const whole = JSON.parse(readFileSync(join(rig.root, 'exports/all.json'), 'utf8'));
  assert.deepEqual(count, { json: whole.count, csv: whole.count, ndjson: whole.count });
});

test('an export to standard output is nothing but the export', async () => {
  const { out, err, code } = await rig.run(['logs', 'export', '--format', 'json', '--output', '-']);
  assert.equal(code, 0);
  assert.ok(JSON.parse(out).count > 0);
  assert.match(err, /Exported \d+ events to stdout/);
});

test('a reader who has seen enough is no error', async () => {
  const { child, done } = rig.start(['logs', 'export', '--format', 'ndjson', '--output', '-']);
  child.stdout?.destroy();
  const { code, err } = await done;
  assert.equal(code, 0);
  assert.doesNotMatch(err, /EPIPE|Error/);
});
