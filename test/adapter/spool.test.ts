/** What the shim keeps while the server is away: whole, in order, claimed by one, and bounded. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, suite, test } from 'node:test';
import { openSpool } from '../../src/cli/hook/spool.ts';
import { entry } from './entry.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'claw-spool-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

suite('the spool', () => {
  const open = () => openSpool({ CLAW_SPOOL: folder }, 'owner');
  const place = () => join(folder, readdirSync(folder)[0] ?? '');

  test('gives back what was kept, oldest first, byte for byte', () => {
    for (const n of [2, 1, 3]) open().keep(entry(n));
    const spool = open();
    const entries = spool.waiting().map((name) => spool.claim(name)?.entry);
    assert.deepEqual(entries, [entry(1), entry(2), entry(3)]);
  });

  test('a claimed record is nobody else’s until it is released', () => {
    open().keep(entry(1));
    const [name = ''] = open().waiting();
    const claimed = open().claim(name);
    assert.equal(open().claim(name), undefined);
    assert.deepEqual(open().waiting(), []);
    claimed?.release();
    assert.deepEqual(open().waiting(), [name]);
  });

  test('what a dead process had claimed waits again; what it half wrote goes', () => {
    open().keep(entry(1));
    const [name = ''] = open().waiting();
    renameSync(join(place(), name), join(place(), `${name}.claim-1700000000000-0123456789ab`));
    writeFileSync(join(place(), '.1700000000000000-5-0123456789ab.record'), 'half');
    assert.deepEqual(open().waiting(), [name]);
    assert.deepEqual(readdirSync(place()), [name]);
  });

  test('a damaged record is counted as dropped', () => {
    open().keep(entry(1));
    const [name = ''] = open().waiting();
    writeFileSync(join(place(), name), 'no head');
    assert.equal(open().claim(name), undefined);
    assert.deepEqual(readdirSync(place()), ['drops']);
  });

  test('when full it drops, counts, and says so once the server takes the count', async () => {
    open().keep(entry(1));
    for (let n = 2; n <= 1000; n++) {
      const stamp = String(1_795_262_400_000_000 + n);
      writeFileSync(join(place(), `${stamp}-1-${String(n).padStart(12, '0')}.record`), '');
    }
    open().keep(entry(1001));
    open().keep(entry(1002));
    assert.equal(open().waiting().length, 1000);
    const sent: { id?: string; attributes?: { dropped?: number } }[] = [];
    const send = (answer: 'away' | 'taken') => async (gap: object) => {
      sent.push(gap);
      return answer;
    };
    await open().reportDrops(send('away'));
    const [claimed = ''] = readdirSync(place()).filter((name) => name.startsWith('drops'));
    const stale = claimed.replace(/claim-\d+/, 'claim-1700000000000');
    renameSync(join(place(), claimed), join(place(), stale));
    await open().reportDrops(send('taken'));
    await open().reportDrops(send('taken'));
    assert.deepEqual(
      sent.map(({ attributes }) => attributes?.dropped),
      [2, 2],
    );
    assert.equal(sent[0]?.id, sent[1]?.id, 'told twice, it is one event');
  });
});
