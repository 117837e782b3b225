/** What npm would publish has every entry, and each is found by its name. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';

const root = join(import.meta.dirname, '../../..');
type Entry = { readonly types: string; readonly default: string };
type Manifest = { readonly exports: Readonly<Record<string, Entry | string>> };

const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest;
const entries = Object.entries(manifest.exports).flatMap(([name, entry]) =>
  typeof entry === 'string' ? [] : [{ name: name.replace('.', 'claw'), entry }],
);
const built = entries.every(({ entry }) => existsSync(join(root, entry.default)));

test('every entry of the package has a source', () => {
  for (const { entry } of entries) {
    const source = entry.default.replace('./dist', 'src').replace(/\.js$/, '.ts');
    assert.ok(existsSync(join(root, source)), source);
    assert.equal(entry.types, entry.default.replace(/\.js$/, '.d.ts'));
  }
});

test('a program elsewhere imports each entry from the packed files, and its types stand alone', {
  skip: built ? false : 'dist is not built: node bin/setup.js build',
}, () => {
  const listed = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [{ files }] = JSON.parse(listed) as [{ files: { path: string }[] }];
  const paths = new Set(files.map(({ path }) => path));
  const folder = mkdtempSync(join(tmpdir(), 'claw-packed-'));
  const target = join(folder, 'node_modules/claw');
  try {
    for (const path of paths) {
      if (!/^(package\.json|dist\/(sdk|fault|event)\/)/.test(path)) continue;
      mkdirSync(dirname(join(target, path)), { recursive: true });
      cpSync(join(root, path), join(target, path));
    }
    for (const { entry } of entries) {
      const types = readFileSync(join(target, entry.types), 'utf8');
      const outside = [...types.matchAll(/from '([^'.][^']*)'/g)].map(([, name]) => name);
      assert.deepEqual(
        outside.filter((name) => !name?.startsWith('node:')),
        [],
      );
    }
    const code = entries
      .map(({ name }) => `console.log(Object.keys(await import('${name}')).length > 0);`)
      .join('\n');
    const said = execFileSync(process.execPath, ['--input-type=module', '-e', code], {
      cwd: folder,
      encoding: 'utf8',
    });
    assert.deepEqual(
      said.trim().split('\n'),
      entries.map(() => 'true'),
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
