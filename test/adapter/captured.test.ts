import assert from 'node:assert/strict';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import {
  CAPTURED,
  CAPTURES,
  captureFiles,
  golden,
  matches,
  recordsIn,
  skip,
  summary,
} from './captures.ts';

suite('every capture file', { skip }, () => {
  test('is read by somebody, or is listed with the reason why not', () => {
    const files = captureFiles();
    const unread = files.filter((file) => !CAPTURED.some(([pattern]) => matches(pattern, file)));
    assert.deepEqual(unread, []);
    const stale = CAPTURED.filter(([pattern]) => !files.some((file) => matches(pattern, file)));
    assert.deepEqual(stale, []);
  });

  for (const file of captureFiles()) {
    const reader = CAPTURED.find(([pattern]) => matches(pattern, file))?.[1];
    if (typeof reader !== 'function') continue;
    test(`${file}: each line is told, or says why not (UPDATE=1 rewrites the golden file)`, () => {
      const path = join(CAPTURES, file);
      const told = reader(path);
      assert.equal(told.length, recordsIn(path).length);
      assert.ok(told.every((each) => each.length > 0));
      const lines = summary(told);
      assert.deepEqual(lines, golden(`captured-${file.replaceAll('/', '-')}`, lines));
    });
  }
});
