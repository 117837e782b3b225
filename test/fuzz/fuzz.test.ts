/** Replays every input that fuzzing kept, and goes on for a few; `npm run fuzz` goes on for long. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readCorpus } from './corpus.ts';
import { runTarget } from './loop.ts';
import { TARGETS, withTarget } from './menu.ts';

const INPUTS = 500;

for (const entry of TARGETS) {
  test(`${entry.name}: what once broke it, or reached far into it, breaks nothing`, () =>
    withTarget(entry, async (target) => {
      const corpus = readCorpus(target.name);
      const inputs = Math.ceil(INPUTS / (target.cost ?? 1));
      const { findings } = await runTarget(target, { inputs, seed: 1, corpus });
      const broken = findings.map(({ input, error }) => [input.toString('latin1'), error]);
      assert.deepEqual(broken, []);
    }));
}
