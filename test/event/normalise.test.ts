import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { canonicalText } from '../../src/event/canonical.ts';
import { type Event, eventSchema, NAME_CHARS, RESOURCES, TYPES } from '../../src/event/event.ts';
import { withNames } from '../../src/event/name.ts';
import { normalise, type Producer } from '../../src/event/normalise.ts';
import { Fault } from '../../src/fault/fault.ts';

const NOW = '2026-05-01T00:00:00.000Z';
const ID = '0196f0a0-0000-7000-8000-000000000000';

function run(input: unknown, producer: Producer = { tenant_id: 'acme' }): Event | Fault {
  const now_ms = Date.parse(NOW);
  return normalise(input, { producer, now_ms, newId: () => ID, defaultTenant: 'default' });
}

function accepted(input: unknown, producer?: Producer): Event {
  const event = run(input, producer);
  assert.ok(!(event instanceof Fault), event instanceof Fault ? event.message : '');
  return event;
}

function refused(input: unknown, producer?: Producer): Fault {
  const fault = run(input, producer);
  assert.ok(fault instanceof Fault, 'it was accepted');
  return fault;
}

const base = { type: 'tool_call', session_id: 's' };
const seeds = join(import.meta.dirname, '../../../shared/seeds');

/** JSON objects that stand in the documents, as they stand there. */
function samples(): Record<string, unknown>[] {
  const texts = readdirSync(seeds).map((name) => readFileSync(join(seeds, name), 'utf8'));
  const objects = texts.flatMap((text) => text.match(/^\{$[\s\S]*?^\}$/gm) ?? []);
  return objects.map((text) => JSON.parse(text) as Record<string, unknown>);
}

test("the documents' samples are accepted, and every name comes back with its value", {
  skip: existsSync(seeds) ? false : 'the documents are not beside this checkout',
}, () => {
  const given = samples();
  assert.equal(given.length, 6);
  for (const sample of given) {
    const named: Readonly<Record<string, unknown>> = withNames(accepted(sample));
    for (const [name, value] of Object.entries(sample)) {
      if (name === 'timestamp' || name === 'created_at') {
        assert.equal(named['created_at'], new Date(String(value)).toISOString());
        assert.equal(named['time'], named['created_at']);
      } else if (value === 'POLICY_VIOLATION') {
        assert.equal(named['status'], 'blocked');
        assert.deepEqual(named['decision'], {
          outcome: 'deny',
          by: 'policy',
          policy_ids: ['restrict-prod-edits'],
        });
      } else assert.deepEqual(named[name], value, name);
    }
    assert.equal(named['attributes'], undefined);
  }
});

test('what readers get can be sent again, and comes out the same', () => {
  const event = accepted({
    ...base,
    user_id: 'u',
    agent_id: 'a',
    tokens: { input: 1, output: 2 },
    decision: { policy_ids: ['p', 'q'] },
    foo: 1,
  });
  const { recorded_at, ...again } = withNames(event);
  assert.deepEqual(accepted(again), event);
});

test('what is missing is filled in from the credential, the clock and the ids', () => {
  const producer = {
    tenant_id: 'acme',
    agent: { id: 'a', version: '1' },
    user: { id: 'u' },
    environment: 'prod',
  };
  assert.deepEqual(accepted({ ...base, agent: { version: '2' } }, producer), {
    ...base,
    id: ID,
    time: NOW,
    recorded_at: NOW,
    tenant_id: 'acme',
    agent: { id: 'a', version: '2' },
    user: { id: 'u' },
    environment: 'prod',
  });
  const own = { ...base, user: { id: 'me' }, environment: 'test', id: ID.toUpperCase() };
  const event = accepted(own, producer);
  assert.deepEqual([event.user, event.environment, event.id], [{ id: 'me' }, 'test', ID]);
});

test('unknown fields are kept in attributes, nested ones by their dotted name', () => {
  const event = accepted({
    ...base,
    foo: { bar: 1 },
    nothing: null,
    recorded_at: '1999-01-01T00:00:00Z',
    agent: { id: 'a', team: 'red' },
    user: { email: 'x@y' },
    decision: { outcome: 'deny', score: 3 },
    source: { kind: 'hook', host: 'h' },
    error: { message: 'm', stack: [1] },
    tokens: { input: 1, cache_read: 9 },
    trace: { trace_id: 't', flags: '01' },
    resources: [{ kind: 'file', id: '/a', access: 'read', size: 7 }],
    attributes: { kept: true },
  });
  assert.deepEqual(event.attributes, {
    kept: true,
    foo: { bar: 1 },
    nothing: null,
    recorded_at: '1999-01-01T00:00:00Z',
    'agent.team': 'red',
    'user.email': 'x@y',
    'decision.score': 3,
    'source.host': 'h',
    'error.stack': [1],
    'tokens.cache_read': 9,
    'trace.flags': '01',
    'resources.0.size': 7,
  });
  assert.equal(event.recorded_at, NOW);
  assert.deepEqual(event.agent, { id: 'a' });
});

test('an unknown field and an attribute of the same name are both kept', () => {
  const event = accepted({ ...base, foo: 1, attributes: { foo: 2, _foo: 3 } });
  assert.deepEqual(event.attributes, { foo: 2, _foo: 3, __foo: 1 });
});

test("a documents' name beside another value of its field is kept in attributes", () => {
  const event = accepted({
    ...base,
    user_id: 'a',
    user: { id: 'b' },
    policy_id: 'p',
    decision: { policy_ids: ['q'] },
  });
  assert.deepEqual([event.user, event.attributes], [{ id: 'b' }, { user_id: 'a', policy_id: 'p' }]);
});

test('keys named __proto__ are data wherever they stand', () => {
  const text =
    '{"type":"prompt","session_id":"s","__proto__":{"a":1},"agent":{"__proto__":2},"arguments":{"__proto__":3},"attributes":{"__proto__":4}}';
  const event = accepted(JSON.parse(text));
  assert.equal(
    canonicalText(event.attributes),
    '{"___proto__":{"a":1},"__proto__":4,"agent.__proto__":2}',
  );
  assert.equal(canonicalText(event.arguments), '{"__proto__":3}');
  assert.equal(({} as Record<string, unknown>)['a'], undefined);
});

test("nulls of the event's own fields count as absent", () => {
  const event = accepted({
    ...base,
    tool: null,
    user_id: null,
    policy_id: null,
    agent: { id: null },
    created_at: null,
  });
  assert.deepEqual(event, {
    ...base,
    id: ID,
    time: NOW,
    recorded_at: NOW,
    tenant_id: 'acme',
    agent: {},
  });
});

test('an event of another tenant is refused, unless an operator sends it', () => {
  const fault = refused({ ...base, tenant_id: 'other' });
  assert.deepEqual([fault.code, fault.detail.field], ['event.tenant_foreign', 'tenant_id']);
  assert.equal(accepted({ ...base, tenant_id: 'other' }, { tenant_id: '*' }).tenant_id, 'other');
  assert.equal(accepted(base, { tenant_id: '*' }).tenant_id, 'default');
  assert.equal(
    refused({ ...base, tenant_id: '../x' }, { tenant_id: '*' }).detail.field,
    'tenant_id',
  );
});

const wrong: readonly (readonly [object, string, RegExp, number?])[] = [
  [{ session_id: 's' }, 'type', /^type: is required\.$/],
  [{ type: 'tool_cal', session_id: 's' }, 'type', /none of the values/],
  [{ type: 'prompt' }, 'session_id', /^session_id: is required\.$/],
  [{ ...base, session_id: 7 }, 'session_id', /must be text/],
  [{ ...base, session_id: '' }, 'session_id', /must not be empty/, 1],
  [{ ...base, tool: 'x'.repeat(NAME_CHARS + 1) }, 'tool', /at most 512 characters/, NAME_CHARS],
  [{ ...base, path: 'x'.repeat(8193) }, 'path', /at most 8192 characters/, 8192],
  [{ ...base, duration_ms: -1 }, 'duration_ms', /at least 0/, 0],
  [{ ...base, duration_ms: '5' }, 'duration_ms', /must be a number/],
  [{ ...base, agent: 'bot' }, 'agent', /must be an object/],
  [{ ...base, agent: { id: ['x'] } }, 'agent.id', /must be text/],
  [{ ...base, resources: {} }, 'resources', /must be a list/],
  [{ ...base, resources: [{ kind: 'file', id: '/a' }] }, 'resources.0.access', /is required/],
  [
    { ...base, resources: Array(RESOURCES + 1).fill({ kind: 'file', id: '/a', access: 'read' }) },
    'resources',
    /at most 256 elements/,
    RESOURCES,
  ],
  [{ ...base, status: 'done' }, 'status', /none of the values/],
  [{ ...base, attributes: [] }, 'attributes', /must be an object/],
  [{ ...base, id: 'x' }, 'id', /must be a UUID/],
  [{ ...base, time: 'yesterday' }, 'time', /RFC 3339/],
  [{ ...base, time: 1767225600000 }, 'time', /RFC 3339/],
  [{ ...base, time: '2026-02-30T00:00:00Z' }, 'time', /RFC 3339/],
  [{ ...base, time: '2026-01-01T24:00:00Z' }, 'time', /RFC 3339/],
  [{ ...base, time: '2026-01-01T00:00:00' }, 'time', /with a zone/],
  [{ ...base, time: '1969-12-31T23:59:59Z' }, 'time', /between 1970 and 2200/],
];

for (const [input, field, message, limit] of wrong) {
  test(`${JSON.stringify(input).slice(0, 70)} is refused for ${field}`, () => {
    const fault = refused(input);
    assert.equal(fault.code, 'event.invalid');
    assert.equal(fault.detail.field, field);
    assert.match(fault.message, message);
    assert.equal(fault.detail.limit, limit);
  });
}

test('a wrong or missing type says which there are', () => {
  for (const input of [{ session_id: 's' }, { ...base, type: 'x' }]) {
    assert.equal(refused(input).detail.hint, `One of: ${TYPES.join(', ')}.`);
  }
});

test('what is no object is refused', () => {
  for (const input of [null, undefined, 1, 'x', [], [base]]) {
    assert.equal(refused(input).code, 'event.invalid');
  }
});

test('times come out in UTC with milliseconds', () => {
  const times = [
    ['2026-01-31t14:22:33.4567z', '2026-01-31T14:22:33.456Z'],
    ['2026-01-31 14:22:33+09:00', '2026-01-31T05:22:33.000Z'],
  ] as const;
  for (const [given, time] of times) assert.equal(accepted({ ...base, time: given }).time, time);
});

const keys = fc.oneof(
  fc.constantFrom(
    ...Object.keys(eventSchema.shape),
    'user_id',
    'agent_id',
    'tokens_used',
    'policy_id',
    'timestamp',
    'created_at',
    '__proto__',
    'constructor',
  ),
  fc.string({ unit: 'binary', maxLength: 5 }),
);

test('whatever is sent, it is an event of the declaration or a refusal that names a field', () => {
  const input = fc.array(fc.tuple(keys, fc.jsonValue()), { maxLength: 6 });
  fc.assert(
    fc.property(input, (fields) => {
      const event = run({ type: 'prompt', session_id: 's', ...Object.fromEntries(fields) });
      if (event instanceof Fault) {
        assert.match(event.code, /^event\./);
        assert.equal(typeof event.detail.field, 'string');
      } else {
        assert.deepEqual(eventSchema.parse({ ...event, attributes: undefined }), {
          ...event,
          attributes: undefined,
        });
        assert.deepEqual(JSON.parse(canonicalText(event)), JSON.parse(JSON.stringify(event)));
      }
    }),
    { numRuns: 500 },
  );
});
