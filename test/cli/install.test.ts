/** clawctl install, uninstall and doctor on files of a home that is made for it. */
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { INSTALLERS } from '../../src/adapter/installer-menu.ts';
import { openRig, type Rig } from './rig.ts';

let rig: Rig;
before(async () => {
  rig = await openRig();
});
after(() => rig.close());

const at = (...parts: string[]) => join(rig.root, ...parts);
const text = (...parts: string[]) => readFileSync(at(...parts), 'utf8');
const tokens = () => at('config', 'claw', 'tokens.json');
/** A home of its own for each runtime, with a program that says a version. */
function homeOf(name: string, program: string) {
  const bin = at(name, 'bin', program);
  mkdirSync(dirname(bin), { recursive: true });
  writeFileSync(bin, `#!/bin/sh\necho "${program} 1.2.3"\n`);
  chmodSync(bin, 0o755);
  return { HOME: at(name), PATH: `${dirname(bin)}:${dirname(process.execPath)}:/usr/bin:/bin` };
}
/** Every file below a folder, with its text. */
function filesIn(folder: string): Record<string, string> {
  if (!existsSync(folder)) return {};
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  const files = names.filter((name) => statSync(join(folder, name)).isFile());
  return Object.fromEntries(files.map((name) => [name, readFileSync(join(folder, name), 'utf8')]));
}

suite('clawctl install, doctor and uninstall', { concurrency: false }, () => {
  for (const { runtime, program, token } of INSTALLERS) {
    test(`${runtime}: installs, is proven by a canary's call, and leaves no trace`, async () => {
      const env = homeOf(runtime, program.name);
      const bare = filesIn(at(runtime));
      const installed = await rig.run(['install', runtime, '--yes'], env);
      assert.equal(installed.code, 0, installed.err);
      assert.doesNotMatch(installed.out + installed.err, /claw_[\w-]{20}/);
      const again = await rig.run(['install', runtime, '--yes', '--json'], env);
      assert.equal(again.json.changed, false, again.out);
      for (const [name, content] of Object.entries(filesIn(at(runtime)))) {
        if (!/claw_[\w-]{20}/.test(content)) continue;
        assert.equal(token, 'settings', name);
        assert.equal(statSync(at(runtime, name)).mode & 0o777, 0o600);
      }
      const doctor = await rig.run(['doctor', runtime, '--json'], env);
      const checks = doctor.json.checks as { check: string; ok: boolean }[];
      const failed = checks.filter(({ ok }) => !ok).map(({ check }) => check);
      // No Codex is here that could say that it trusts the hooks.
      assert.deepEqual(failed, runtime === 'codex' ? ['trust'] : []);
      assert.equal(doctor.code, runtime === 'codex' ? 1 : 0);
      const removed = await rig.run(['uninstall', runtime, '--yes'], env);
      assert.equal(removed.code, 0, removed.err);
      const { '.local': _, ...left } = filesIn(at(runtime));
      const own = Object.keys(left).filter((name) => !name.startsWith('.local'));
      assert.deepEqual(own.toSorted(), Object.keys(bare).toSorted());
      assert.equal((await rig.run(['doctor', runtime], env)).code, 1);
    });
  }

  test('tokens of hooks stand in one private file, by server and runtime', () => {
    assert.equal(statSync(tokens()).mode & 0o777, 0o600);
    const { tokens: kept } = JSON.parse(readFileSync(tokens(), 'utf8'));
    const own = Object.keys(kept[rig.url]).toSorted();
    assert.deepEqual(own, ['codex', 'gemini', 'openclaw', 'opencode']);
  });

  test('Codex without its program: what to do is said, in the reader’s language', async () => {
    const env = homeOf('byhand', 'nothing');
    const { out, err, code } = await rig.run(['install', 'codex', '--yes'], env);
    assert.equal(code, 0);
    assert.match(out + err, /\/hooks/);
    assert.ok(!existsSync(at('byhand', '.codex', 'config.toml')), 'nothing is trusted unasked');
    const ja = await rig.run(['install', 'codex', '--yes', '--lang', 'ja'], env);
    assert.match(ja.out + ja.err, /信頼/);
    const seen = await rig.run(['doctor', 'codex', '--lang', 'ja'], env);
    assert.match(seen.out, /✗ Codex はこれらのフックを実行しません/);
  });

  test('the hook of Codex and Gemini answers {} and finds its token by itself', async () => {
    const env = homeOf('shim', 'gemini');
    await rig.run(['install', 'gemini', '--yes'], env);
    const { hooks } = JSON.parse(text('shim', '.gemini', 'settings.json'));
    const { command } = hooks.BeforeTool[0].hooks[0];
    // Gemini hands hooks no more of the environment than this where it redacts it.
    const child = spawn('sh', ['-c', command], {
      env: { HOME: at('shim'), PATH: env.PATH },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    let output = '';
    child.stdout.on('data', (chunk) => {
      output += String(chunk);
    });
    const record = { session_id: 'shim-1', hook_event_name: 'BeforeAgent', prompt: 'Hello' };
    child.stdin.end(JSON.stringify({ ...record, cwd: '/p', timestamp: new Date().toISOString() }));
    await once(child, 'close');
    assert.equal(output, '{}\n');
    const query = ['logs', 'search', '--query', 'session_id:shim-1', '--json'];
    for (let tries = 0; tries < 50; tries++) {
      const { json } = await rig.run(query);
      if (json.events.length > 0) return;
    }
    assert.fail('the record did not arrive');
  });

  test('telemetry is for those that have it, and its token is private', async () => {
    const env = homeOf('otlp', 'codex');
    mkdirSync(at('otlp', '.codex'));
    const config = at('otlp', '.codex', 'config.toml');
    writeFileSync(config, 'model = "x"\n', { mode: 0o644 });
    assert.equal((await rig.run(['install', 'codex', '--otlp', '--yes'], env)).code, 0);
    assert.match(readFileSync(config, 'utf8'), /Authorization = "Bearer claw_/);
    assert.equal(statSync(config).mode & 0o777, 0o600);
    assert.equal((await rig.run(['uninstall', 'codex', '--yes'], env)).code, 0);
    assert.equal(readFileSync(config, 'utf8'), 'model = "x"\n');
    const refused = await rig.run(['install', 'opencode', '--otlp', '--yes'], env);
    assert.equal(refused.code, 2);
    assert.match(refused.err, /--otlp is not for OpenCode/);
  });

  test('nothing is written where nobody agrees, and what is foreign is refused', async () => {
    const env = homeOf('nobody', 'gemini');
    const { code, err } = await rig.run(['install', 'gemini'], env);
    assert.equal(code, 2);
    assert.match(err, /Nobody is there to say yes/);
    assert.ok(!existsSync(at('nobody', '.gemini')));
    mkdirSync(at('nobody', '.gemini'));
    writeFileSync(at('nobody', '.gemini', 'settings.json'), '{ // mine\n}');
    const commented = await rig.run(['install', 'gemini', '--yes'], env);
    assert.equal(commented.code, 2);
    assert.match(commented.err, /not valid JSON/);
    const unknown = await rig.run(['install', 'nothing'], env);
    assert.equal(unknown.code, 2);
    assert.match(unknown.err, /runtime must be one of: claude-code, codex/);
    assert.equal((await rig.run(['install', 'openclaw', '--project'], env)).code, 2);
  });

  test('a program that a repository names is not run by the doctor', async () => {
    const env = homeOf('hostile', 'gemini');
    const settings = at('.gemini', 'settings.json');
    const own = ['gemini', '--project'];
    assert.equal((await rig.run(['install', ...own, '--yes'], env)).code, 0);
    const fine = await rig.run(['doctor', ...own], env);
    assert.equal(fine.code, 0, fine.out + fine.err);
    const theirs = `sh -c "echo was run > ${at('proof')}" hook gemini`;
    const written = readFileSync(settings, 'utf8');
    writeFileSync(
      settings,
      written.replaceAll(/"command": "\S+ \S+ hook gemini/g, () => {
        return `"command": ${JSON.stringify(theirs).slice(0, -1)}`;
      }),
    );
    const seen = await rig.run(['doctor', ...own], env);
    assert.equal(seen.code, 1);
    assert.match(seen.out, /it was not run/);
    assert.ok(!existsSync(at('proof')));
    assert.equal((await rig.run(['install', ...own, '--yes'], env)).code, 0);
    assert.equal(readFileSync(settings, 'utf8'), written);
    assert.equal((await rig.run(['uninstall', ...own, '--yes'], env)).code, 0);
  });

  test('a plugin that a repository brings is not loaded by the doctor', async () => {
    const env = homeOf('foreign', 'opencode');
    const own = ['opencode', '--project'];
    assert.equal((await rig.run(['install', ...own, '--yes'], env)).code, 0);
    const fine = await rig.run(['doctor', ...own], env);
    assert.equal(fine.code, 0, fine.out + fine.err);
    const plugin = at('.opencode', 'plugins', 'claw.js');
    const code = `import { writeFileSync as w } from 'node:fs';\nw(${JSON.stringify(at('proof'))}, '');`;
    writeFileSync(plugin, `${readFileSync(plugin, 'utf8')}\n${code}\n`);
    assert.equal((await rig.run(['doctor', ...own], env)).code, 1);
    assert.ok(!existsSync(at('proof')));
  });

  test('a token in a project that git would take is told of', async () => {
    const env = homeOf('ignored', 'claude');
    execFileSync('git', ['init', '-q', rig.root]);
    const install = ['install', 'claude-code', '--project', '--yes'];
    const open = await rig.run(install, env);
    assert.match(open.out + open.err, /git does not ignore .*settings\.local\.json/);
    writeFileSync(at('.gitignore'), 'settings.local.json\n');
    const closed = await rig.run(install, env);
    assert.doesNotMatch(closed.out + closed.err, /git does not ignore/);
  });
});
