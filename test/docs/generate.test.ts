import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { documents } from '../../docs/generate.ts';
import { EXAMPLE, EXAMPLE_TESTS } from '../../docs/policy.ts';
import { EXAMPLES } from '../../docs/query.ts';
import { CODES } from '../../src/fault/fault.ts';
import { compile } from '../../src/policy/cedar.ts';
import { readExamples, tryExample } from '../../src/policy/example.ts';
import { parseQuery } from '../../src/search/query.ts';

for (const { path, text } of documents()) {
  test(`${path} is what the code says: npm run docs writes it anew`, () => {
    assert.equal(readFileSync(join(import.meta.dirname, '../..', path), 'utf8'), text);
  });
}

test('every example of the query reference is a query, and no two mean the same', () => {
  const clock = { now_ms: Date.parse('2026-03-10T12:00:00Z'), zone: 'UTC' };
  const seen = new Set<string>();
  for (const [query] of Object.values(EXAMPLES).flat()) {
    const meaning = JSON.stringify(parseQuery(query, clock));
    assert.ok(!seen.has(meaning), query);
    seen.add(meaning);
  }
});

test('the example of the policy reference is a policy, and its tests hold', () => {
  const permit = '@id("all") permit (principal, action, resource);';
  const set = compile([{ name: 'example.cedar', text: EXAMPLE + permit }]);
  for (const example of readExamples({ name: 'example.test.json', text: EXAMPLE_TESTS })) {
    const result = tryExample(set, 'example.test.json', example);
    assert.ok(result.ok, JSON.stringify(result));
  }
});

test('every code is in the reference of errors with its meaning', () => {
  const page = documents().find(({ path }) => path.endsWith('errors.md'))?.text ?? '';
  for (const code of Object.keys(CODES)) {
    assert.match(page, new RegExp(`^\\| \`${code}\` \\| [A-Z][^|]+ \\|`, 'm'), code);
  }
});
