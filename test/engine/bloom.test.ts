import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bloomBytes, callHash, openBloom } from '../../src/engine/sqlite/bloom.ts';

const FACTS = 2 ** 17;
/** Of a file full of calls of two facts each. */
const CALLS = FACTS / 2;
const STRANGERS = 1_000_000;

test('a full filter knows its calls, and takes next to no stranger for one of them', () => {
  const bloom = openBloom(Buffer.alloc(bloomBytes(FACTS)));
  const key = (i: number) => JSON.stringify(['tenant-1', `session-${i % 997}`, `call_${i}`]);
  for (let i = 0; i < CALLS; i++) bloom.add(callHash(key(i)));
  for (let i = 0; i < CALLS; i++) assert.ok(bloom.has(callHash(key(i))));
  let wrong = 0;
  for (let i = CALLS; i < CALLS + STRANGERS; i++) if (bloom.has(callHash(key(i)))) wrong++;
  assert.ok(wrong <= 20, `${wrong} of ${STRANGERS} strangers`);
});
