import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { documents } from '../../docs/generate.ts';
import { EXAMPLES } from '../../docs/query.ts';
import { CODES } from '../../src/fault/fault.ts';
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

test('every code is in the reference of errors with its meaning', () => {
  const page = documents().find(({ path }) => path.endsWith('errors.md'))?.text ?? '';
  for (const code of Object.keys(CODES)) {
    assert.match(page, new RegExp(`^\\| \`${code}\` \\| [A-Z][^|]+ \\|`, 'm'), code);
  }
});
