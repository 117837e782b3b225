import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { canonicalBytes } from '../../src/event/canonical.ts';
import { uuidv7 } from '../../src/event/id.ts';
import { openFileJournal } from '../../src/journal/file.ts';
import { openLedger } from '../../src/ledger/follow.ts';
import { journalBase } from '../../src/ledger/head.ts';
import type { Crew } from '../../src/ledger/verify/crew.ts';
import { folderSource } from '../../src/ledger/verify/folder.ts';
import { openCrew } from '../../src/ledger/verify/threads.ts';
import { type Report, type VerifyOptions, verifyTrail } from '../../src/ledger/verify/verify.ts';
import { openKeyring, openReader } from '../../src/seal/keyring.ts';
import { makeRootKey, readRootKey } from '../../src/seal/root.ts';
import { openFileStore } from '../../src/store/file.ts';
import { START_MS } from './fixture.ts';
import { dataFolder, filesBelow } from './trail.ts';

const SIZES = { a: 1700, b: 300 };
const ERASED = 'user:3';

/** Writes a sealed trail of which one in seven events lost its key, most of it archived. */
async function writeSealed(data: string): Promise<void> {
  fs.mkdirSync(join(data, 'keys'));
  makeRootKey(join(data, 'keys/root.key'), randomBytes);
  const store = openFileStore({ root: data });
  const root = readRootKey(join(data, 'keys/root.key'));
  const keyring = await openKeyring({ store, root, entropy: randomBytes, origin: 'claw.test' });
  const base = await journalBase(store);
  const journal = await openFileJournal({ dir: join(data, 'journal'), base, file_bytes: 100_000 });
  const ledger = await openLedger({
    ...{ store, journal, signerFor: keyring.signer, now: () => START_MS, interval_ms: 0 },
    archive: { segment_bytes: 2 ** 40, segment_records: 600 },
  });
  for (const [tenant, size] of Object.entries(SIZES)) {
    await keyring.admit(tenant);
    for (let n = 0; n < size; n += 100) {
      const plain = Array.from({ length: 100 }, (_, i) => plainEvent(tenant, n + i));
      await journal.append(await keyring.seal(plain));
    }
    await ledger.integrate();
    await ledger.archive();
    await keyring.erase(tenant, ERASED);
  }
  await ledger.close();
  await journal.close();
}

function plainEvent(tenant: string, n: number) {
  const at_ms = START_MS + n;
  const id = uuidv7(at_ms, randomBytes);
  const bytes = canonicalBytes({ id, session_id: 's', tenant_id: tenant, content: `event ${n}` });
  return { tenant, id, at_ms, subject: `user:${n % 7}`, bytes };
}

/** What may become of a stored file. */
const harm = fc.oneof(
  fc.record({ kind: fc.constant('flip' as const), at: fc.nat() }),
  fc.record({ kind: fc.constant('cut' as const), at: fc.nat() }),
  fc.record({ kind: fc.constant('longer' as const), at: fc.nat(2000) }),
  fc.constant({ kind: 'remove' as const, at: 0 }),
);

function harmed(bytes: Buffer, { kind, at }: { readonly kind: string; readonly at: number }) {
  if (kind === 'longer') return Buffer.concat([bytes, Buffer.alloc(at + 1, 7)]);
  if (kind === 'cut') return bytes.subarray(0, at % bytes.length);
  const bent = Buffer.from(bytes);
  const place = at % bytes.length;
  bent[place] = (bent[place] ?? 0) ^ (1 << (at & 7));
  return bent;
}

describe('verifying with threads', () => {
  const data = dataFolder({ after });
  let crew: Crew;
  before(async () => {
    await writeSealed(data);
    crew = openCrew({ data, keys: 'use', least: 1 });
  });
  after(() => crew.close());

  async function verify(options: Partial<VerifyOptions> = {}): Promise<Report> {
    const store = openFileStore({ root: data });
    const opener = await openReader(store, readRootKey(join(data, 'keys/root.key')));
    return verifyTrail({ source: folderSource({ data }), opener, ...options });
  }

  it('opens what one thread opens, tells the erased apart, and says how far it is', async () => {
    const stages = new Set<string>();
    const runs: boolean[] = [];
    const watched: Crew = {
      ...crew,
      run: async (check) => {
        const run = await crew.run(check);
        runs.push(run !== undefined);
        return run;
      },
    };
    const onProgress: VerifyOptions['onProgress'] = ({ stage }) => stages.add(stage);
    const report = await verify({ crew: watched, onProgress });
    assert.deepEqual(runs, [true, true, true, true]);
    assert.equal(report.ok, true, JSON.stringify(report.counts));
    const counts = report.tenants.map(({ entries, opened, erased }) => [entries, opened + erased]);
    assert.deepEqual(counts, [
      [1700, 1700],
      [300, 300],
    ]);
    assert.equal(report.counts.erased, 286);
    assert.deepEqual(stages, new Set(['tree', 'records']));
    assert.deepEqual(report, await verify());
  });

  it('finds whatever one thread finds in a harmed trail, in the same order', async () => {
    const keys = filesBelow(data).filter((key) => /^(archive|journal|head|ledger)\//.test(key));
    const place = fc.record({ key: fc.constantFrom(...keys), harm });
    await fc.assert(
      fc.asyncProperty(fc.array(place, { minLength: 1, maxLength: 3 }), async (places) => {
        const originals = new Map(places.map(({ key }) => [key, fs.readFileSync(join(data, key))]));
        for (const { key, harm } of places) {
          const bytes = originals.get(key) as Buffer;
          if (harm.kind === 'remove') fs.rmSync(join(data, key), { force: true });
          else fs.writeFileSync(join(data, key), harmed(bytes, harm));
        }
        try {
          const treeOnly = places.length === 2;
          assert.deepEqual(await verify({ crew, treeOnly }), await verify({ treeOnly }));
        } finally {
          for (const [key, bytes] of originals) fs.writeFileSync(join(data, key), bytes);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('opens records whose keys a running server has made since the keys were read', async (t) => {
    const running = dataFolder(t);
    fs.cpSync(data, running, { recursive: true });
    const store = openFileStore({ root: running });
    const root = readRootKey(join(running, 'keys/root.key'));
    const opener = await openReader(store, root);
    const keyring = await openKeyring({ store, root, entropy: randomBytes, origin: 'claw.test' });
    const base = await journalBase(store);
    const journal = await openFileJournal({ dir: join(running, 'journal'), base });
    await journal.append(await keyring.seal([{ ...plainEvent('a', 1700), subject: 'user:new' }]));
    await journal.close();
    const report = await verifyTrail({ source: folderSource({ data: running }), opener });
    assert.deepEqual([report.ok, report.counts.pending], [true, 1]);
    assert.equal(report.tenants[0]?.opened, 1701 - (report.tenants[0]?.erased ?? 0));
  });

  it('lists no more of a kind than the limit, and counts all', async () => {
    const report = await verify({ crew, limit: 10 });
    assert.deepEqual(report, await verify({ limit: 10 }));
    assert.equal(report.discrepancies.length, 10);
  });
});
