/** What a data folder that is not as it should be says of itself, and what it never does. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { ACME, accepted, newPlace, type Place, verified } from './place.ts';

const places: Place[] = [];
after(async () => {
  for (const place of places) await place.clear();
});

async function used(count = 40, flags = {}): Promise<Place> {
  const place = newPlace();
  places.push(place);
  const trail = await place.open(flags);
  const events = Array.from({ length: count }, (_, i) => ({
    type: 'prompt',
    session_id: `s${i}`,
    content: `event number ${i} ${i === 7 ? 'large '.repeat(20_000) : ''}`,
  }));
  accepted(await trail.ingest(events, ACME));
  await trail.close();
  return place;
}

test('a second server on one data folder is told who holds it', async () => {
  const place = await used();
  await place.open();
  await assert.rejects(place.open(), (error: { code: string; message: string }) => {
    assert.equal(error.code, 'data.locked');
    assert.match(error.message, new RegExp(`process ${process.pid} `));
    return true;
  });
});

test('a data folder of a newer version is left alone', async () => {
  const place = await used();
  writeFileSync(join(place.data, 'format.json'), '{"format":999,"made_by":"claw 99"}\n');
  await assert.rejects(place.open(), { code: 'data.newer' });
});

test('a wrong or missing root key is named, and never replaced beside existing data', async () => {
  const place = await used();
  const path = join(place.data, 'keys', 'root.key');
  const key = readFileSync(path, 'utf8');
  rmSync(path);
  await assert.rejects(place.open(), { code: 'seal.root_key' });
  assert.equal(existsSync(path), false);
  const other = `claw-root-key-v1:${Buffer.alloc(32, 7).toString('base64')}\n`;
  writeFileSync(path, other, { mode: 0o600 });
  await assert.rejects(place.open(), { code: 'seal.root_key' });
  writeFileSync(path, key, { mode: 0o600 });
  await (await place.open()).close();
});

test('a damaged index says what it is and how to make it anew', async () => {
  const place = await used();
  const folder = join(place.data, 'index');
  for (const name of readdirSync(folder)) {
    if (!name.endsWith('.db')) continue;
    const bytes = readFileSync(join(folder, name));
    bytes.fill(0x5a, 0, Math.min(bytes.length, 8192));
    writeFileSync(join(folder, name), bytes);
  }
  await assert.rejects(place.open(), (error: { code: string; detail: { hint?: string } }) => {
    assert.equal(error.code, 'engine.damaged');
    assert.match(error.detail.hint ?? '', /clawctl reindex/);
    return true;
  });
});

test('a journal whose signed end was cut off is refused, and verify says what is missing', async () => {
  const place = await used();
  const folder = join(place.data, 'journal');
  const last = join(folder, readdirSync(folder).sort().at(-1) ?? '');
  truncateSync(last, Math.floor(readFileSync(last).length / 2));
  await assert.rejects(place.open(), (error: { code: string }) =>
    ['ledger.cut', 'journal.damaged'].includes(error.code),
  );
  const report = await verified(place.data);
  assert.equal(report.ok, false);
  assert.ok(report.discrepancies.some(({ kind }) => kind === 'truncated' || kind === 'missing'));
});

test('any flipped byte in any stored file of the evidence is found', async () => {
  const place = await used(30, { archive_segment_bytes: 4096, journal_file_bytes: 4096 });
  const again = await place.open({ archive_segment_bytes: 4096, journal_file_bytes: 4096 });
  while (!existsSync(join(place.data, 'archive'))) await pause(20);
  await again.close();
  const evidence = ['journal', 'ledger', 'head', 'object', 'archive'].flatMap((part) =>
    readdirSync(join(place.data, part), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name)),
  );
  for (const path of evidence) {
    const whole = readFileSync(path);
    const at = Math.floor(whole.length * 0.6);
    const flipped = Buffer.from(whole);
    flipped[at] = (flipped[at] ?? 0) ^ 0x10;
    writeFileSync(path, flipped);
    const report = await verified(place.data);
    assert.equal(report.ok, false, `byte ${at} of ${path}`);
    writeFileSync(path, whole);
  }
  assert.ok((await verified(place.data)).ok);
});

test('a large value that is gone is missing by the index of its event', async () => {
  const place = await used();
  rmSync(join(place.data, 'object'), { recursive: true });
  const { ok, discrepancies } = await verified(place.data);
  assert.equal(ok, false);
  assert.deepEqual(
    discrepancies.map(({ kind, index }) => [kind, index]),
    [['missing', 8]],
  );
});

test('a copy of the folder verifies while the server runs', async () => {
  const place = await used();
  const trail = await place.open();
  accepted(await trail.ingest([{ type: 'prompt', session_id: 'late' }], ACME));
  const copy = mkdtempSync(join(tmpdir(), 'claw-copy-'));
  cpSync(place.data, copy, { recursive: true });
  assert.ok((await verified(copy)).ok);
  rmSync(copy, { recursive: true });
});

test('kill -9 at any moment loses nothing that was acknowledged and doubles nothing', async () => {
  const place = newPlace();
  places.push(place);
  const sent = new Map<string, number>();
  for (let round = 0; round < 3; round++) {
    const child = spawn(process.execPath, [join(import.meta.dirname, 'recorder.ts'), place.data], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const lines = createInterface({ input: child.stdout });
    let batches = 0;
    lines.on('line', (line) => {
      for (const { id, index } of JSON.parse(line)) sent.set(id, index);
      if (++batches === 10 + round * 7) child.kill('SIGKILL');
    });
    await Promise.all([once(child, 'exit'), once(lines, 'close')]);
  }
  const trail = await place.open();
  const again = [...sent].map(([id]) => ({ id, type: 'prompt', session_id: 's' }));
  const receipts = await trail.ingest(again, ACME);
  for (const receipt of receipts) {
    assert.equal(receipt.status, 'duplicate');
    assert.equal('index' in receipt && receipt.index, sent.get(receipt.id ?? ''));
  }
  await trail.close();
  const report = await verified(place.data);
  assert.ok(report.ok, JSON.stringify(report.discrepancies.slice(0, 3)));
});
