import assert from 'node:assert/strict';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { claimFolder, FORMAT, readFormat } from '../../src/store/folder.ts';
import { temporaryFolder } from './temporary_folder.ts';

test('a new folder is marked with its format, and found again', async (t) => {
  const folder = join(temporaryFolder(t), 'data');
  assert.equal(await readFormat(folder), undefined);
  assert.deepEqual(await claimFolder(folder, 'claw 0.1.0'), {
    format: FORMAT,
    made_by: 'claw 0.1.0',
  });
  assert.deepEqual(await claimFolder(folder, 'claw 0.2.0'), {
    format: FORMAT,
    made_by: 'claw 0.1.0',
  });
});

test('reading the format of a folder changes nothing in it', async (t) => {
  const folder = temporaryFolder(t);
  await readFormat(folder);
  assert.deepEqual(readdirSync(folder), []);
});

test('a folder of a newer version is refused, and says what to do', async (t) => {
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, 'format.json'), '{"format":2,"made_by":"claw 9.0.0"}');
  const newer = { code: 'data.newer', message: /format 2, made by claw 9\.0\.0/ };
  await assert.rejects(claimFolder(folder, 'claw 0.1.0'), newer);
  await assert.rejects(readFormat(folder), newer);
});

test('a mark that says no format is refused', async (t) => {
  const folder = temporaryFolder(t);
  for (const text of ['', 'null', '[]', '{"format":"1"}', '{"format":0}', '{"format":1']) {
    writeFileSync(join(folder, 'format.json'), text);
    await assert.rejects(claimFolder(folder, 'claw 0.1.0'), { code: 'config.invalid' }, text);
  }
});
