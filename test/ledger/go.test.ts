import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { openMemoryJournal } from '../../src/journal/memory.ts';
import { openLedger } from '../../src/ledger/follow.ts';
import { openFileStore } from '../../src/store/file.ts';
import { START_MS, sealedEvents, signerFor } from './fixture.ts';
import { dataFolder, NO_ARCHIVE } from './trail.ts';

const SOURCE = join(import.meta.dirname, '../../../shared/lab/goverify/main.go');

/** Builds the verifier that others wrote, or says why it cannot be built here. */
function build(folder: string): { readonly program: string } | { readonly reason: string } {
  if (!fs.existsSync(SOURCE)) return { reason: '../shared/lab/goverify is not here' };
  if (spawnSync('go', ['version']).status !== 0) return { reason: 'go is not installed' };
  fs.copyFileSync(SOURCE, join(folder, 'main.go'));
  const go = (...args: readonly string[]) =>
    spawnSync('go', args, { cwd: folder, encoding: 'utf8', env: { ...process.env, GOFLAGS: '' } });
  go('mod', 'init', 'goverify');
  const got = go('get', 'golang.org/x/mod/sumdb/tlog');
  if (got.status !== 0) return { reason: `golang.org/x/mod cannot be fetched: ${got.stderr}` };
  const built = go('build', '-o', 'goverify', '.');
  assert.equal(built.status, 0, built.stderr);
  return { program: join(folder, 'goverify') };
}

describe("the Go team's own verifier", () => {
  it('accepts a trail of 70,000 entries and rejects it with any bit flipped', async (t) => {
    const built = build(dataFolder(t));
    if ('reason' in built) return t.skip(built.reason);
    const data = dataFolder(t);
    const store = openFileStore({ root: data });
    const journal = openMemoryJournal({ base: { sizes: {} } });
    const now = () => START_MS;
    const options = { store, journal, signerFor, now, interval_ms: 0, archive: NO_ARCHIVE };
    const ledger = await openLedger(options);
    for (let n = 0; n < 70_000; n += 10_000) {
      await journal.append(sealedEvents('a', n, n + 10_000));
      await ledger.integrate();
    }
    await ledger.close();
    const prefix = join(data, 'ledger/a');
    const verify = () =>
      spawnSync(built.program, [prefix, join(prefix, 'vkey')], { encoding: 'utf8' });
    const accepted = verify();
    assert.match(accepted.stdout, /^OK origin=claw\.test\/a size=70000 /);
    for (const file of ['checkpoint', 'tile/1/001.p/17', 'tile/entries/007']) {
      const path = join(prefix, file);
      const bytes = fs.readFileSync(path);
      const at = bytes.length >> 1;
      fs.writeFileSync(
        path,
        bytes.map((byte, i) => (i === at ? byte ^ 4 : byte)),
      );
      const rejected = verify();
      assert.ok(rejected.status !== 0 && !rejected.stdout.startsWith('OK'), file);
      fs.writeFileSync(path, bytes);
    }
    assert.equal(verify().stdout, accepted.stdout);
  });
});
