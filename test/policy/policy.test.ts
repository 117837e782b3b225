import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Fault } from '../../src/fault/fault.ts';
import { checkPolicies, compile } from '../../src/policy/cedar.ts';
import { diffSets } from '../../src/policy/diff.ts';
import { readExamples, requestOf, tryExample } from '../../src/policy/example.ts';
import type { PolicyRequest } from '../../src/policy/policy.ts';

const file = (text: string) => [{ name: 'a.cedar', text }];
const set = (text: string) => compile(file(text));

/** The first problem of a text. */
function problem(text: string) {
  const [first] = checkPolicies(file(text)).problems;
  assert.ok(first);
  return first;
}

const write = (more: Partial<Parameters<typeof requestOf>[0]> = {}): PolicyRequest =>
  requestOf({
    tool: 'Write',
    arguments: { file_path: '/work/a.ts', content: 'x' },
    agent: { id: 'coder', runtime: 'claude-code' },
    ...more,
  });

const ALL = '@id("all") permit (principal, action, resource);\n';

test('an error names file, line and column, and what to write instead', () => {
  const attribute = problem(
    `// 日本語\n${ALL}@id("x") forbid (principal, action, resource is File)\nwhen { resource.pth == "a" };`,
  );
  const place = ({ line, column }: typeof attribute) => `${line}:${column}`;
  assert.equal(place(attribute), '4:8');
  assert.equal(attribute.policy_id, 'x');
  assert.match(attribute.message, /`pth`/);
  assert.match(attribute.hint ?? '', /did you mean `path`.*A resource of type File has: kind, id/i);
  const action = problem('permit (principal, action == Action::"reed", resource);');
  assert.match(
    `${action.message} ${action.hint}`,
    /reed.*Action::"read".*Actions are: read, write/,
  );
  const syntax = problem('permit (principal, action, resource)\nwhn { true };');
  assert.equal(place(syntax), '2:1');
  assert.match(syntax.hint ?? '', /when/);
  const context = checkPolicies(
    file('forbid (principal, action, resource) when { context.tol == "" };'),
  );
  assert.equal(context.problems.length, 1, 'once, not once for each action');
  assert.throws(
    () => set('permit (principal, action);'),
    (error) => {
      return (
        error instanceof Fault &&
        error.code === 'policy.invalid' &&
        /^a\.cedar:1:\d+: /.test(error.message)
      );
    },
  );
});

test('a policy that could never apply is refused, as somebody would rely on it', () => {
  const never = problem(`${ALL}forbid (principal, action == Action::"plan", resource is File);`);
  assert.equal(never.severity, 'error');
  assert.match(never.hint ?? '', /only read, write, delete, execute and network/);
  assert.equal(problem('forbid (principal, action, resource) when { false };').severity, 'error');
});

test('what would not do what it says is refused', () => {
  const refused = [
    ['@id("a") @escalate("x") permit (principal, action, resource);', /Only a forbid/],
    ['@id("a") @quorum("many") forbid (principal, action, resource);', /@quorum\("2"\)/],
    ['@id("a") @expires("soon") forbid (principal, action, resource);', /@expires\("10m"\)/],
    ['@id("a") @zone("Mars/Olympus") forbid (principal, action, resource);', /Europe\/Berlin/],
    ['@id("a") @escalat("x") forbid (principal, action, resource);', /Write @escalate/],
    ['@id("\u001b[31m") forbid (principal, action, resource);', /letters, digits/],
    [`${ALL}${ALL}`, /an @id of its own/],
    ['permit (principal == ?principal, action, resource);', /Write the policy out/],
    ['permit (principal, action, resource) when { context.hour < 9007199254740993 };', /smaller/],
  ] as const;
  for (const [text, hint] of refused) {
    const { severity, hint: told = '' } = problem(text);
    assert.equal(severity, 'error', text);
    assert.match(told, hint);
  }
  const own = checkPolicies(file('@owner("jane") @id("a") permit (principal, action, resource);'));
  assert.deepEqual(own.problems, [], "an annotation of the writer's own is nobody's business");
});

test('a policy is found by its number and line, however many there are', () => {
  const many = Array.from({ length: 12 }, () => 'permit (principal, action, resource);').join('\n');
  const { policies } = checkPolicies(file(many));
  assert.deepEqual(
    policies.map(({ id, line }) => `${id} ${line}`),
    Array.from({ length: 12 }, (_, i) => `a.cedar:${i + 1} ${i + 1}`),
  );
});

test('a hard forbid outweighs all, then what nothing permits, then an escalation', () => {
  const escalation = '@id("ask") @escalate("Ask.") forbid (principal, action, resource);';
  const hard = '@id("never") @reason("No.") forbid (principal, action, resource);';
  const lifted = new Set(['ask', 'never']);
  const outcome = (text: string, lifts = lifted) => {
    const { outcome, policy_ids, reason } = set(text).decide(write(), lifts);
    return `${outcome} ${policy_ids.join()} ${reason}`;
  };
  assert.equal(outcome(ALL + escalation + hard), 'deny never No.');
  assert.match(outcome(escalation), /^deny {2}No policy permits it \(write tool Write\)/);
  assert.match(outcome(escalation, new Set()), /^deny {2}No policy permits it/);
  assert.equal(outcome(ALL + escalation, new Set()), 'escalate ask Ask.');
  assert.equal(outcome(ALL + escalation), 'permit all Policy all.');
});

test('a resource that nothing permits is denied, though the tool is permitted', () => {
  const { outcome, reason } = set('permit (principal, action, resource is Tool);').decide(write());
  assert.equal(outcome, 'deny');
  assert.match(reason, /write file \/work\/a\.ts/);
});

test('a forbid that fails forbids, and a permit that fails permits nothing', () => {
  const fails = 'when { context.hour * 9007199254740991 * 9007199254740991 > 0 }';
  const forbid = set(`${ALL}@id("f") forbid (principal, action, resource) ${fails};`);
  assert.deepEqual(forbid.decide(write()).policy_ids, ['f']);
  const permit = set(`permit (principal, action, resource) ${fails};`);
  assert.equal(permit.decide(write()).outcome, 'deny');
});

test('of several constraints the strictest counts', () => {
  const text = `${ALL}
@id("a") @escalate("A.") @quorum("2") @expires("1h") @constraint("Look.") forbid (principal, action, resource);
@id("b") @escalate("B.") @quorum("3") @expires("10m") @constraint("Look.") forbid (principal, action, resource);`;
  const verdict = set(text).decide(write());
  assert.deepEqual(verdict.constraints, { conditions: ['Look.'], quorum: 3, expires_s: 600 });
  assert.equal(verdict.reason, 'A. B.');
  assert.deepEqual(set(text).decide(write(), new Set(['b'])).constraints, {
    conditions: ['Look.'],
    quorum: 2,
    expires_s: 3600,
  });
});

test('each policy reads the clock of its own zone', () => {
  const rule = (zone: string) =>
    `@id("${zone}") @zone("${zone}") forbid (principal, action, resource) when { context.hour == 9 && context.weekday == 2 };`;
  const zones = set(ALL + rule('UTC') + rule('Asia/Tokyo') + rule('America/New_York'));
  const at = (time: string) => zones.decide(write({ at: time })).policy_ids;
  assert.deepEqual(at('2026-11-24T09:30:00Z'), ['UTC']);
  assert.deepEqual(at('2026-11-24T00:30:00Z'), ['Asia/Tokyo']);
  assert.deepEqual(at('2026-11-24T14:30:00Z'), ['America/New_York']);
  assert.deepEqual(at('2026-07-14T13:30:00Z'), ['America/New_York'], 'with summer time');
});

test('more sets than Cedar holds ready at once all answer for themselves', () => {
  const sets = Array.from({ length: 300 }, (_, i) =>
    set(`@id("p${i}") permit (principal, action, resource) when { context.input like "*x*" };`),
  );
  for (const round of [1, 2]) {
    for (const [i, one] of sets.entries()) {
      assert.deepEqual(one.decide(write()).policy_ids, [`p${i}`], `round ${round}`);
    }
  }
});

test('no request, however odd, is answered by an error', () => {
  const odd = set(
    `${ALL}@id("x") forbid (principal, action, resource) when { context.hour > 50 || context.at < datetime("2000-01-01") || resource.id like "*\\*x" };`,
  );
  const texts = fc.string({ unit: 'binary' });
  const request = fc.record({
    principal: fc.record({ agent_id: texts, runtime: texts }),
    tool: texts,
    action: fc.constantFrom('read', 'unknown'),
    resources: fc.array(
      fc.record({ kind: texts, id: texts, access: fc.constantFrom('read', 'network') }),
    ),
    context: fc.record({
      session_id: texts,
      cwd: texts,
      input: texts,
      at: fc.oneof(texts, fc.constant('2026-11-23T10:00:00.000Z')),
      holds_secret: fc.boolean(),
      uncertain: fc.boolean(),
    }),
  });
  fc.assert(
    fc.property(request, (one) => {
      const { outcome } = odd.decide(one as unknown as PolicyRequest);
      const known = Number.isNaN(Date.parse(one.context.at)) ? ['deny'] : ['permit', 'deny'];
      assert.ok(known.includes(outcome), outcome);
    }),
  );
});

test('a diff tells which policies came, went and changed, line by line', () => {
  const before = set(
    '@id("a") permit (principal, action, resource);\n@id("b")\nforbid (principal, action, resource)\nwhen { context.leaves };',
  );
  const after = set(
    '@id("c") permit (principal, action, resource);\n@id("b")\nforbid (principal, action, resource)\nwhen { context.destructive };',
  );
  const { added, removed, changed } = diffSets(before, after);
  assert.deepEqual([added.map(({ id }) => id), removed.map(({ id }) => id)], [['c'], ['a']]);
  assert.deepEqual(changed[0]?.lines, [
    '  @id("b")',
    '  forbid (principal, action, resource)',
    '- when { context.leaves };',
    '+ when { context.destructive };',
  ]);
  assert.equal(diffSets(undefined, after).added.length, 2);
  assert.deepEqual(diffSets(after, after), { added: [], removed: [], changed: [] });
});

test('a test of policies says what differs, and a misspelt field is refused', () => {
  const one = (fields: string) =>
    readExamples({ name: 't.test.json', text: `{"tests":[{${fields}}]}` });
  const [example] = one('"name":"n","tool":"x","outcome":"deny","policy_ids":["all","gone"]');
  assert.ok(example);
  const result = tryExample(set(ALL), 't.test.json', example);
  assert.equal(result.ok, false);
  assert.deepEqual(result.missing, [{ policy_id: 'gone', exists: false }]);
  assert.throws(() => one('"name":"n","toll":"x","outcome":"deny"'), /t\.test\.json: toll/);
  assert.throws(() => readExamples({ name: 't', text: '{' }), /t: it is no JSON/);
});
