import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withoutNoise } from '../../src/cli/reach/hide.ts';
import { parseQuery } from '../../src/search/query.ts';

test('reads of the trail and heartbeats are left out, whatever the query is', () => {
  for (const query of ['', 'a', 'a OR b', 'tool:send_email -x', '"type:access"', 'subtype:x']) {
    const wanted = withoutNoise(query, 'events');
    assert.equal(wanted.hidden, true, query);
    assert.match(wanted.query, /-\(type:access session_id:claw:\*\)/);
  }
});

test('a query that names a type, and one for all, stay as they are', () => {
  for (const query of ['type:access', 'a -type:prompt', '(type:finding OR b)', 'TYPE:admin']) {
    assert.deepEqual(withoutNoise(query, 'events'), { query, hidden: false });
  }
  assert.deepEqual(withoutNoise('a', 'all'), { query: 'a', hidden: false });
});

test('what is left out joins the whole query, not its last alternative', () => {
  const clock = { now_ms: 0, zone: 'UTC' };
  const filter = parseQuery(withoutNoise('a OR b', 'events').query, clock);
  assert.equal(filter.kind, 'and');
});
