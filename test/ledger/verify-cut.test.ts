/** Verification of trails that were cut, went back, or are being written. */
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { folderSource } from '../../src/ledger/verify/folder.ts';
import { verifyTrail } from '../../src/ledger/verify/verify.ts';
import { type Disk, realDisk } from '../../src/store/disk.ts';
import { sealedEvents, testOpener } from './fixture.ts';
import {
  assertWhole,
  dataFolder,
  filesBelow,
  openTrail,
  verifyFolder,
  writeTrail,
} from './trail.ts';

const SMALL = { segment_bytes: 2 ** 40, segment_records: 300 };

describe('verifying a trail that was cut', () => {
  it('notices a journal whose last file was shortened or deleted', async (t) => {
    const data = dataFolder(t);
    await writeTrail(data, { sizes: { a: 60 } });
    const last = filesBelow(data)
      .filter((key) => key.startsWith('journal/'))
      .at(-1) as string;
    const bytes = fs.readFileSync(join(data, last));
    for (const left of [0, 32, 200, bytes.length - 1]) {
      fs.writeFileSync(join(data, last), bytes.subarray(0, left));
      const { ok, discrepancies } = await verifyFolder(data);
      assert.equal(ok, false);
      const cut = discrepancies.find(({ kind }) => kind === 'truncated');
      assert.equal(cut?.index, 60 - (cut?.count ?? 0), JSON.stringify(discrepancies));
    }
    fs.rmSync(join(data, last));
    assert.ok((await verifyFolder(data)).counts.truncated > 0);
  });

  it('notices tiles and checkpoint that went back while the head did not', async (t) => {
    const data = dataFolder(t);
    await writeTrail(data, { sizes: { a: 60 } });
    const early = dataFolder(t);
    fs.cpSync(join(data, 'ledger'), early, { recursive: true });
    const trail = await openTrail(data);
    await trail.journal.append(sealedEvents('a', 60, 600));
    await trail.close();
    fs.rmSync(join(data, 'ledger'), { recursive: true });
    fs.cpSync(early, join(data, 'ledger'), { recursive: true });
    const report = await verifyFolder(data);
    assert.deepEqual(
      report.discrepancies.map(({ kind, index, count }) => [kind, index, count]),
      [['pending', 60, 540]],
    );
    assert.equal(report.tenants[0]?.signed, 600);
    fs.rmSync(join(data, 'journal'), { recursive: true });
    assert.equal((await verifyFolder(data)).counts.truncated, 600);
    assert.equal((await verifyFolder(data, { treeOnly: true })).counts.truncated, 540);
  });

  it('notices a head that went back while tiles did not', async (t) => {
    const data = dataFolder(t);
    await writeTrail(data, { sizes: { a: 60 } });
    const head = fs.readFileSync(join(data, 'head/a'));
    const checkpoint = fs.readFileSync(join(data, 'ledger/a/checkpoint'));
    const trail = await openTrail(data);
    await trail.journal.append(sealedEvents('a', 60, 600));
    await trail.close();
    fs.writeFileSync(join(data, 'head/a'), head);
    fs.writeFileSync(join(data, 'ledger/a/checkpoint'), checkpoint);
    const report = await verifyFolder(data);
    assert.equal(report.ok, false);
    assert.ok(report.counts.truncated > 0);
  });

  it('counts what no signed tree covers yet', async (t) => {
    const data = dataFolder(t);
    await writeTrail(data, { sizes: { a: 60 } });
    const head = fs.readFileSync(join(data, 'head/a'));
    const ledger = dataFolder(t);
    fs.cpSync(join(data, 'ledger'), ledger, { recursive: true });
    const trail = await openTrail(data);
    await trail.journal.append(sealedEvents('a', 60, 70));
    await trail.close();
    fs.writeFileSync(join(data, 'head/a'), head);
    fs.rmSync(join(data, 'ledger'), { recursive: true });
    fs.cpSync(ledger, join(data, 'ledger'), { recursive: true });
    const report = await verifyFolder(data);
    assert.equal(report.tenants[0]?.pending, 10);
  });
});

describe('verifying while a server writes', () => {
  it('finds nothing wrong', async (t) => {
    const data = dataFolder(t);
    const { journal, ledger, close } = await openTrail(data, SMALL);
    await journal.append(sealedEvents('a', 0, 10));
    await ledger.integrate();
    let writing = true;
    const writer = (async () => {
      for (let n = 10; n < 700; n += 10) {
        await journal.append(sealedEvents('a', n, n + 10));
        await ledger.integrate();
        if (n % 100 === 0) await ledger.archive();
      }
      writing = false;
    })();
    while (writing) {
      const report = await verifyFolder(data);
      const wrong = report.discrepancies.filter(
        ({ kind }) => kind !== 'pending' && kind !== 'torn',
      );
      assert.deepEqual(wrong, []);
    }
    await writer;
    await close();
    await assertWhole(data, { a: 700 });
  });

  for (const [name, before] of [
    ['first', 250],
    ['next', 350],
  ] as const) {
    it(`finds nothing wrong, at whatever step of its own the ${name} range is archived`, async (t) => {
      for (let step = 1, more = true; more; step++) {
        const data = dataFolder(t);
        const { journal, ledger, close } = await openTrail(data, SMALL);
        const grow = async (from: number, to: number) => {
          await journal.append(sealedEvents('a', from, to));
          await ledger.integrate();
          await ledger.archive();
        };
        await grow(0, before);
        const disk = disturbedDisk(step, () => grow(before, before + 400));
        const source = folderSource({ data, disk: disk.disk });
        const { discrepancies } = await verifyTrail({ source, opener: testOpener() });
        const wrong = discrepancies.filter(({ kind }) => kind !== 'pending' && kind !== 'torn');
        assert.deepEqual(wrong, [], `at step ${step}`);
        more = disk.disturbed();
        await close();
        fs.rmSync(data, { recursive: true });
      }
    });
  }
});

/** The machine's disk; before its nth call something else happens. */
function disturbedDisk(step: number, disturb: () => Promise<void>) {
  let calls = 0;
  const named = Object.entries(realDisk).map(([name, call]) => [
    name,
    async (...args: readonly unknown[]) => {
      if (++calls === step) await disturb();
      return (call as (...args: readonly unknown[]) => unknown)(...args);
    },
  ]);
  return { disk: Object.fromEntries(named) as Disk, disturbed: () => calls >= step };
}
