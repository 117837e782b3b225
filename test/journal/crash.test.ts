import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'node:test';
import { openFileJournal } from '../../src/journal/file.ts';
import { temporaryFolder } from '../store/temporary_folder.ts';
import { readAll, requireContiguous } from './suite.ts';

const ROUNDS = 5;

/** Lets a writer run until it has acknowledged some, then kills it: what it had acknowledged. */
async function acknowledgedUntilKilled(dir: string, lines: number): Promise<string[]> {
  const script = join(import.meta.dirname, 'crash_writer.ts');
  const child = spawn(process.execPath, [script, dir], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.on('data', (chunk) => {
    text += chunk;
    if (text.split('\n').length > lines) child.kill('SIGKILL');
  });
  await once(child, 'close');
  return text.split('\n').slice(0, -1);
}

test('what a writer acknowledged before kill -9 is there after reopening, round after round', async (t) => {
  const dir = join(temporaryFolder(t), 'journal');
  const acknowledged: string[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const lines = await acknowledgedUntilKilled(dir, 50 + round * 77);
    assert.ok(lines.length >= 50);
    acknowledged.push(...lines);
    const journal = await openFileJournal({ dir, base: { sizes: {} } });
    const records = await readAll(journal);
    await journal.close();
    requireContiguous(records);
    assert.deepEqual(
      records.map(({ seq }) => seq),
      records.map((_, i) => i),
    );
    const held = new Set(records.map(({ id, seq }) => `${id} ${seq}`));
    assert.deepEqual(
      acknowledged.filter((line) => !held.has(line)),
      [],
    );
  }
});
