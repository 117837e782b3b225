/** A short part of the crash tests with real servers; `npm run test:crash` does the rest. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { temporaryFolder } from '../store/temporary_folder.ts';
import { kill } from './kill.ts';
import { pair } from './pair.ts';

for (const { kind, promise } of [
  { kind: kill, promise: 'a server that is killed under load loses and doubles nothing' },
  { kind: pair, promise: 'of two servers on one folder one is refused, the other unharmed' },
]) {
  test(promise, async (t) => {
    const options = { seed: 1, rounds: 0, home: temporaryFolder(t), progress: () => {} };
    const { problems, examples, acknowledged, faults } = await kind.run(options);
    assert.deepEqual(examples, []);
    assert.deepEqual(problems, { lost: 0, doubled: 0, head: 0, broken: 0 });
    assert.ok(acknowledged > 0 && Object.keys(faults).length > 0);
  });
}
