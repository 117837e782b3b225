import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { connect } from '../../src/sdk/sdk.ts';
import { openRig, type Rig } from '../cli/rig.ts';
import { openAgent } from './agent.ts';

suite('clawctl rollback, and claw.rollback', () => {
  let rig: Rig;
  before(async () => {
    rig = await openRig();
  });
  after(() => rig.close());

  const session = async (session_id: string) => {
    const root = join(rig.root, 'work', session_id);
    mkdirSync(root, { recursive: true });
    writeFileSync(join(root, 'a.txt'), 'one\n');
    writeFileSync(join(root, 'b.txt'), 'one\n');
    const agent = openAgent(root);
    agent.edit('a.txt', 'one', 'two');
    agent.edit('b.txt', 'one', 'two');
    const mail = { type: 'tool_call', tool: 'send_email', status: 'success', call_id: 'mail' };
    const events = agent.deeds.map(({ id: _, index: __, recorded_at: ___, ...deed }) => deed);
    const sent = { ...mail, action: 'communicate', arguments: { to: '$(touch /tmp/x) `id`' } };
    await rig.record([...events, sent].map((one) => ({ ...one, session_id })));
    return { root, a: join(root, 'a.txt'), b: join(root, 'b.txt') };
  };
  const text = (path: string) => readFileSync(path, 'utf8');

  test('it is a dry run unless --apply is given, and says what a person must do', async () => {
    const { root, a, b } = await session('3f0a1b2c-0000-4000-8000-000000000001');
    const dry = await rig.run(['rollback', '--session', '3f0a1b2c', '--root', root]);
    assert.equal(dry.code, 0, dry.err);
    assert.match(dry.out, /send_email sent something: .*It cannot be called back/);
    assert.match(dry.err, /A dry run: 2 steps would be taken/);
    assert.deepEqual([text(a), text(b)], ['two\n', 'two\n']);
    const words = ['rollback', '--session', '3f0a1b2c', '--root', root, '--apply'];
    const some = await rig.run([...words, '--path', 'a.*', '--json']);
    assert.equal(some.code, 0, some.err);
    assert.deepEqual([text(a), text(b)], ['one\n', 'two\n']);
    const japanese = await rig.run([...words, '--lang', 'ja']);
    assert.equal(japanese.code, 0, japanese.err);
    assert.match(japanese.out, /取り戻せません/);
    assert.deepEqual([text(a), text(b)], ['one\n', 'one\n']);
    assert.ok(existsSync(join(rig.root, '.claw/rollback')));
  });

  test('a file that a person changed is refused and the exit code says so', async () => {
    const { root, a, b } = await session('s-person');
    writeFileSync(b, 'a person\n');
    const words = ['rollback', '--session', 's-person', '--apply', '--json'];
    const done = await rig.run([...words, '--root', root]);
    assert.equal(done.code, 1, done.err);
    assert.deepEqual([text(a), text(b)], ['one\n', 'a person\n']);
    const conflict = done.json.steps.find(
      ({ status }: { status: string }) => status === 'conflict',
    );
    assert.equal(conflict.why, 'changed');
    assert.ok(!done.out.includes('"content"'));
  });

  test('files outside of the present folder are left, and it says how to reach them', async () => {
    const { a } = await session('s-outside');
    mkdirSync(join(rig.root, 'other'), { recursive: true });
    const words = ['rollback', '--session', 's-outside', '--apply'];
    const done = await rig.run([...words, '--root', join(rig.root, 'other')]);
    assert.equal(done.code, 1);
    assert.match(done.out, /outside of the folder: name it with --root/);
    assert.equal(text(a), 'two\n');
  });

  test('what is to be undone must be said, and exist', async () => {
    assert.equal((await rig.run(['rollback'])).code, 2);
    assert.equal((await rig.run(['rollback', '--session', 'nobody-knows'])).code, 2);
    assert.equal((await rig.run(['rollback', '--session', 's-person', '--root', '/no'])).code, 3);
  });

  const program = (name: string, body: string) => {
    const path = join(rig.root, name);
    writeFileSync(path, `#!/bin/sh\n${body}\n`);
    chmodSync(path, 0o755);
    return path;
  };
  const register = (file: string, run: readonly string[], mode = 0o600) => {
    mkdirSync(join(file, '..'), { recursive: true });
    writeFileSync(file, JSON.stringify({ compensations: [{ tool: 'send_*', run }] }));
    chmodSync(file, mode);
  };

  test('a compensation runs once, gets the call as JSON alone, and only with its flag', async () => {
    const { root } = await session('s-mail');
    const log = join(rig.root, 'compensated.jsonl');
    const unsend = program('unsend', `cat >> "${log}"; echo "$@" >> "${log}.words"`);
    register(join(rig.root, 'config/claw/claw.compensations.json'), [unsend, '--quiet']);
    const words = ['rollback', '--session', 's-mail', '--root', root, '--json'];
    await rig.run([...words, '--apply']);
    await rig.run([...words, '--compensate']);
    assert.equal(existsSync(log), false, 'neither without the flag nor in a dry run');
    const done = await rig.run([...words, '--apply', '--compensate']);
    assert.equal(done.code, 0, done.err);
    const again = await rig.run([...words, '--apply', '--compensate']);
    const statusOf = ({ json }: typeof done) =>
      json.steps.find(({ tool }: { tool: string }) => tool === 'send_email').status;
    assert.deepEqual([statusOf(done), statusOf(again)], ['done', 'already']);
    const calls = text(log).trim().split('\n');
    assert.equal(calls.length, 1);
    assert.deepEqual(JSON.parse(calls[0] ?? '').arguments, { to: '$(touch /tmp/x) `id`' });
    assert.equal(text(`${log}.words`), '--quiet\n');
  });

  test('one that failed is not run again by itself, and is told as failed', async () => {
    const { root } = await session('s-fails');
    const file = join(rig.root, 'mine.json');
    register(file, [program('fails', 'exit 3')]);
    const words = ['rollback', '--session', 's-fails', '--root', root, '--apply', '--json'];
    const first = await rig.run([...words, '--compensate', file]);
    const second = await rig.run([...words, '--compensate', file]);
    const stepOf = ({ json }: typeof first) =>
      json.steps.find(({ tool }: { tool: string }) => tool === 'send_email');
    assert.equal(first.code, 1);
    assert.match(stepOf(first).detail, /exit 3/);
    assert.equal(stepOf(second).why, 'unfinished');
  });

  test('a file of compensations that an agent or others could have written is refused', async () => {
    const { root } = await session('s-planted');
    const words = ['rollback', '--session', 's-planted', '--root', root, '--compensate'];
    const planted = join(root, 'claw.compensations.json');
    register(planted, ['/bin/true']);
    const below = await rig.run([...words, planted]);
    assert.equal(below.code, 3);
    assert.match(below.err, /an agent may have written it/);
    const open = join(rig.root, 'open.json');
    register(open, ['/bin/true'], 0o666);
    assert.match((await rig.run([...words, open])).err, /may be written by others/);
    const bare = join(rig.root, 'bare.json');
    register(bare, ['true']);
    assert.match((await rig.run([...words, bare])).err, /no absolute path/);
    writeFileSync(bare, '{"compensations": [{"tool": 7}]}');
    assert.equal((await rig.run([...words, bare])).code, 3);
    assert.equal((await rig.run([...words, join(rig.root, 'none.json')])).code, 3);
  });

  test('the SDK plans, applies and records, with compensations of its own', async () => {
    const { root, a, b } = await session('s-sdk');
    writeFileSync(b, 'a person\n');
    const claw = connect({ url: rig.url, token: rig.token, spool: false });
    try {
      const plan = await claw.rollback({ session_id: 's-sdk' });
      assert.equal(plan.results, undefined);
      assert.equal(plan.steps.length, 3);
      const state = join(rig.root, 'state');
      const mails: unknown[] = [];
      const compensations = { send_email: (call: { arguments: unknown }) => mails.push(call) };
      const request = { session_id: 's-sdk', roots: [root], state, compensations };
      const dry = await claw.rollback({ ...request, apply: false });
      assert.deepEqual(
        dry.results?.map(({ status }) => status),
        ['ready', 'conflict', 'ready'],
      );
      const done = await claw.rollback({ ...request, apply: true });
      assert.deepEqual(
        done.results?.map(({ status }) => status),
        ['done', 'conflict', 'restored'],
      );
      assert.equal(mails.length, 1);
      assert.deepEqual([text(a), text(b)], ['one\n', 'a person\n']);
      await rig.record([]);
      const log = await claw.audit_log({ session_id: 's-sdk', limit: 50 });
      const own = log.filter(({ tool }) => tool === 'rollback').map(({ status }) => status);
      assert.deepEqual(own.slice(-3), ['success', 'blocked', 'success']);
    } finally {
      await claw.close();
    }
  });
});
