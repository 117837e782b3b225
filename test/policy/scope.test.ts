/** A task's scope: what its patterns allow, and nothing that only looks like it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Resource } from '../../src/event/event.ts';
import { inPatterns } from '../../src/policy/glob.ts';
import type { Task } from '../../src/policy/lifecycle.ts';
import { violationsOf } from '../../src/policy/task.ts';

const at = (kind: string, id: string): Resource => ({ kind, id, access: 'read' });
const fits = (pattern: string, kind: string, id: string) => inPatterns([pattern], at(kind, id));

test('a pattern of URLs allows its URLs, and none that hides its host', () => {
  assert.ok(fits('https://*.example.com/*', 'url', 'https://a.example.com/x?y'));
  assert.ok(fits('https://api.example.com', 'url', 'https://API.example.com/'));
  assert.ok(fits('url:https://api.example.com/v1/*', 'url', 'https://api.example.com/v1/a'));
  for (const url of [
    'https://evil.com/x.example.com/y',
    'https://evil.com?.example.com/',
    'https://evil.com#.example.com/',
    'https://x.example.com:y@evil.com/',
    'https://x.example.com@evil.com/',
    'http://a.example.com/',
    'https:\\\\evil.com\\.example.com/',
  ]) {
    assert.ok(!fits('https://*.example.com/*', 'url', url), url);
    assert.ok(!fits('https://*.example.com:*/*', 'url', url), url);
  }
  assert.ok(!fits('https://a.com/v1/*', 'url', 'https://a.com/v1/../admin'));
  assert.ok(!fits('https://a.com/v1/*', 'url', 'https://a.com/v1/%2e%2e/admin'));
});

test('a pattern of hosts allows them on every port, and the URLs there', () => {
  for (const pattern of ['*.example.com', 'host:*.example.com', '*.EXAMPLE.com']) {
    for (const host of ['a.example.com', 'A.example.com:443', 'a.example.com.']) {
      assert.ok(fits(pattern, 'host', host), host);
    }
    assert.ok(fits(pattern, 'url', 'https://a.example.com:8443/v1'));
    assert.ok(!fits(pattern, 'url', 'https://evil.com/.example.com'));
    assert.ok(!fits(pattern, 'host', 'a.example.com.evil.com'));
  }
  assert.ok(fits('host:a.com:443', 'host', 'a.com:443'));
  assert.ok(!fits('host:a.com:443', 'host', 'a.com:22'));
  assert.ok(fits('[::1]', 'host', '[::1]:4620'));
});

test('no detour leads out of a folder', () => {
  assert.ok(fits('/work/*', 'file', '/work/./a//b/../c'));
  for (const path of ['/work/../etc', '/work//../../etc', '/work/a/../../etc', '/worker/a', 'a'])
    assert.ok(!fits('/work/*', 'file', path), path);
});

test('a URL that is allowed is not refused for its host, and a host alone is', () => {
  const task = {
    scope: { resources: ['https://a.com/v1/*'] },
    budget: {},
    used: { calls: 0, tokens: 0 },
    declared_at: '2026-01-01T00:00:00.000Z',
  } as unknown as Task;
  const of = (...resources: Resource[]) =>
    violationsOf(task, { tool: 'x', action: 'browse', resources } as never, 0).length;
  assert.equal(of(at('url', 'https://a.com/v1/x'), at('host', 'a.com')), 0);
  assert.equal(of(at('host', 'a.com')), 1);
  assert.equal(of(at('url', 'https://a.com/v1/x'), at('host', 'b.com')), 1);
});
