/** clawctl install, doctor and uninstall of the plugins that hold calls back. */
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

const FILES = {
  openclaw: '.openclaw/openclaw.json',
  opencode: '.config/opencode/plugins/claw.js',
} as const;

/** A home with a program that says a version, and a configuration of its own. */
function homeOf(name: string) {
  const home = join(rig.root, name);
  const bin = join(home, 'bin', name);
  mkdirSync(dirname(bin), { recursive: true });
  writeFileSync(bin, `#!/bin/sh\necho "${name} 1.2.3"\n`);
  chmodSync(bin, 0o755);
  const PATH = `${dirname(bin)}:${dirname(process.execPath)}:/usr/bin:/bin`;
  return { home, env: { HOME: home, XDG_CONFIG_HOME: '', PATH } };
}

suite('clawctl install of a plugin that enforces', { concurrency: false }, () => {
  for (const [runtime, path] of Object.entries(FILES)) {
    test(`${runtime}: is told by the doctor, and goes without a trace`, async () => {
      const { home, env } = homeOf(runtime);
      const file = join(home, path);
      const own = '{"gateway": {"port":  1}}';
      if (runtime === 'openclaw') {
        mkdirSync(dirname(file), { recursive: true });
        writeFileSync(file, own);
      }
      const words = ['install', runtime, '--yes'];
      const enforced = await rig.run([...words, '--enforce', '--approval-wait', '7'], env);
      assert.equal(enforced.code, 0, enforced.err);
      assert.match(readFileSync(file, 'utf8'), /"mode": ?"enforce", ?\s*"wait_s": ?7/);
      const doctor = await rig.run(['doctor', runtime, '--json'], env);
      assert.equal(doctor.code, 0, doctor.out);
      const checks = doctor.json.checks as { check: string; ok: boolean; found?: string }[];
      const enforces = checks.find(({ check }) => check === 'enforces');
      assert.deepEqual(enforces, { check: 'enforces', ok: true, found: '7' });

      const observed = await rig.run([...words, '--mode', 'observe'], env);
      assert.equal(observed.code, 0, observed.err);
      assert.match(readFileSync(file, 'utf8'), /"mode": ?"observe"/);
      assert.equal((await rig.run(['doctor', runtime, '--json'], env)).code, 0);

      assert.equal((await rig.run(['uninstall', runtime, '--yes'], env)).code, 0);
      if (runtime === 'openclaw') assert.equal(readFileSync(file, 'utf8'), own);
      else assert.ok(!existsSync(file));
    });
  }

  test('the doctor runs the plugin of a project that this clawctl made to enforce', async () => {
    const { home, env } = homeOf('opencode');
    const words = ['--project', '--json'];
    const made = await rig.run(['install', 'opencode', '--yes', '--enforce', ...words], env);
    assert.equal(made.code, 0, made.err);
    const doctor = await rig.run(['doctor', 'opencode', ...words], env);
    assert.equal(doctor.code, 0, doctor.out);
    const file = join(rig.root, '.opencode/plugins/claw.js');
    writeFileSync(file, readFileSync(file, 'utf8').replace('"enforce"', '"enforce!"'));
    const changed = await rig.run(['doctor', 'opencode', ...words], env);
    assert.equal(changed.code, 1, changed.out);
    assert.ok(home);
  });
});
