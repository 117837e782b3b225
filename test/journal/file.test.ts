import assert from 'node:assert/strict';
import {
  constants,
  existsSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { openFileJournal } from '../../src/journal/file.ts';
import { failingDisk } from '../store/failing_disk.ts';
import { temporaryFolder } from '../store/temporary_folder.ts';
import { sealed, sealedMany } from './sealed.ts';
import { journalSuite, readAll } from './suite.ts';

const base = { sizes: {} };

/** The files in a folder that this process has open, of which each must be open with O_DSYNC. */
function openedAsLog(dir: string): readonly string[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    const path = targetOf(fd);
    if (!path.startsWith(dir)) return [];
    const told = readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8');
    const flags = Number.parseInt(/^flags:\s*([0-7]+)$/m.exec(told)?.[1] ?? '0', 8);
    assert.ok(flags & constants.O_DSYNC, path);
    return [path];
  });
}

function targetOf(fd: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    // The one by which the folder itself was read.
    return '';
  }
}

journalSuite('file', async (t, base) => {
  const journal = await openFileJournal({ dir: join(temporaryFolder(t), 'journal'), base });
  t.after(journal.close);
  return journal;
});

journalSuite('file, of small files', async (t, base) => {
  const dir = join(temporaryFolder(t), 'journal');
  const journal = await openFileJournal({ dir, base, file_bytes: 700 });
  t.after(journal.close);
  return journal;
});

test('a reopened journal holds what was appended, and goes on', async (t) => {
  const dir = temporaryFolder(t);
  const events = [...sealedMany(0, 20, 'a'), ...sealedMany(20, 5, 'b'), ...sealedMany(25, 9, 'a')];
  for (const [round, event] of events.entries()) {
    const journal = await openFileJournal({ dir, base, file_bytes: 1000 });
    assert.deepEqual([journal.head(), journal.status().recovered_bytes], [round, 0]);
    await journal.append([event]);
    await journal.close();
  }
  const journal = await openFileJournal({ dir, base });
  t.after(journal.close);
  const records = await readAll(journal);
  assert.deepEqual(
    records.map(({ seq: _, index: __, ...event }) => event),
    events,
  );
  assert.deepEqual([journal.size('a'), journal.size('b')], [29, 5]);
  assert.equal((await journal.find('a', 28))?.seq, 33);
});

test('files begin with their first seq, bear it as their name, and stay within their size', async (t) => {
  const dir = temporaryFolder(t);
  const journal = await openFileJournal({ dir, base, file_bytes: 1000 });
  t.after(journal.close);
  for (let n = 0; n < 20; n++) await journal.append([sealed(n)]);
  const names = readdirSync(dir).sort();
  assert.ok(names.length > 2);
  assert.equal(names[0], '0000000000000000.log');
  for (const name of names) {
    assert.ok(statSync(join(dir, name)).size <= 1000);
    assert.equal(statSync(join(dir, name)).mode & 0o777, 0o600);
    assert.equal(readFileSync(join(dir, name)).readBigUInt64LE(16), BigInt(name.slice(0, 16)));
  }
  const sizes = names.map((name) => statSync(join(dir, name)).size);
  assert.equal(
    journal.status().bytes,
    sizes.reduce((sum, size) => sum + size),
  );
});

test('releasing deletes whole files below the seq, never the last', async (t) => {
  const dir = temporaryFolder(t);
  const journal = await openFileJournal({ dir, base, file_bytes: 1000 });
  for (let n = 0; n < 20; n++) await journal.append([sealed(n, n < 4 ? 'old' : 'acme')]);
  const before = readdirSync(dir).length;
  const second = Number(readdirSync(dir).sort()[1]?.slice(0, 16));
  await journal.release(second - 1);
  assert.equal(readdirSync(dir).length, before);
  await journal.release(second);
  assert.equal(readdirSync(dir).length, before - 1);
  assert.equal(journal.first(), second);
  await journal.release(1e9);
  assert.equal(readdirSync(dir).length, 1);
  await journal.close();
  for (const sizes of [{}, { old: 4 }, { old: 4, acme: 13 }]) {
    await assert.rejects(openFileJournal({ dir, base: { sizes } }), { code: 'journal.damaged' });
  }
  const reopened = await openFileJournal({ dir, base: { sizes: { old: 4, acme: 14 } } });
  t.after(reopened.close);
  assert.deepEqual([reopened.head(), reopened.size('old'), reopened.size('acme')], [20, 4, 16]);
});

test('a base that does not fit the first file is refused', async (t) => {
  const dir = temporaryFolder(t);
  const journal = await openFileJournal({ dir, base: { sizes: { old: 4 } } });
  await journal.append([sealed(0, 'acme')]);
  await journal.close();
  const open = (sizes: Record<string, number>) => openFileJournal({ dir, base: { sizes } });
  await assert.rejects(open({}), { code: 'journal.damaged' });
  await assert.rejects(open({ old: 4, cut: 1 }), { code: 'ledger.cut' });
  await (await open({ old: 4, acme: 1 })).close();
});

test('concurrent appends share syncs; what comes during one shares the next', async (t) => {
  const disk = failingDisk();
  const journal = await openFileJournal({ dir: temporaryFolder(t), base, disk });
  t.after(journal.close);
  const before = disk.calls('append');
  const first = Array.from({ length: 50 }, (_, n) => journal.append([sealed(n)]));
  await Promise.all(first);
  assert.equal(disk.calls('append') - before, 1);
  await journal.append([sealed(50)]);
  assert.equal(disk.calls('append') - before, 2);
});

test('the file is one whose writes are durable by themselves: new, next and opened again', {
  skip: process.platform === 'linux' ? false : 'how a file is open is told on Linux alone',
}, async (t) => {
  const dir = temporaryFolder(t);
  for (const name of ['0000000000000000.log', '0000000000000001.log']) {
    const journal = await openFileJournal({ dir, base, file_bytes: 100 });
    if (name.startsWith('0000000000000001')) await journal.append([sealed(1)]);
    assert.deepEqual(openedAsLog(dir), [join(dir, name)]);
    await journal.append([sealed(0)]);
    await journal.close();
  }
  const journal = await openFileJournal({ dir, base });
  t.after(journal.close);
  assert.deepEqual(openedAsLog(dir), [join(dir, '0000000000000002.log')]);
});

test('nothing is read or counted before it is durable', async (t) => {
  const disk = failingDisk();
  const journal = await openFileJournal({ dir: temporaryFolder(t), base, disk });
  t.after(journal.close);
  disk.trouble({ operation: 'append', code: 'EIO', from: 1, part_bytes: 1e6 });
  await assert.rejects(journal.append([sealed(0)]), { code: 'data.unwritable' });
  assert.deepEqual([journal.head(), journal.size('acme')], [0, 0]);
  assert.deepEqual(await journal.read(0, { records: 1, bytes: 1 }), []);
});

test('files of other names in the folder are left alone', async (t) => {
  const dir = temporaryFolder(t);
  writeFileSync(join(dir, 'notes.txt'), 'mine');
  writeFileSync(join(dir, '1.log'), 'mine');
  const journal = await openFileJournal({ dir, base });
  await journal.append([sealed(0)]);
  await journal.close();
  assert.ok(existsSync(join(dir, 'notes.txt')));
});

test('a byte that changes while the journal is open is named when it is read', async (t) => {
  const dir = temporaryFolder(t);
  const journal = await openFileJournal({ dir, base });
  t.after(journal.close);
  await journal.append(sealedMany(0, 3));
  const path = join(dir, '0000000000000000.log');
  const bytes = readFileSync(path);
  const at = 32 + 140 + 100;
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  writeFileSync(path, bytes);
  const named = {
    code: 'journal.damaged',
    message: /0000000000000000\.log .* byte 172, where seq 1/,
  };
  await assert.rejects(journal.find('acme', 1), named);
  assert.equal((await journal.find('acme', 2))?.seq, 2);
  truncateSync(path, 40);
  await assert.rejects(journal.find('acme', 0), { code: 'journal.damaged' });
  unlinkSync(path);
  await assert.rejects(journal.find('acme', 0), { code: 'data.unreadable' });
});
