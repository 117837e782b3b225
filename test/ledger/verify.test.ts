/** Verification from bytes: any change, loss or forgery is found, and named. */
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { crc32 } from 'node:zlib';
import { partialTiles, tilePath } from '../../src/ledger/tile.ts';
import { sealedEvent, sealedEvents, seeded, testOpener } from './fixture.ts';
import { assertWhole, dataFolder, filesBelow, verifyFolder, writeTrail } from './trail.ts';

const SMALL = { segment_bytes: 2 ** 40, segment_records: 300 };
const SIZES = { a: 900, b: 40 };

describe('verifying a trail', () => {
  const whole = dataFolder({ after });
  before(async () => {
    await writeTrail(whole, { sizes: SIZES, archive: SMALL });
  });

  /** The whole trail's folder again, to be changed. */
  function copy(t: Parameters<typeof dataFolder>[0]): string {
    const data = dataFolder(t);
    fs.cpSync(whole, data, { recursive: true });
    return data;
  }

  it('finds a whole one whole, and changes nothing', async () => {
    const files = () =>
      filesBelow(whole).map((key) => [key, fs.statSync(join(whole, key)).mtimeMs]);
    const earlier = files();
    await assertWhole(whole, SIZES);
    assert.deepEqual(files(), earlier);
  });

  it('finds a flipped bit in any stored file and names the file or the index', async (t) => {
    const data = copy(t);
    const random = seeded(7);
    for (const key of filesBelow(data)) {
      const path = join(data, key);
      const bytes = fs.readFileSync(path);
      for (let i = 0; i < 2; i++) {
        const bit = random(bytes.length * 8);
        fs.writeFileSync(path, flipped(bytes, bit));
        const { ok, discrepancies } = await verifyFolder(data);
        const named = discrepancies.some(
          (found) => found.file === key || found.index !== undefined,
        );
        assert.ok(!ok && named, `${key} bit ${bit}: ${JSON.stringify(discrepancies)}`);
      }
      fs.writeFileSync(path, bytes);
    }
    await assertWhole(data, SIZES);
  });

  it('names the index of a changed entry, leaf or record, and nothing besides', async (t) => {
    const data = copy(t);
    const entryBytes = fs.readFileSync(join(data, 'ledger/a/tile/entries/001')).length / 256;
    const cases = [
      ['ledger/a/tile/entries/001', 5 * entryBytes + 40, 261],
      ['ledger/a/tile/entries/003.p/132', 131 * entryBytes + 40, 899],
      ['ledger/a/tile/0/002', 7 * 32 + 3, 519],
      ['ledger/a/tile/0/003.p/132', 9 * 32, 777],
      ['ledger/a/tile/1/000.p/3', 32, 256],
    ] as const;
    for (const [key, at, index] of cases) {
      const bytes = fs.readFileSync(join(data, key));
      fs.writeFileSync(join(data, key), flipped(bytes, at * 8));
      const { discrepancies } = await verifyFolder(data);
      const found = discrepancies.map(({ kind, file, index }) => ({ kind, file, index }));
      assert.deepEqual(found, [{ kind: 'tampered', file: key, index }]);
      fs.writeFileSync(join(data, key), bytes);
    }
  });

  it('names the index of a record that was changed in archive or journal', async (t) => {
    const data = copy(t);
    for (const n of [0, 450, 899]) {
      const { commitment } = sealedEvent('a', n);
      for (const key of filesBelow(data).filter((name) => /^(archive|journal)/.test(name))) {
        const bytes = fs.readFileSync(join(data, key));
        const at = bytes.indexOf(commitment);
        if (at === -1) continue;
        fs.writeFileSync(join(data, key), flipped(bytes, at * 8));
        const { discrepancies, ok } = await verifyFolder(data);
        assert.equal(ok, false);
        // A copy that the journal still has of an archived record is named by its file.
        const named = discrepancies.some(({ index, file }) => index === n || file === key);
        assert.ok(named, JSON.stringify(discrepancies));
        fs.writeFileSync(join(data, key), bytes);
      }
    }
  });

  it('names a record that no writer makes, though its checksum is right', async (t) => {
    const data = dataFolder(t);
    await writeTrail(data, { sizes: { a: 20 } });
    const [key = ''] = filesBelow(data).filter((name) => name.startsWith('journal/'));
    const bytes = fs.readFileSync(join(data, key));
    // journal/frame.ts: after a header of 32 bytes the time is at 32, the tenant at 96.
    const forge = {
      time: (frame: Buffer) => frame.writeBigUInt64LE(2n ** 60n, 32),
      tenant: (frame: Buffer) => frame.write('.', 96, 'latin1'),
    };
    for (const change of Object.values(forge)) {
      const forged = Buffer.from(bytes);
      const frame = forged.subarray(32, 32 + forged.readUInt32LE(32 + 8));
      change(frame);
      frame.writeUInt32LE(crc32(frame.subarray(8)), 4);
      fs.writeFileSync(join(data, key), forged);
      const { discrepancies } = await verifyFolder(data);
      const found = discrepancies.map(({ kind, index, file }) => [kind, index, file]);
      assert.deepEqual(found, [
        ['tampered', undefined, key],
        ['tampered', 0, key],
      ]);
    }
  });

  it('finds any missing file', async (t) => {
    const data = copy(t);
    for (const key of filesBelow(data).filter(isNeeded)) {
      const path = join(data, key);
      const bytes = fs.readFileSync(path);
      fs.rmSync(path);
      const { ok, discrepancies } = await verifyFolder(data);
      assert.equal(ok, false, `${key}: ${JSON.stringify(discrepancies)}`);
      fs.writeFileSync(path, bytes);
    }
  });

  it('tells erased apart from tampered, and lets it pass', async () => {
    const erased = new Set([3, 333, 888].map((n) => sealedEvent('a', n).id));
    const report = await verifyFolder(whole, { opener: testOpener(erased) });
    assert.equal(report.ok, true);
    assert.deepEqual(
      report.discrepancies.map(({ kind, index }) => [kind, index]),
      [
        ['erased', 3],
        ['erased', 333],
        ['erased', 888],
      ],
    );
    assert.equal(report.tenants[0]?.erased, 3);
    assert.equal(report.tenants[0]?.opened, 897);
  });

  it('finds content that does not open to its commitment', async () => {
    const opener = testOpener();
    const wrong = sealedEvent('a', 500).id;
    const report = await verifyFolder(whole, {
      opener: {
        open: (sealed) => {
          const opened = opener.open(sealed);
          if (sealed.id !== wrong || 'problem' in opened) return opened;
          return { ...opened, bytes: Buffer.from(opened.bytes).fill(0x20, 1, 2) };
        },
      },
    });
    assert.deepEqual(
      report.discrepancies.map(({ kind, index }) => [kind, index]),
      [['tampered', 500]],
    );
  });

  it('checks tree and signatures alone where it is asked to', async (t) => {
    const data = copy(t);
    const segment = filesBelow(data).find((key) => key.startsWith('archive/a')) as string;
    const bytes = fs.readFileSync(join(data, segment));
    fs.writeFileSync(join(data, segment), flipped(bytes, 8000));
    const report = await verifyFolder(data, { treeOnly: true });
    assert.deepEqual([report.ok, report.tenants[0]?.entries], [true, 900]);
    assert.equal((await verifyFolder(data)).ok, false);
  });

  it('trusts a key that is known from elsewhere, not the one that is published', async (t) => {
    const data = copy(t);
    const vkeys = { a: fs.readFileSync(join(whole, 'ledger/b/vkey'), 'utf8') };
    const report = await verifyFolder(data, { vkeys, tenants: ['a'] });
    assert.equal(report.ok, false);
    const kinds = new Set(report.discrepancies.map(({ kind }) => kind));
    assert.ok(kinds.has('unsigned') && kinds.has('tampered'));
    const right = { a: fs.readFileSync(join(whole, 'ledger/a/vkey'), 'utf8') };
    assert.equal((await verifyFolder(data, { vkeys: right, tenants: ['a'] })).ok, true);
  });

  it('lists no more of a kind than the limit, and counts all', async () => {
    const erased = new Set(sealedEvents('a', 0, 100).map(({ id }) => id));
    const report = await verifyFolder(whole, { opener: testOpener(erased), limit: 10 });
    assert.equal(report.discrepancies.length, 10);
    assert.equal(report.counts.erased, 100);
  });
});

/** Partial tiles of an earlier tree may go at any time. */
function isNeeded(key: string): boolean {
  const [, tenant, path] = key.match(/^ledger\/(\w)\/(.*\.p\/.*)$/) ?? [];
  const partials = partialTiles(SIZES[tenant as keyof typeof SIZES] ?? 0).map(tilePath);
  return path === undefined || partials.includes(path);
}

function flipped(bytes: Buffer, bit: number): Buffer {
  const bent = Buffer.from(bytes);
  bent[bit >> 3] = (bent[bit >> 3] as number) ^ (1 << (bit & 7));
  return bent;
}
