import assert from 'node:assert/strict';
import { cpSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { openRig, type Rig } from './rig.ts';

let rig: Rig;
before(async () => {
  rig = await openRig();
  await rig.record(
    Array.from({ length: 20 }, (_, i) => ({
      ...{ type: 'tool_call', session_id: 's', tool: `tool-${i}`, status: 'success' },
      content: `content ${i} 請求書`,
    })),
  );
});
after(() => rig.close());

test('a whole trail verifies in its folder and over HTTP, contents too', async () => {
  for (const source of [rig.data, rig.url]) {
    const { code, out, json, err } = await rig.run(['verify', source, '--json']);
    assert.equal(code, 0, out + err);
    assert.equal(json.ok, true);
    const [tenant] = json.tenants;
    assert.ok(tenant.opened >= 21 && tenant.opened === tenant.entries, JSON.stringify(tenant));
  }
  const text = await rig.run(['verify']);
  assert.match(text.out, /^VERIFIED/m);
  assert.match(text.out, /contents checked \d+/);
});

test('a trail that publishes no checkpoint is never called verified', async () => {
  const copy = join(rig.root, 'unsigned');
  cpSync(rig.data, copy, { recursive: true });
  for (const part of ['ledger', 'head', 'journal']) rmSync(join(copy, part), { recursive: true });
  const { code, out, err } = await rig.run(['verify', copy]);
  assert.notEqual(code, 0);
  assert.doesNotMatch(out, /VERIFIED/);
  assert.match(err, /checkpoint/);
  assert.notEqual((await rig.run(['verify', rig.url, '--tenant', 'other'])).code, 0);
});

test('a copy without keys verifies as far as it goes, and says so', async () => {
  const copy = join(rig.root, 'copy');
  cpSync(rig.data, copy, { recursive: true });
  rmSync(join(copy, 'keys'), { recursive: true });
  const { code, out, err } = await rig.run(['verify', copy]);
  assert.equal(code, 0, out + err);
  assert.match(err, /no keys/);
  assert.match(out, /contents checked 0/);
  const tree = await rig.run(['verify', copy, '--tree-only', '--json']);
  assert.equal(tree.json.tree_only, true);
});

test('a flipped bit fails verification with exit code 1 and is named', async () => {
  const copy = join(rig.root, 'flipped');
  cpSync(rig.data, copy, { recursive: true });
  const folder = join(copy, 'journal');
  const [name = ''] = readdirSync(folder).filter((file) => statSync(join(folder, file)).size > 999);
  const bytes = readFileSync(join(folder, name));
  const middle = Math.floor(bytes.length / 2);
  bytes.writeUInt8(bytes.readUInt8(middle) ^ 1, middle);
  writeFileSync(join(folder, name), bytes);
  const { code, out, err } = await rig.run(['verify', copy]);
  assert.equal(code, 1, out + err);
  assert.match(out, /^FAILED/m);
  assert.match(out, /tampered .*default · \d+/);
  const json = await rig.run(['verify', copy, '--json']);
  assert.equal(json.json.ok, false);
  assert.equal(JSON.parse(json.err).error.code, 'ledger.damaged');
});

test('a foreign key is not taken for the one that is trusted', async () => {
  const vkey = readFileSync(join(rig.data, 'ledger', 'default', 'vkey'), 'utf8');
  assert.equal((await rig.run(['verify', rig.data, '--vkey', vkey])).code, 0);
  const last = vkey.trim().at(-2) === 'A' ? 'B' : 'A';
  const foreign = `${vkey.trim().slice(0, -2)}${last}=`;
  assert.equal((await rig.run(['verify', rig.data, '--vkey', foreign])).code, 1);
});

test('a missing folder is an operator’s matter, not a broken trail', async () => {
  const { code, err } = await rig.run(['verify', join(rig.root, 'nowhere'), '--json']);
  assert.equal(code, 3);
  assert.equal(JSON.parse(err).error.code, 'data.missing');
});

test('one file proves an event to whoever has the public key', async () => {
  const wrote = await rig.run(['proof', '7', '--output', 'mail.claw-proof.json', '--json']);
  assert.equal(wrote.code, 0, wrote.err);
  const { file, tlog_proof: bare, vkey } = wrote.json;
  assert.match(readFileSync(join(rig.root, bare), 'utf8'), /^c2sp\.org\/tlog-proof@v1\nindex 7\n/);
  writeFileSync(join(rig.root, 'vkey.txt'), `${vkey}\n`);
  for (const key of [vkey, 'vkey.txt']) {
    const checked = await rig.run(['verify-proof', file, '--vkey', key, '--json']);
    assert.equal(checked.code, 0, checked.err);
    assert.equal(checked.json.index, 7);
    assert.equal(checked.json.event.content, 'content 6 請求書');
  }
  const text = await rig.run(['verify-proof', file, '--vkey', vkey]);
  assert.match(text.out, /^PROVED/);
  assert.match(text.out, /content 6 請求書/);
});

test('an altered proof, another key and a foreign file are told apart', async () => {
  const wrote = await rig.run(['proof', '7', '--output', 'whole.claw-proof.json', '--json']);
  const { vkey } = wrote.json;
  const whole = readFileSync(join(rig.root, 'whole.claw-proof.json'), 'utf8');
  const altered = whole.replace('content 6', 'content 9');
  assert.notEqual(altered, whole);
  writeFileSync(join(rig.root, 'altered.json'), altered);
  const code = async (...args: string[]) => (await rig.run(['verify-proof', ...args])).code;
  assert.equal(await code('altered.json', '--vkey', vkey), 1);
  assert.equal(await code('whole.claw-proof.json', '--vkey', vkey.replace('claw', 'clay')), 1);
  assert.equal(await code('whole.claw-proof.json', '--vkey', 'no key'), 2);
  assert.equal(await code('whole.claw-proof.json'), 2);
  for (const text of ['{}', 'null', '7', 'text', '{"proof":1,"entry":"x"}']) {
    writeFileSync(join(rig.root, 'foreign.json'), text);
    assert.equal(await code('foreign.json', '--vkey', vkey), 2, text);
  }
});

test('a viewer’s token reads, makes nothing, and stops when it is revoked', async () => {
  const made = await rig.run([
    'token',
    'create',
    '--name',
    'auditor',
    '--role',
    'viewer',
    '--json',
  ]);
  const { token, id } = made.json;
  const viewer = { CLAW_TOKEN: token };
  assert.equal((await rig.run(['logs', 'search'], viewer)).code, 0);
  const refused = await rig.run(['token', 'list', '--json'], viewer);
  assert.equal(refused.code, 2);
  assert.equal(JSON.parse(refused.err).error.code, 'request.forbidden');
  const list = await rig.run(['token', 'list']);
  assert.match(list.out, /viewer +default .*auditor/);
  assert.ok(!list.out.includes(token));
  assert.equal((await rig.run(['token', 'revoke', id])).code, 0);
  assert.equal((await rig.run(['logs', 'search'], viewer)).code, 2);
});

test('the status names the data folder and every tenant', async () => {
  const { out } = await rig.run(['status']);
  assert.ok(out.includes(rig.data));
  assert.match(out, /^default +\d+ +\d+/m);
  assert.equal((await rig.run(['status', '--json'])).json.journal.state, 'open');
});

test('Claude Code’s settings get their hooks once, and lose exactly them again', async () => {
  const file = join(rig.root, 'settings.json');
  const before = '{\n  "model": "opus"\n}\n';
  writeFileSync(file, before);
  const env = { CLAUDE_CONFIG_DIR: rig.root };
  const unasked = await rig.run(['install', 'claude-code'], env);
  assert.equal(unasked.code, 2);
  assert.match(unasked.err, /\+ .*claude-code/);
  assert.equal(readFileSync(file, 'utf8'), before);
  const installed = await rig.run(['install', 'claude-code', '--yes'], env);
  assert.equal(installed.code, 0, installed.err);
  assert.doesNotMatch(installed.out + installed.err, /claw_[\w-]{20}/);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  const settings = JSON.parse(readFileSync(file, 'utf8'));
  const hook = { authorization: `Bearer ${settings.env.CLAW_TOKEN}` };
  const body = JSON.stringify({ type: 'prompt', session_id: 'hooked' });
  const headers = { ...hook, 'content-type': 'application/json' };
  assert.equal(
    (await fetch(`${rig.url}/v1/events`, { method: 'POST', headers, body })).status,
    200,
  );
  assert.equal((await fetch(`${rig.url}/v1/events`, { headers })).status, 403);
  assert.match((await rig.run(['install', 'claude-code'], env)).out, /Nothing to change/);
  assert.equal((await rig.run(['uninstall', 'claude-code', '--yes'], env)).code, 0);
  assert.equal(readFileSync(file, 'utf8'), before);
});
