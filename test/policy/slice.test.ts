import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compile } from '../../src/policy/cedar.ts';
import { readPolicies } from '../../src/policy/parse.ts';
import { policyRequest, policyText } from './generate.ts';
import { toldByCedar } from './oracle.ts';

/** As a set of those that the schema takes. */
function setOf(texts: readonly string[], zone: string) {
  const named = texts.map((text, i) => ({
    id: `p${i}`,
    text: `@id("p${i}") @zone("${zone}") ${text}`,
  }));
  const fileOf = (all: typeof named) => ({
    name: 'random.cedar',
    text: all.map(({ text }) => text).join('\n'),
  });
  const refused = new Set(readPolicies([fileOf(named)]).problems.map(({ policy_id }) => policy_id));
  return compile([fileOf(named.filter(({ id }) => !refused.has(id)))]);
}

test('by slices a policy set answers exactly what Cedar answers for the whole of it', () => {
  let asked = 0;
  const outcomes = new Map<string, number>();
  fc.assert(
    fc.property(
      fc.tuple(
        fc.array(policyText, { minLength: 1, maxLength: 7 }),
        // Mostly with a permit: what is escalated must be permitted by something.
        fc.nat(3).map((n) => n > 0),
      ),
      fc.array(policyRequest, { minLength: 3, maxLength: 6 }),
      fc.constantFrom('UTC', 'Asia/Tokyo'),
      fc.boolean(),
      ([texts, open], requests, zone, lifts) => {
        const all = open ? ['permit (principal, action, resource);', ...texts] : texts;
        const set = setOf(all, zone);
        const lifted = new Set(lifts ? set.policies.slice(0, 3).map(({ id }) => id) : []);
        for (const request of requests) {
          const { outcome, policy_ids } = set.decide(request, lifted);
          const told = toldByCedar(set.policies, request, lifted);
          assert.deepEqual({ outcome, policy_ids }, told, `${JSON.stringify(request)}`);
          asked += set.policies.length;
          const kind = `${outcome} ${policy_ids.length > 0}`;
          outcomes.set(kind, (outcomes.get(kind) ?? 0) + 1);
        }
      },
    ),
    { numRuns: 150 },
  );
  assert.ok(asked > 1000, `${asked} policies were asked`);
  for (const kind of ['permit true', 'deny true', 'deny false', 'escalate true']) {
    assert.ok((outcomes.get(kind) ?? 0) > 0, `${kind}: ${[...outcomes].join(' ')}`);
  }
});
