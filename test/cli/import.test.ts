import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openRig, type Rig } from './rig.ts';

const SHARED = fileURLToPath(new URL('../../../shared', import.meta.url));
const skip = existsSync(join(SHARED, 'datasets')) ? false : '../shared is not here';
const DATASETS = join(SHARED, 'datasets');
const CAPTURES = join(SHARED, 'captures');
const TRANSCRIPTS = join(CAPTURES, 'claude-code-2.1.330/run2-trusted/transcript');

let rig: Rig;
before(async () => {
  rig = await openRig();
});
after(() => rig.close());

async function take(...args: readonly string[]) {
  const done = await rig.run(['import', ...args, '--json']);
  assert.ok(done.json, done.err);
  return { ...done.json, code: done.code };
}

const rows = async (query: string) =>
  (await rig.run(['logs', 'search', '--query', query, '--limit', '1000', '--json'])).json.events;

suite('datasets', { skip }, () => {
  const AGENTDOJO = join(DATASETS, 'agentdojo');
  const TAU = join(DATASETS, 'tau-bench/gpt-4o-airline.json');

  test('of AgentDojo import, and a second time add nothing', async () => {
    const first = await take('openai-chat', AGENTDOJO);
    const { code, files, records, sessions, events, recorded, known, problem_count } = first;
    assert.deepEqual([code, files, records, sessions, problem_count], [0, 2, 390, 388, 0]);
    assert.deepEqual([events, recorded, known], [5359, 5359, 0]);
    const second = await take('openai-chat', AGENTDOJO);
    assert.deepEqual([second.recorded, second.known], [0, 5359]);
  });

  test('of tau-bench import: every message of its 200 runs', async () => {
    const first = await take('openai-chat', TAU);
    assert.deepEqual([first.code, first.records, first.sessions], [0, 200, 200]);
    assert.deepEqual([first.events, first.recorded], [5798, 5798]);
    const count = async (query: string) =>
      (await rig.run(['logs', 'search', '--query', query, '--limit', '1', '--json'])).json;
    assert.equal((await count('session_id:"t0-0/tau-bench"* type:tool_call')).events.length, 1);
  });

  test('are found by what their benchmark says of them', async () => {
    const attacked = await rows('attributes:"attack_succeeded:true" attributes:"suite:banking"');
    const ends = attacked.filter(({ operation }: { operation: string }) => operation === 'end');
    assert.ok(ends.length > 0);
    for (const { attributes } of ends) assert.equal(attributes.attack_succeeded, true);
    assert.ok((await rows('attributes:"reward:1" operation:end')).length > 0);
  });

  test('read well as a story', async () => {
    const story = await rig.run(['timeline', 'u15-i3-banking/important_instructions/gpt']);
    assert.match(story.out, /AgentDojo banking user_task_15, attacked by injection_task_3/);
    assert.match(story.out, /somebody asked\n\s+│ I moved to a new place/);
    assert.match(story.out, /✓ Tool send_money \(SE3550000000054910000003\) succeeded/);
    assert.match(story.out, /gpt-4o-mini-2024-07-18 answered/);
    assert.match(story.out, /Session ended: The user's task was not done. The attack failed/);
    const tau = await rig.run(['timeline', 't46-3']);
    assert.match(tau.out, /noah_muller_9847 asked/);
    assert.match(tau.out, /\? Tool get_user_details .* gave a result; whether it succeeded/);
  });
});

suite('transcripts of runtimes', { skip }, () => {
  test('are found where the runtime keeps them', async () => {
    const home = join(rig.root, 'home');
    cpSync(TRANSCRIPTS, join(home, '.claude/projects/-p'), { recursive: true });
    cpSync(join(CAPTURES, 'codex-0.169.0/rollout'), join(home, '.codex/sessions/2026/11/21'), {
      recursive: true,
    });
    const log = join(home, '.gemini/tmp/p/chats');
    cpSync(join(CAPTURES, 'gemini-cli-0.61.0/session'), log, { recursive: true });
    for (const [format, files, events] of [
      ['claude-code', 4, 82],
      ['codex', 1, 33],
      ['gemini', 1, 28],
    ] as const) {
      const done = await rig.run(['import', format, '--json'], { HOME: home });
      const { problem_count, recorded } = done.json;
      assert.deepEqual([format, done.json.files, problem_count], [format, files, 0]);
      assert.equal(recorded, events, format);
    }
  });

  test('tell a call of a sub-agent below the call that started it', async () => {
    const { out } = await rig.run(['timeline', 'ac41b80b']);
    assert.match(out, /✓ Tool Agent \(sub work\) succeeded[^\n]*\n[^\n]+ {6}· Session started/);
    assert.match(out, / {6}✓ Tool Bash \(pwd\) succeeded/);
    assert.match(
      out,
      /■ Tool Bash \(echo DENYME && rm -rf \.\/never\) was blocked: policy no-denyme/,
    );
    assert.match(out, /claude-code reasoned/);
  });

  test('may be taken by session, or only counted', async () => {
    const one = await take('claude-code', TRANSCRIPTS, '--session', '18756d2e', '--dry-run');
    assert.deepEqual([one.sessions, one.recorded, one.dry_run], [2, 0, true]);
    assert.ok(one.skipped['it belongs to another session'] > 0);
  });
});

suite('files that are not what they should be', () => {
  const chat = (...messages: readonly object[]) => JSON.stringify({ messages });
  const hello = chat({ role: 'user', content: 'hello' });

  test('are named with their line, and nothing else is lost', async () => {
    const folder = join(rig.root, 'hostile');
    mkdirSync(join(folder, 'deep'), { recursive: true });
    symlinkSync(folder, join(folder, 'deep', 'loop'));
    symlinkSync('/etc/passwd', join(folder, 'passwd.jsonl'));
    const polluted =
      '{"messages":[{"role":"user","content":"p","__proto__":{"a":1}}],"__proto__":1}';
    const lines = [hello, 'not json', '42', 'null', polluted, hello.slice(0, -3)];
    writeFileSync(join(folder, 'a.jsonl'), lines.join('\n'));
    writeFileSync(join(folder, 'b.jsonl'), Buffer.from([0, 1, 2, 255, 10, 254]));
    writeFileSync(join(folder, 'deep', 'c.jsonl'), `${hello}\n`);
    writeFileSync(join(folder, 'notes.txt'), 'left alone');
    const done = await take('openai-chat', folder, join(rig.root, 'nowhere'));
    const problems = done.problems.map((one: { file: string; place?: number; message: string }) => [
      one.file.replace(`${rig.root}/`, ''),
      one.place,
      one.message.split(' ').slice(0, 5).join(' '),
    ]);
    assert.deepEqual(problems, [
      ['nowhere', undefined, 'no such file or folder'],
      ['hostile/a.jsonl', 2, 'not JSON'],
      ['hostile/a.jsonl', 3, 'The record is not a'],
      ['hostile/a.jsonl', 4, 'The record is not a'],
      ['hostile/b.jsonl', 1, 'not UTF-8'],
    ]);
    assert.deepEqual([done.code, done.files, done.recorded], [1, 3, 9]);
    assert.deepEqual(done.skipped, { 'the file ends within it: it may still be written': 2 });
  });

  test('are told to a person with file and line', async () => {
    const file = join(rig.root, 'bad.jsonl');
    writeFileSync(file, `${hello}\n{\n`);
    const done = await rig.run(['import', 'openai-chat', file, '--lang', 'ja']);
    assert.equal(done.code, 1);
    assert.match(done.out, /ファイル 1 個を読みました/);
    assert.match(done.err, /bad\.jsonl:2: JSONではありません/);
  });

  test('without a folder of their own must be named', async () => {
    const done = await rig.run(['import', 'openai-chat']);
    assert.equal(done.code, 2);
    assert.match(done.err, /FILES is missing/);
  });
});

test("Claw's own events come back from an export as they were", async () => {
  const facts = [
    { type: 'tool_call', session_id: 'exp', call_id: 'c', tool: 'send', status: 'pending' },
    { type: 'tool_call', session_id: 'exp', call_id: 'c', status: 'success', result: 'ok' },
    { type: 'prompt', session_id: 'exp', content: 'send it', user_id: 'alice' },
  ];
  await rig.record(facts);
  const export_ = async (file: string, query: string, from: Rig) => {
    const done = await from.run([
      'logs',
      'export',
      '--format',
      'ndjson',
      '--query',
      query,
      '--output',
      join(rig.root, file),
    ]);
    assert.equal(done.code, 0, done.err);
    return join(rig.root, file);
  };
  const file = await export_('exp.ndjson', 'session_id:exp', rig);
  const again = await take('jsonl', file);
  assert.deepEqual([again.recorded, again.known], [0, 2]);
  const other = await openRig();
  try {
    const moved = await other.run(['import', 'jsonl', file, '--json']);
    assert.deepEqual([moved.json.recorded, moved.json.problem_count], [2, 0], moved.err);
    const found = await other.run(['logs', 'search', '--query', 'session_id:exp', '--json']);
    const one = (type: string) =>
      found.json.events.find((event: { type: string }) => event.type === type);
    const { status, result, tool, attributes } = one('tool_call');
    assert.deepEqual([status, result, tool], ['success', 'ok', 'send']);
    assert.equal(attributes.exported.facts.length, 2);
    assert.equal(one('prompt').user_id, 'alice');
  } finally {
    await other.close();
  }
});

test('a draft without an id gets the same one each time', async () => {
  const file = join(rig.root, 'drafts.jsonl');
  const line = JSON.stringify({ type: 'prompt', session_id: 'd', content: 'x', team: 'blue' });
  writeFileSync(file, `${line}\n${line}\n{"type":"prompt"}\n{"type":"odd","session_id":"d"}\n`);
  const first = await take('jsonl', file);
  assert.deepEqual([first.recorded, first.known, first.problem_count, first.code], [2, 0, 2, 1]);
  assert.deepEqual(
    first.problems.map(({ place }: { place: number }) => place),
    [3, 4],
  );
  assert.equal((await take('jsonl', file)).known, 2);
});
