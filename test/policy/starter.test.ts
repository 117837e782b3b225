import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { compile } from '../../src/policy/cedar.ts';
import { readExamples, tryExample } from '../../src/policy/example.ts';
import { starterPolicies } from '../../src/trail/govern/starter.ts';
import { absent, recordedRequests } from './recorded.ts';

const FOLDER = join(import.meta.dirname, '..', '..', 'policies');
const set = compile(starterPolicies());
const files = readdirSync(FOLDER).filter((name) => name.endsWith('.test.json'));

for (const name of files) {
  describe(`the starter set: ${name}`, () => {
    for (const example of readExamples({ name, text: readFileSync(join(FOLDER, name), 'utf8') })) {
      test(example.name, () => {
        const { ok, expected, got } = tryExample(set, name, example);
        assert.ok(ok, JSON.stringify({ expected, got }));
      });
    }
  });
}

test('every file of the starter set has tests beside it, and every policy is in one', () => {
  const cedar = readdirSync(FOLDER).filter((name) => name.endsWith('.cedar'));
  assert.deepEqual(
    files.map((name) => name.replace('.test.json', '.cedar')),
    cedar,
  );
  const tested = new Set(
    files.flatMap((name) =>
      readExamples({ name, text: readFileSync(join(FOLDER, name), 'utf8') }).flatMap(
        ({ policy_ids = [] }) => policy_ids,
      ),
    ),
  );
  const ids = set.policies.map(({ id }) => id);
  assert.deepEqual([...tested].sort(), ids.sort());
  assert.deepEqual(set.warnings, []);
});

test('recorded benign work passes without constant escalation', { skip: absent }, () => {
  const counts = { permit: 0, escalate: 0, deny: 0 };
  for (const { from, request } of recordedRequests()) {
    if (from === 'benign') counts[set.decide(request).outcome] += 1;
  }
  const all = counts.permit + counts.escalate + counts.deny;
  assert.ok(all > 1000, `${all} calls`);
  assert.ok(counts.permit / all > 0.98, JSON.stringify(counts));
  assert.equal(counts.deny, 0);
});
