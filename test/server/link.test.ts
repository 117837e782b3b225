/** The link by which a person decides from a chat: what it shows, and all that it refuses. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Approval } from '../../src/policy/lifecycle.ts';
import { html, recorded } from '../../src/server/page/html.ts';
import { wordsFor } from '../../src/server/page/word.ts';
import { readLink, signLink } from '../../src/trail/link.ts';
import { type Ground, openGround } from '../sdk/ground.ts';
import { rows } from '../trail/place.ts';

let ground: Ground;
let tokens: Record<'recorder' | 'approver' | 'other', string>;
before(async () => {
  ground = await openGround();
  tokens = {
    recorder: await ground.token('recorder', 'bot'),
    approver: await ground.token('approver', 'jane'),
    other: await ground.token('admin', 'bot-admin'),
  };
});
after(() => ground.close());

// biome-ignore lint/suspicious/noExplicitAny: answers of every route.
async function post(path: string, body: unknown, token: string): Promise<any> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const init = { method: 'POST', headers, body: JSON.stringify(body) };
  return (await fetch(`${ground.url}${path}`, init)).json();
}

let asked = 0;
async function escalated(args: object = { path: '/a' }, more: object = {}): Promise<Approval> {
  asked += 1;
  const session_id = `s${asked}`;
  const action = { session_id, tool: 'remove_file', arguments: args, action: 'delete', ...more };
  return (await post('/v1/actions/validate', action, tokens.recorder)).approval;
}

async function linkTo({ approval_id }: Approval, person = 'ann', more: object = {}) {
  const body = { for: person, ...more };
  return post(`/v1/approvals/${approval_id}/link`, body, tokens.approver);
}

function decide(url: string, fields: Record<string, string>, headers: object = {}) {
  return fetch(url, { method: 'POST', body: new URLSearchParams(fields), headers: { ...headers } });
}

async function stateOf({ approval_id }: Approval): Promise<Approval> {
  return ground.trail.govern.approval('acme', approval_id);
}

test('the page shows exactly what is asked, and looking at it changes nothing', async () => {
  const approval = await escalated({ path: '/work/old', force: true });
  const { url } = await linkTo(approval);
  for (let i = 0; i < 3; i++) {
    const reply = await fetch(url);
    assert.equal(reply.status, 200);
    const text = await reply.text();
    for (const part of ['remove_file', '/work/old', 'force', 'Deleting needs approval.', 'ann']) {
      assert.ok(text.includes(part), part);
    }
    assert.doesNotMatch(text, /<script|<img|<link|src=|http:|https:/);
    assert.match(reply.headers.get('content-security-policy') ?? '', /default-src 'none'/);
    assert.equal(reply.headers.get('referrer-policy'), 'no-referrer');
    assert.equal(reply.headers.get('cache-control'), 'no-store');
  }
  assert.equal((await stateOf(approval)).state, 'pending');
});

test('a vote is that of the person the link names, and decides', async () => {
  const approval = await escalated();
  const { url } = await linkTo(approval);
  const reply = await decide(url, { reason: 'It is old.', vote: 'once' });
  assert.equal(reply.status, 200);
  assert.match(await reply.text(), /Your decision is recorded/);
  const after = await stateOf(approval);
  assert.equal(after.state, 'approved');
  assert.deepEqual(
    after.votes.map(({ by, reason, scope }) => ({ by, reason, scope })),
    [{ by: 'link:ann', reason: 'It is old.', scope: 'once' }],
  );
  const again = await decide(url, { reason: 'no!', vote: 'deny' });
  assert.match(await again.text(), /It was approved/);
  assert.equal((await stateOf(approval)).state, 'approved');
});

test('without a reason or a choice nothing is decided, and what was typed stays', async () => {
  const approval = await escalated();
  const { url } = await linkTo(approval);
  const none = await decide(url, { reason: '  ', vote: 'once' });
  assert.equal(none.status, 422);
  assert.match(await none.text(), /A reason is needed/);
  const odd = await decide(url, { reason: 'kept <b>', vote: 'maybe' });
  assert.equal(odd.status, 422);
  assert.match(await odd.text(), /kept &lt;b&gt;/);
  const json = await fetch(url, { method: 'POST', body: '{}' });
  assert.equal(json.status, 415);
  assert.equal((await stateOf(approval)).state, 'pending');
});

test('forged, changed, expired and withdrawn links open nothing', async () => {
  const approval = await escalated();
  const { path, url } = await linkTo(approval);
  const [text = '', mac = ''] = path.slice('/approve/'.length).split('.');
  const claim = JSON.parse(Buffer.from(text, 'base64url').toString());
  const forged = Buffer.from(JSON.stringify({ ...claim, person: 'eve' })).toString('base64url');
  for (const token of [
    `${forged}.${mac}`,
    `${text}.${mac.slice(1)}`,
    `${text}.`,
    text,
    'x',
    '%00',
  ]) {
    for (const reply of [
      await fetch(`${ground.url}/approve/${token}`),
      await decide(`${ground.url}/approve/${token}`, { reason: 'r', vote: 'once' }),
    ]) {
      assert.equal(reply.status, 404, token);
      assert.doesNotMatch(await reply.text(), /remove_file/);
    }
  }
  const { v: _, ...link } = claim;
  const key = ground.trail.linkKey;
  const old = `${ground.url}/approve/${signLink(key, { ...link, exp: 1 })}`;
  assert.equal((await decide(old, { reason: 'r', vote: 'once' })).status, 410);
  await ground.revoke('jane');
  assert.equal((await decide(url, { reason: 'r', vote: 'once' })).status, 410);
  assert.equal((await stateOf(approval)).state, 'pending');
  tokens.approver = await ground.token('approver', 'jane');
});

test('who asked makes no link for it, neither for others nor under another name', async () => {
  const approval = await escalated();
  const path = `/v1/approvals/${approval.approval_id}/link`;
  assert.equal((await post(path, { for: 'bot' }, tokens.approver)).error.code, 'approval.own');
  const own = await post(
    '/v1/approvals',
    { session_id: 'own', tool: 'rm', arguments: {}, reason: 'I want to' },
    tokens.other,
  );
  const mine = await post(`/v1/approvals/${own.approval_id}/link`, { for: 'me' }, tokens.other);
  assert.equal(mine.error.code, 'approval.own');
  assert.equal((await post(path, { for: 'x' }, tokens.recorder)).error.code, 'request.forbidden');
});

test('a link is recorded when it is made, and its token is nowhere in the trail', async () => {
  const approval = await escalated();
  const { path } = await linkTo(approval, 'ken');
  const made = await rows(ground.trail, 'tool:approval.link');
  const told = made.find(({ arguments: args }) => Object(args).for === 'ken');
  assert.equal(Object(told?.arguments).approval_id, approval.approval_id);
  const all = JSON.stringify(await rows(ground.trail, ''));
  assert.ok(!all.includes(path.slice('/approve/'.length, '/approve/'.length + 40)));
});

test('whatever an agent writes is text, and what it hides is shown', async () => {
  const args = {
    command: '</pre><script>alert(1)</script>\n\u202erm -rf /\u202c \u200b\u0007 & "quoted"',
    '<img src=x>': "' onmouseover='x",
    long: `${'x'.repeat(5000)}THE END`,
    nested: { deep: ['<b>', null, 1] },
  };
  const approval = await escalated(args, { tool: '<i>tool\u2066' });
  const { url } = await linkTo(approval, '<ann>');
  const text = await (await fetch(url)).text();
  assert.doesNotMatch(text, /<script|<img|<i>|<ann>|onmouseover='/);
  assert.doesNotMatch(text, /[\u202e\u202c\u200b\u2066]/);
  for (const code of ['U+202E', 'U+202C', 'U+200B', 'U+0007', 'U+2066']) {
    assert.ok(text.includes(`[${code}]`), code);
  }
  assert.match(text, /Hidden characters are in this request/);
  assert.match(text, /Show all \(5007 characters\)/);
  assert.match(text, /THE END/);
});

test('the page speaks the reader’s language', async () => {
  const { url } = await linkTo(await escalated());
  const japanese = await fetch(url, {
    headers: { 'accept-language': 'de, ja-JP;q=0.9, en;q=0.1' },
  });
  assert.match(await japanese.text(), /<html lang="ja">[\s\S]*今回だけ承認する/);
  const asked = await fetch(`${url}?language=en`, { headers: { 'accept-language': 'ja' } });
  assert.match(await asked.text(), /<html lang="en">/);
  assert.equal(wordsFor(undefined, undefined).lang, 'en');
  assert.equal(wordsFor(undefined, ';;,q=,ja;q=x,en;q=0.2').lang, 'en');
});

test('two people are needed where the quorum is two, and one link votes once', async () => {
  const approval = await post(
    '/v1/approvals',
    { session_id: 'q', tool: 'rm', arguments: {}, reason: 'twice', quorum: 2 },
    tokens.recorder,
  );
  const ann = await linkTo(approval, 'ann');
  const first = await decide(ann.url, { reason: 'yes', vote: 'once' });
  assert.match(await first.text(), /still needs the approval of others/);
  assert.equal((await decide(ann.url, { reason: 'again', vote: 'once' })).status, 409);
  const bob = await linkTo(approval, 'bob');
  await decide(bob.url, { reason: 'me too', vote: 'session' });
  const after = await stateOf(approval);
  assert.deepEqual([after.state, after.scope], ['approved', 'once']);
});

test('a key reads only what it signed', () => {
  const link = { tenant: 'a', approval_id: 'b', person: 'p', by: 'c', exp: 1 };
  const [one, two] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)];
  assert.deepEqual(readLink(one, signLink(one, link)), link);
  assert.equal(readLink(two, signLink(one, link)), undefined);
  assert.equal(readLink(one, 'x'.repeat(100_000)), undefined);
});

test('text is escaped however it is put together', () => {
  assert.equal(html`<p>${'<&">\''}</p>`.html, '<p>&lt;&amp;&quot;&gt;&#39;</p>');
  assert.equal(recorded('a\r\nb\rc').html, 'a\r\nb<b class="odd">[U+000D]</b>c');
  assert.equal(recorded('❤️ 日本\u3000語').html, '❤️ 日本\u3000語');
});
