/** Importing the SDK loads node modules and a handful of its own files, nothing else. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';

const root = join(import.meta.dirname, '../..');

const entries = [
  'sdk.ts',
  ...readdirSync(join(root, 'src/sdk/integration')).map((name) => `integration/${name}`),
];

for (const entry of entries) {
  test(`importing ${entry} loads only node: modules and files of sdk, fault and event`, () => {
    const sdk = pathToFileURL(join(root, 'src/sdk', entry)).href;
    const code = `
      import { registerHooks } from 'node:module';
      registerHooks({ load(url, context, next) { console.log(url); return next(url, context); } });
      await import(${JSON.stringify(sdk)});
    `;
    const done = spawnSync(process.execPath, ['--input-type=module', '-e', code], {
      encoding: 'utf8',
    });
    assert.equal(done.status, 0, done.stderr);
    const loaded = done.stdout.trim().split('\n');
    assert.ok(loaded.includes(sdk));
    const light =
      /^src\/(sdk\/([a-z]+|integration\/[a-z-]+)|fault\/fault|event\/(id|canonical))\.ts$/;
    const heavy = loaded
      .filter((url) => !url.startsWith('node:'))
      .map((url) => relative(pathToFileURL(root).pathname, new URL(url).pathname))
      .filter((path) => !light.test(path));
    assert.deepEqual(heavy, []);
  });
}

test('connecting and recording load no fetch, and no TLS for plain HTTP', () => {
  const sdk = pathToFileURL(join(root, 'src/sdk/sdk.ts')).href;
  const code = `
    import { connect } from ${JSON.stringify(sdk)};
    const claw = connect({ url: 'http://127.0.0.1:9', spool: false, onError: () => {} });
    claw.record({ type: 'output', session_id: 's' });
    await claw.close();
    console.log(process.moduleLoadList.join('\\n'));
  `;
  const done = spawnSync(process.execPath, ['--input-type=module', '-e', code], {
    encoding: 'utf8',
  });
  assert.equal(done.status, 0, done.stderr);
  const loaded = done.stdout.trim().split('\n');
  assert.ok(loaded.includes('NativeModule http'));
  const heavy = loaded.filter((name) =>
    /^NativeModule (https|tls|internal\/deps\/undici.*)$/.test(name),
  );
  assert.deepEqual(heavy, []);
});
