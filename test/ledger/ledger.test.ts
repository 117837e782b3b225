import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { Fault } from '../../src/fault/fault.ts';
import { openMemoryJournal } from '../../src/journal/memory.ts';
import { openCheckpoint } from '../../src/ledger/checkpoint.ts';
import { openLedger } from '../../src/ledger/follow.ts';
import { parseVkey } from '../../src/ledger/note.ts';
import { verifyProof } from '../../src/ledger/proof.ts';
import { verifyConsistency } from '../../src/ledger/tree.ts';
import { openMemoryStore } from '../../src/store/memory.ts';
import { START_MS, sealedEvent, sealedEvents, signerFor } from './fixture.ts';
import { assertWhole, dataFolder, filesBelow, openTrail, writeTrail } from './trail.ts';

const SMALL = { segment_bytes: 2 ** 40, segment_records: 300 };

describe('a ledger', () => {
  it('publishes a tree a tenant that verifies after every step', async (t) => {
    const data = dataFolder(t);
    let trail = await openTrail(data, SMALL);
    let [a, b] = [0, 0];
    for (const [moreA, moreB] of [
      [1, 0],
      [254, 3],
      [1, 0],
      [1, 200],
      [400, 100],
      [3, 700],
    ] as const) {
      await trail.journal.append(sealedEvents('a', a, a + moreA));
      await trail.journal.append(sealedEvents('b', b, b + moreB));
      [a, b] = [a + moreA, b + moreB];
      await trail.ledger.integrate();
      const sizes = b === 0 ? { a } : { a, b };
      await assertWhole(data, sizes);
      await trail.ledger.archive();
      await assertWhole(data, sizes);
      assert.equal(trail.ledger.checkpoint('a')?.size, a);
      await trail.close();
      trail = await openTrail(data, SMALL);
      await assertWhole(data, sizes);
    }
    assert.ok((trail.ledger.sizes().get('a')?.archived ?? 0) > 0);
    await trail.close();
  });

  it('keeps what readers of its checkpoint need, and not more', async (t) => {
    const data = dataFolder(t);
    const { journal, ledger, close } = await openTrail(data);
    for (const [from, to] of [
      [0, 100],
      [100, 200],
      [200, 256],
      [256, 300],
    ] as const) {
      await journal.append(sealedEvents('a', from, to));
      await ledger.integrate();
    }
    await close();
    assert.deepEqual(
      filesBelow(data).filter((key) => key.startsWith('ledger/')),
      [
        'ledger/a/checkpoint',
        'ledger/a/tile/0/000',
        'ledger/a/tile/0/001.p/44',
        'ledger/a/tile/1/000.p/1',
        'ledger/a/tile/entries/000',
        'ledger/a/tile/entries/001.p/44',
        'ledger/a/vkey',
      ],
    );
  });

  it('proves any entry, with its opening, to who has only the verifier key', async (t) => {
    const { journal, ledger, close } = await openTrail(dataFolder(t));
    await journal.append(sealedEvents('a', 0, 700));
    await ledger.integrate();
    const vkey = (await ledger.file('a', 'vkey'))?.toString() ?? '';
    for (const index of [0, 255, 256, 511, 699]) {
      const { proof, entry } = await ledger.prove('a', index);
      const verified = verifyProof({ proof, entry }, vkey);
      assert.ok('index' in verified, JSON.stringify(verified));
      assert.equal(verified.entry.id, sealedEvent('a', index).id);
      assert.equal(verified.checkpoint.size, 700);
    }
    await assert.rejects(ledger.prove('a', 700), { code: 'ledger.not_yet' });
    await assert.rejects(ledger.prove('b', 0), { code: 'ledger.not_yet' });
    await close();
  });

  it('shows each published tree to be a prefix of every later one', async (t) => {
    const { journal, ledger, close } = await openTrail(dataFolder(t), SMALL);
    const roots = new Map<number, Buffer>();
    for (let size = 0; size < 900; size += 90) {
      await journal.append(sealedEvents('a', size, size + 90));
      const tree = await ledger.signNow('a');
      await ledger.archive();
      assert.equal(tree?.size, size + 90);
      roots.set(size + 90, tree.root);
    }
    for (const [from, fromRoot] of roots) {
      for (const [to, toRoot] of roots) {
        if (from > to) continue;
        const path = await ledger.consistency('a', from, to);
        assert.equal(verifyConsistency({ from, fromRoot, to, toRoot, path }), true);
      }
    }
    await close();
  });

  it('finds records and ids again, in archive and journal', async (t) => {
    const { journal, ledger, close } = await openTrail(dataFolder(t), SMALL);
    for (let n = 0; n < 1000; n += 50) await journal.append(sealedEvents('a', n, n + 50));
    await ledger.integrate();
    await ledger.archive();
    assert.equal(ledger.sizes().get('a')?.archived, 900);
    assert.ok(journal.first() > 0);
    const records = await ledger.records('a', 290, 700);
    assert.deepEqual(
      records.map(({ index, id }) => [index, id]),
      sealedEvents('a', 290, 990).map(({ id }, i) => [290 + i, id]),
    );
    assert.deepEqual((await ledger.record('a', 599))?.envelope, sealedEvent('a', 599).envelope);
    assert.equal(await ledger.record('a', 1000), undefined);
    assert.equal(await ledger.record('b', 0), undefined);
    for (const n of [0, 299, 300, 899]) {
      assert.equal(await ledger.lookup('a', sealedEvent('a', n).id), n);
      assert.equal(await ledger.lookup('b', sealedEvent('a', n).id), undefined);
    }
    assert.equal(await ledger.lookup('a', sealedEvent('b', 5).id), undefined);
    await close();
  });

  it('serves published files alone, by their exact paths', async (t) => {
    const { journal, ledger, close } = await openTrail(dataFolder(t));
    await journal.append(sealedEvents('a', 0, 300));
    await ledger.integrate();
    const vkey = parseVkey((await ledger.file('a', 'vkey'))?.toString().trim() ?? '');
    assert.ok(!('problem' in vkey));
    const checkpoint = openCheckpoint((await ledger.file('a', 'checkpoint')) ?? '', vkey);
    assert.ok('size' in checkpoint && checkpoint.size === 300);
    assert.equal((await ledger.file('a', 'tile/0/000'))?.length, 8192);
    for (const path of ['', 'tile', '../a/vkey', 'tile/../vkey', 'tile/0/000/..', 'tile/0/0']) {
      assert.equal(await ledger.file('a', path), undefined, path);
    }
    assert.equal(await ledger.file('../a', 'vkey'), undefined);
    await close();
  });

  it('covers all that is durable when asked to sign now, however many ask', async () => {
    const store = openMemoryStore();
    const journal = openMemoryJournal({ base: { sizes: {} } });
    const options = { store, journal, signerFor, now: () => START_MS, interval_ms: 0 };
    const ledger = await openLedger({ ...options, archive: SMALL });
    const asked = Array.from({ length: 20 }, async (_, n) => {
      await journal.append([sealedEvent('a', n)]);
      const durable = journal.size('a');
      const tree = await ledger.signNow('a');
      assert.ok((tree?.size ?? 0) >= durable);
    });
    await Promise.all(asked);
    await ledger.close();
  });

  it('integrates by itself at its interval', async () => {
    const store = openMemoryStore();
    const journal = openMemoryJournal({ base: { sizes: {} } });
    const options = { store, journal, signerFor, now: () => START_MS, interval_ms: 1 };
    const ledger = await openLedger({ ...options, archive: SMALL });
    await journal.append(sealedEvents('a', 0, 700));
    const alive = setInterval(() => {}, 1000);
    while (ledger.sizes().get('a')?.archived !== 600) await new Promise(setImmediate);
    clearInterval(alive);
    assert.equal(ledger.checkpoint('a')?.size, 700);
    await ledger.close();
  });

  it('keeps in the journal what another follower still has to read', async () => {
    const store = openMemoryStore();
    const journal = openMemoryJournal({ base: { sizes: {} } });
    let keep = 100;
    const options = { store, journal, signerFor, now: () => START_MS, interval_ms: 0 };
    const ledger = await openLedger({ ...options, archive: SMALL, keepFrom: () => keep });
    await journal.append(sealedEvents('a', 0, 700));
    await ledger.integrate();
    await ledger.archive();
    assert.equal(journal.first(), 100);
    keep = 1000;
    await ledger.archive();
    assert.equal(journal.first(), 600);
    await ledger.close();
  });
});

describe('a ledger at its start', () => {
  async function opening(data: string): Promise<string> {
    try {
      await (await openTrail(data, SMALL)).close();
      return 'opened';
    } catch (error) {
      assert.ok(error instanceof Fault, String(error));
      return error.code;
    }
  }

  it('refuses a journal that was cut, and says how many records are missing', async (t) => {
    const data = dataFolder(t);
    await writeTrail(data, { sizes: { a: 50 } });
    for (const key of filesBelow(data)) {
      if (key.startsWith('journal/')) fs.rmSync(join(data, key));
    }
    await assert.rejects(openTrail(data), (error) => {
      assert.ok(error instanceof Fault && error.code === 'ledger.cut');
      assert.match(error.message, /50 records of tenant a are missing/);
      assert.match(error.detail.hint ?? '', /clawctl verify/);
      return true;
    });
  });

  it('refuses when archive segments are gone', async (t) => {
    const data = dataFolder(t);
    await writeTrail(data, { sizes: { a: 1000 }, archive: SMALL });
    const segments = filesBelow(data).filter((key) => key.startsWith('archive/'));
    fs.rmSync(join(data, segments[1] as string));
    assert.equal(await opening(data), 'ledger.cut');
  });

  it('refuses records other than those that were signed', async (t) => {
    const data = dataFolder(t);
    const other = dataFolder(t);
    await writeTrail(data, { sizes: { a: 50 } });
    const trail = await openTrail(other);
    await trail.journal.append(sealedEvents('a', 1, 60));
    await trail.close();
    fs.rmSync(join(data, 'journal'), { recursive: true });
    fs.cpSync(join(other, 'journal'), join(data, 'journal'), { recursive: true });
    assert.equal(await opening(data), 'ledger.forked');
  });

  it('refuses a head that was changed, or that went back behind the archive', async (t) => {
    const data = dataFolder(t);
    await writeTrail(data, { sizes: { a: 200 } });
    const early = fs.readFileSync(join(data, 'head/a'));
    const trail = await openTrail(data, SMALL);
    await trail.journal.append(sealedEvents('a', 200, 700));
    await trail.ledger.integrate();
    await trail.ledger.archive();
    await trail.close();
    const late = fs.readFileSync(join(data, 'head/a'));
    const checkpoint = fs.readFileSync(join(data, 'ledger/a/checkpoint'));
    fs.writeFileSync(join(data, 'head/a'), early);
    fs.rmSync(join(data, 'ledger/a/checkpoint'));
    assert.equal(await opening(data), 'ledger.forked');
    fs.writeFileSync(
      join(data, 'head/a'),
      late.map((byte, i) => (i === 20 ? byte ^ 1 : byte)),
    );
    assert.equal(await opening(data), 'ledger.damaged');
    fs.writeFileSync(join(data, 'head/a'), late);
    fs.writeFileSync(join(data, 'ledger/a/checkpoint'), checkpoint);
    assert.equal(await opening(data), 'opened');
  });

  it("writes tiles and checkpoint again that are missing or damaged at the tree's edge", async (t) => {
    const data = dataFolder(t);
    await writeTrail(data, { sizes: { a: 1000 }, archive: SMALL });
    await assertWhole(data, { a: 1000 });
    const edge = [
      'checkpoint',
      'vkey',
      'tile/0/003.p/232',
      'tile/1/000.p/3',
      'tile/entries/003.p/232',
    ];
    for (const file of edge) {
      const path = join(data, 'ledger/a', file);
      const bytes = fs.readFileSync(path);
      fs.rmSync(path);
      assert.equal(await opening(data), 'opened');
      assert.deepEqual(fs.readFileSync(path), bytes, file);
      fs.writeFileSync(
        path,
        bytes.map((byte, i) => (i === 3 ? byte ^ 1 : byte)),
      );
      assert.equal(await opening(data), 'opened');
      assert.deepEqual(fs.readFileSync(path), bytes, file);
      await assertWhole(data, { a: 1000 });
    }
  });

  it('reads no archived record before its last tile', async (t) => {
    const data = dataFolder(t);
    await writeTrail(data, { sizes: { a: 2000 }, archive: SMALL });
    const [first] = filesBelow(data).filter((key) => key.startsWith('archive/'));
    fs.truncateSync(join(data, first as string), 100);
    assert.equal(await opening(data), 'opened');
  });
});
