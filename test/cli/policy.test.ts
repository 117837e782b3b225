/** `clawctl policy …` on files and against a real server. */
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { openRig, type Rig } from './rig.ts';

const SHIPPED = join(import.meta.dirname, '..', '..', 'policies');

let rig: Rig;
let folder: string;
before(async () => {
  rig = await openRig();
  folder = join(rig.root, 'policies');
  cpSync(SHIPPED, folder, { recursive: true });
});
after(() => rig.close());

/** Replaces text in a policy file. */
function edit(name: string, from: string, to: string): void {
  const path = join(folder, name);
  const text = readFileSync(path, 'utf8');
  assert.ok(text.includes(from));
  writeFileSync(path, text.replace(from, to));
}

test('check and test work on files alone, and say what is wrong where', async () => {
  const fine = await rig.run(['policy', 'check', folder]);
  assert.equal(fine.code, 0, fine.err);
  assert.match(fine.out, /policies, nothing wrong: sha256:/);
  const tested = await rig.run(['policy', 'test', folder, '--json']);
  assert.equal(tested.code, 0, tested.err);
  assert.equal(tested.json.failed, 0);
  edit('secrets.cedar', 'context.holds_secret', 'context.hold_secret');
  const wrong = await rig.run(['policy', 'check', folder]);
  assert.equal(wrong.code, 2);
  assert.match(wrong.out, /secrets\.cedar:6:8: error: .*hold_secret.*\n.*`holds_secret`/);
  const ja = await rig.run(['policy', 'check', folder, '--lang', 'ja']);
  assert.match(ja.err, /ポリシーに誤りがあります/);
  edit('secrets.cedar', 'context.hold_secret', 'context.holds_secret');
});

test('a failing test says what was expected, what came, and by which policy', async () => {
  const tests = join(rig.root, 'mine.test.json');
  const example = { name: '\u001b[31mred', tool: 'Bash', outcome: 'deny', policy_ids: ['gone'] };
  writeFileSync(tests, JSON.stringify({ tests: [example] }));
  const failed = await rig.run(['policy', 'test', folder, '--tests', tests]);
  assert.equal(failed.code, 1);
  assert.match(failed.out, /expected deny \(gone\)/);
  assert.match(failed.out, /got +permit \(baseline\): Nothing forbids it\./);
  assert.match(failed.out, /There is no policy gone\./);
  assert.ok(!failed.out.includes('\u001b'), 'and nothing that a test says moves the cursor');
});

test('diff, replay and apply: what changes is seen before it counts', async () => {
  const body = {
    session_id: 's1',
    tool: 'WebFetch',
    arguments: { url: 'https://mirror.example/', prompt: 'x' },
    agent: { runtime: 'claude-code' },
    approval: false,
  };
  const asked = await fetch(`${rig.url}/v1/actions/validate`, {
    method: 'POST',
    headers: { authorization: `Bearer ${rig.token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const decided = (await asked.json()) as { outcome: string };
  assert.equal(decided.outcome, 'escalate');
  const same = await rig.run(['policy', 'diff', folder]);
  assert.equal(same.out.trim(), 'Nothing changes.');
  const still = await rig.run(['policy', 'replay', folder]);
  assert.equal(still.code, 0, still.err);
  assert.match(still.out, /1 decision: 1 the same/);
  edit('egress.cedar', '// packages', '"mirror.example",');
  const diff = await rig.run(['policy', 'diff', folder]);
  assert.match(diff.out, /Changed: egress-allow-list\n/);
  assert.match(diff.out, /^\+ +"mirror\.example",$/m);
  const replayed = await rig.run(['policy', 'replay', folder]);
  assert.equal(replayed.code, 1);
  assert.match(replayed.out, /then escalate \(egress-allow-list\)/);
  assert.match(replayed.out, /now +permit \(baseline\)/);
  const applied = await rig.run(['policy', 'apply', folder, '--reason', 'a mirror']);
  assert.equal(applied.code, 0, applied.err);
  const versions = await rig.run(['policy', 'versions', '--json']);
  assert.deepEqual(versions.json.versions[0].reason, 'a mirror');
  const shown = await rig.run(['policy', 'show']);
  mkdirSync(join(rig.root, 'again'));
  writeFileSync(join(rig.root, 'again', 'all.cedar'), shown.out);
  const again = await rig.run(['policy', 'check', join(rig.root, 'again')]);
  assert.equal(again.code, 0, 'what show prints is a policy file');
  const listed = await rig.run(['policy', 'list']);
  assert.match(listed.out, /escalate +egress-allow-list +egress\.cedar:3/);
  const none = await rig.run(['policy', 'show', 'nope']);
  assert.equal(none.code, 2);
});
