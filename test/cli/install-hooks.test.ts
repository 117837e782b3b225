/** clawctl install --enforce for runtimes with hooks: what is put in, proven, switched, taken out. */
import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { openRig, type Rig } from './rig.ts';

let rig: Rig;
before(async () => {
  rig = await openRig();
});
after(() => rig.close());

type Group = { readonly hooks: readonly Readonly<Record<string, unknown>>[] };
type Check = { readonly check: string; readonly ok: boolean };

const RUNTIMES = [
  { name: 'claude-code', program: 'claude', file: '.claude/settings.json', asks: 'PreToolUse' },
  { name: 'codex', program: 'codex', file: '.codex/hooks.json', asks: 'PreToolUse' },
  { name: 'gemini', program: 'gemini', file: '.gemini/settings.json', asks: 'BeforeTool' },
] as const;

/** A home of its own, with a program that says a version. */
function homeOf(name: string, program: string) {
  const home = join(rig.root, name);
  const bin = join(home, 'bin', program);
  mkdirSync(dirname(bin), { recursive: true });
  writeFileSync(bin, `#!/bin/sh\necho "${program} 1.2.3"\n`);
  chmodSync(bin, 0o755);
  return { HOME: home, PATH: `${dirname(bin)}:${dirname(process.execPath)}:/usr/bin:/bin` };
}

function hooksIn(file: string): Readonly<Record<string, readonly Group[]>> {
  return JSON.parse(readFileSync(file, 'utf8')).hooks;
}

const okOf = (checks: readonly Check[], name: string) =>
  checks.find(({ check }) => check === name)?.ok;

suite('clawctl install --enforce', { concurrency: false }, () => {
  for (const { name, program, file, asks } of RUNTIMES) {
    test(`${name}: only the hook before a call asks, with time for an approval, and closed`, async () => {
      const env = homeOf(`${name}-held`, program);
      const path = join(env.HOME, file);
      const words = ['install', name, '--yes', '--enforce', '--approval-wait', '9'];
      const done = await rig.run(words, env);
      assert.equal(done.code, 0, done.err);
      assert.match(done.out, /waits up to 9 s/);
      assert.match(done.out, /does not hold back in/);
      for (const [event, groups] of Object.entries(hooksIn(path))) {
        const [hook = {}] = groups.flatMap(({ hooks }) => hooks);
        const command = String(hook['command'] ?? '');
        assert.equal(/--enforce --wait 9 \|\| sh -c/.test(command), event === asks, event);
        if (event === asks) assert.equal(hook['timeout'], name === 'gemini' ? 24_000 : 24);
        const closed = name === 'claude-code' && event === asks ? 'block' : undefined;
        assert.equal(hook['onFailure'], closed);
      }
      const doctor = await rig.run(['doctor', name, '--json'], env);
      const { checks, holes } = doctor.json as { checks: Check[]; holes: string[] };
      assert.deepEqual([okOf(checks, 'enforces'), okOf(checks, 'closed')], [true, true]);
      assert.ok(holes.includes('hooksCanBeOff'));

      const observed = await rig.run(['install', name, '--yes', '--mode', 'observe'], env);
      assert.match(observed.err, /no longer held to decisions/);
      assert.doesNotMatch(readFileSync(path, 'utf8'), /--enforce|onFailure|mode=enforce/);
      const seen = (await rig.run(['doctor', name, '--json'], env)).json.checks as Check[];
      assert.deepEqual([okOf(seen, 'observes'), okOf(seen, 'enforces')], [true, undefined]);

      assert.equal((await rig.run(['install', name, '--yes', '--mode', 'enforce'], env)).code, 0);
      assert.match(readFileSync(path, 'utf8'), /--enforce --wait 300 /);
      assert.equal((await rig.run(['uninstall', name, '--yes'], env)).code, 0);
      assert.ok(!existsSync(path), 'nothing is left');
    });
  }

  test('Claude Code may be asked over HTTP, and is told to block where nobody answers', async () => {
    const env = homeOf('claude-http', 'claude');
    const words = ['install', 'claude-code', '--yes', '--enforce', '--transport', 'http'];
    assert.equal((await rig.run([...words, '--approval-wait', '30'], env)).code, 0);
    const path = join(env.HOME, '.claude/settings.json');
    const [hook = {}] = hooksIn(path)['PreToolUse']?.flatMap(({ hooks }) => hooks) ?? [];
    const url = `${rig.url}/v1/enforce/claude-code?mode=enforce&wait_s=30`;
    assert.deepEqual([hook['url'], hook['timeout'], hook['onFailure']], [url, 45, 'block']);
    const doctor = await rig.run(['doctor', 'claude-code', '--json'], env);
    assert.equal(doctor.code, 0, doctor.out);
    writeFileSync(path, readFileSync(path, 'utf8').replace(', "onFailure": "block"', ''));
    const open = await rig.run(['doctor', 'claude-code', '--json'], env);
    assert.deepEqual([open.code, okOf(open.json.checks, 'closed')], [1, false]);
  });

  test('what asks and would not block is noticed', async () => {
    const env = homeOf('gemini-open', 'gemini');
    assert.equal((await rig.run(['install', 'gemini', '--yes', '--enforce'], env)).code, 0);
    const path = join(env.HOME, '.gemini/settings.json');
    const text = readFileSync(path, 'utf8');
    writeFileSync(path, text.replace(/ \|\| sh -c '[^']+'/, ''));
    const { json, code } = await rig.run(['doctor', 'gemini', '--json'], env);
    assert.deepEqual([code, okOf(json.checks, 'closed')], [1, false]);
  });

  test('a program that a repository names to ask is not run by the doctor', async () => {
    const env = homeOf('hostile', 'gemini');
    const own = ['gemini', '--project'];
    assert.equal((await rig.run(['install', ...own, '--yes', '--enforce'], env)).code, 0);
    const settings = join(rig.root, '.gemini/settings.json');
    const proof = join(rig.root, 'proof');
    const theirs = `"command": ${JSON.stringify(`sh -c "echo was run > ${proof}" hook gemini`).slice(0, -1)}`;
    writeFileSync(
      settings,
      readFileSync(settings, 'utf8').replace(
        /"command": "\S+ \S+ hook gemini(?=[^"]* --enforce )/,
        () => theirs,
      ),
    );
    const seen = await rig.run(['doctor', ...own], env);
    assert.equal(seen.code, 1);
    assert.match(seen.out, /it was not run/);
    assert.ok(!existsSync(proof));
  });

  test('flags that make no sense together are refused', async () => {
    const env = homeOf('refused', 'claude');
    for (const words of [
      ['--enforce', '--mode', 'observe'],
      ['--approval-wait', '5'],
      ['--mode', 'observe', '--approval-wait', '5'],
      ['--enforce', '--approval-wait', '601'],
      ['--mode', 'off'],
    ]) {
      const { code } = await rig.run(['install', 'claude-code', '--yes', ...words], env);
      assert.equal(code, 2, words.join(' '));
    }
    assert.ok(!existsSync(join(env.HOME, '.claude')));
  });
});
