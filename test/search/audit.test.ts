import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Event } from '../../src/event/event.ts';
import { withNames } from '../../src/event/name.ts';
import { normalise } from '../../src/event/normalise.ts';
import { Fault } from '../../src/fault/fault.ts';
import { auditEntry } from '../../src/search/audit.ts';

function entry(input: Record<string, unknown>) {
  const event = normalise(input, {
    producer: { tenant_id: 'default' },
    now_ms: Date.parse('2026-05-01T00:00:00Z'),
    newId: () => '0196f0a0-0000-7000-8000-000000000000',
    defaultTenant: 'default',
  });
  if (event instanceof Fault) throw event;
  return auditEntry(withNames(event));
}

test("the documents' entry comes back as it was written", () => {
  const written = {
    session_id: 'sess_123',
    policy_id: 'restrict-prod-edits',
    tool: 'validate_action',
    status: 'POLICY_VIOLATION',
    created_at: '2026-04-01T01:35:00Z',
    detail: 'edits of production are restricted',
  };
  assert.deepEqual(entry(written), {
    ...written,
    id: '0196f0a0-0000-7000-8000-000000000000',
    created_at: '2026-04-01T01:35:00.000Z',
    type: 'decision',
  });
});

test('an entry has every key, whatever the event lacks, and a sentence for a detail', () => {
  assert.deepEqual(entry({ type: 'prompt', session_id: 's', content: 'hello' }), {
    id: '0196f0a0-0000-7000-8000-000000000000',
    session_id: 's',
    policy_id: null,
    tool: null,
    status: 'received',
    created_at: '2026-05-01T00:00:00.000Z',
    detail: 'The user asked: "hello"',
    type: 'prompt',
  });
});

const statuses: readonly (readonly [string, Partial<Event>, string])[] = [
  [
    'blocked by a named policy',
    { status: 'blocked', decision: { outcome: 'deny', policy_ids: ['p'] } },
    'POLICY_VIOLATION',
  ],
  [
    'blocked by policy, unnamed',
    { status: 'blocked', decision: { outcome: 'deny', by: 'policy' } },
    'POLICY_VIOLATION',
  ],
  [
    'denied by policy, without a status',
    { decision: { outcome: 'deny', by: 'policy' } },
    'POLICY_VIOLATION',
  ],
  [
    'blocked by a person',
    { status: 'blocked', decision: { outcome: 'deny', by: 'human' } },
    'blocked',
  ],
  ['blocked, nobody knows by whom', { status: 'blocked' }, 'blocked'],
  [
    'denied by a policy on trial, and done',
    { status: 'success', decision: { outcome: 'deny', by: 'policy' } },
    'success',
  ],
  ['without a status', {}, 'unknown'],
  ['permitted', { type: 'decision', decision: { outcome: 'permit' } }, 'permit'],
  ['an answered API call', { type: 'api_call', status_code: 204 }, 'success'],
  ['a refused API call', { type: 'api_call', status_code: 403 }, 'error'],
  ['a gap', { type: 'gap' }, 'missing'],
];

for (const [what, fields, status] of statuses) {
  test(`the status of what is ${what} reads ${status}`, () => {
    assert.equal(entry({ type: 'tool_call', session_id: 's', ...fields }).status, status);
  });
}
