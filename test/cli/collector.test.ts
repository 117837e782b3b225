/** When the server lets the collector work. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { collector } from '../../src/cli/collector.ts';

const MOMENTS = 32;

function counting(bytes: () => number) {
  const counts = { collected: 0, looked: 0 };
  const told = collector({
    collect: () => counts.collected++,
    youngBytes: () => {
      counts.looked++;
      return bytes();
    },
  });
  return { counts, told };
}

const yes = () => true;
const no = () => false;

test('it collects when there is enough, after the turn in which nobody waited any more', async () => {
  const { counts, told } = counting(() => 4e6);
  for (let i = 0; i < MOMENTS; i++) told(yes);
  assert.deepEqual(counts, { collected: 0, looked: 0 });
  await nextTurn();
  assert.deepEqual(counts, { collected: 1, looked: 1 });
  for (let i = 0; i < MOMENTS - 1; i++) told(yes);
  await nextTurn();
  assert.deepEqual(counts, { collected: 1, looked: 1 });
});

test('it leaves a small heap alone, and looks again later', async () => {
  const sizes = [1e6, 4e6];
  const { counts, told } = counting(() => sizes.shift() ?? 0);
  for (let i = 0; i < MOMENTS; i++) told(yes);
  await nextTurn();
  assert.deepEqual(counts, { collected: 0, looked: 1 });
  for (let i = 0; i < MOMENTS; i++) told(yes);
  await nextTurn();
  assert.deepEqual(counts, { collected: 1, looked: 2 });
});

test('it does nothing where somebody has come since, and tries at the next moment', async () => {
  const { counts, told } = counting(() => 4e6);
  for (let i = 0; i < MOMENTS; i++) told(no);
  await nextTurn();
  assert.deepEqual(counts, { collected: 0, looked: 0 });
  told(yes);
  await nextTurn();
  assert.deepEqual(counts, { collected: 1, looked: 1 });
});

const SCRIPT = `
import { getHeapSpaceStatistics } from 'node:v8';
import { processCollector } from ${JSON.stringify(new URL('../../src/cli/collector.ts', import.meta.url).href)};
const young = () => getHeapSpaceStatistics().find((one) => one.space_name === 'new_space').space_used_size;
const told = processCollector();
const dead = [];
while (told && young() < 3e6) dead[0] = Array.from({ length: 100 }, () => ({}));
const before = young();
for (let i = 0; told && i < 32; i++) told(() => true);
setImmediate(() => console.log(JSON.stringify({ collects: told !== undefined, less: young() < before / 2 })));
`;

for (const [flags, found] of [
  [
    ['--expose-gc', '--max-semi-space-size=8', '--min-semi-space-size=8'],
    { collects: true, less: true },
  ],
  [[], { collects: false, less: false }],
] as const) {
  test(`a process started with ${flags.join(' ') || 'no flags'}`, () => {
    const args = [...flags, '--input-type=module', '-e', SCRIPT];
    const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    assert.deepEqual(JSON.parse(stdout || 'null'), found, stderr);
  });
}
