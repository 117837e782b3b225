import assert from 'node:assert/strict';
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { applyPlan } from '../../src/sdk/rollback/apply.ts';
import { planRollback } from '../../src/search/rollback/plan.ts';
import { openAgent } from './agent.ts';
import { filesIn, openGround, planOf } from './ground.ts';

const NAMES = ['a.txt', 'b.txt', 'sub/c.txt', 'sub/deep/d.txt', 'é e.txt'];
const text = fc
  .array(fc.constantFrom('one', 'two', 'x\n', '\n', 'ü', '漢字', ' ', '\t', '$&', '\ufeff'), {
    maxLength: 8,
  })
  .map((parts) => parts.join(''));
const act = fc.record({
  name: fc.constantFrom(...NAMES),
  kind: fc.constantFrom('write', 'edit', 'edit', 'remove', 'person'),
  text,
  old: fc.constantFrom('one', 'two', 'x\n', 'ü', '漢字'),
});
type Act = typeof act extends fc.Arbitrary<infer T> ? T : never;

/** What stood in each file before the agent first touched it, and what a person changed later. */
function play(root: string, acts: readonly Act[]) {
  const agent = openAgent(root);
  const start = new Map<string, string | undefined>();
  const disturbed = new Set<string>();
  const unseen = new Set<string>();
  for (const { name, kind, text: content, old } of acts) {
    const path = join(root, name);
    const now = existsSync(path) ? readFileSync(path, 'utf8') : undefined;
    const count = agent.deeds.length;
    if (kind === 'person') {
      if (now === undefined) continue;
      appendFileSync(path, '\nby a person');
      if (start.has(name)) unseen.add(name);
      continue;
    }
    if (kind === 'write') agent.write(name, content);
    else if (kind === 'edit') agent.edit(name, old, content);
    else agent.remove(name);
    if (agent.deeds.length > count && !start.has(name)) start.set(name, now);
    // A deletion's record does not hold what was deleted: the person's change is gone for good.
    if (agent.deeds.length > count && unseen.delete(name) && kind !== 'remove') disturbed.add(name);
  }
  for (const name of unseen) disturbed.add(name);
  return { agent, start, disturbed };
}

test('after a rollback each file is byte-equal to its start, and what a person changed is left', async () => {
  const files = fc.array(fc.tuple(fc.constantFrom(...NAMES), text), { maxLength: 5 });
  const property = fc.asyncProperty(
    files,
    fc.array(act, { maxLength: 24 }),
    async (given, acts) => {
      const { root, state, close } = openGround();
      try {
        for (const folder of ['sub/deep']) mkdirSync(join(root, folder), { recursive: true });
        for (const [name, content] of given) writeFileSync(join(root, name), content);
        const { agent, start, disturbed } = play(root, acts);
        const left = filesIn(root);
        const steps = planRollback({ deeds: agent.deeds, existed: agent.existed });
        const dry = await applyPlan(planOf(steps), { roots: [root], state, apply: false });
        assert.deepEqual(filesIn(root), left, 'a dry run changes nothing');
        const { results } = await applyPlan(planOf(steps), { roots: [root], state, apply: true });
        assert.equal(dry.results.length, results.length);
        for (const [name, before] of start) {
          const path = join(root, name);
          const now = existsSync(path) ? readFileSync(path, 'utf8') : undefined;
          if (!disturbed.has(name)) assert.equal(now, before, name);
          else assert.equal(filesIn(root).get(name), left.get(name), `${name} is a person's`);
        }
        for (const name of left.keys()) {
          if (!start.has(name)) assert.equal(filesIn(root).get(name), left.get(name), name);
        }
        const again = await applyPlan(planOf(steps), { roots: [root], state, apply: true });
        const redone = again.results.filter(({ status }) => status === 'restored');
        assert.deepEqual(redone, [], 'a second run has nothing to do');
      } finally {
        close();
      }
    },
  );
  await fc.assert(property, { numRuns: 300 });
});
