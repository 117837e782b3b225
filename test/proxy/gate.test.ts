import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import fc from 'fast-check';
import { type Ask, type GateOptions, openGate } from '../../src/proxy/gate.ts';

const ACTION = { session_id: 's', call_id: 'c', tool: 'Bash', arguments: { command: 'ls' } };
const ANSWER = { outcome: 'permit', allowed: true, reason: 'Fine.', policy_ids: ['p'] };
const PENDING = {
  ...{ outcome: 'escalate', allowed: false, reason: 'Ask.', policy_ids: ['ask'] },
  approval: { approval_id: 'ap', state: 'pending', expires_at: '2026-11-23T00:00:00.000Z' },
};

function gate(ask: Ask, more: Partial<GateOptions> = {}) {
  return openGate({ mode: 'enforce', wait_s: 0, ask, ...more });
}

suite('the gate', () => {
  test('lets pass what is answered with allowed: true, and nothing else', async () => {
    const word = fc.constantFrom('permit', 'deny', 'escalate', 'maybe', '', null);
    const allowed = fc.oneof(fc.boolean(), fc.constantFrom('true', 1, null, undefined, {}));
    const decision = fc.record(
      { outcome: word, allowed, reason: fc.anything(), policy_ids: fc.anything() },
      { requiredKeys: [] },
    );
    const property = fc.asyncProperty(fc.oneof(decision, fc.anything()), async (answer) => {
      const { allowed: passes } = await gate(async () => answer).decide(ACTION);
      const { outcome, allowed: said } = Object(answer);
      assert.equal(passes, said === true && ['permit', 'deny', 'escalate'].includes(outcome));
    });
    await fc.assert(property);
  });

  test('refuses in enforce and passes in observe where nobody decides in time', async () => {
    const silent: Ask = () => new Promise(() => {});
    const broken: Ask = async () => {
      throw new Error('away');
    };
    for (const ask of [silent, broken]) {
      const limits = { answer_ms: 20 };
      const closed = gate(ask, { limits });
      const ruling = await closed.decide(ACTION);
      assert.ok(!ruling.allowed && ruling.decision.by === 'config');
      assert.deepEqual(closed.counts(), { refused: 1, undecided: 1 });
      assert.ok((await gate(ask, { mode: 'observe', limits }).decide(ACTION)).allowed);
    }
  });

  test('asks about no more at once than its limit, and refuses what is beyond its queue', async () => {
    let now = 0;
    let most = 0;
    const ask: Ask = async () => {
      most = Math.max(most, ++now);
      await pause(1);
      now--;
      return ANSWER;
    };
    const { decide } = gate(ask, { limits: { asking: 3, queued: 20 } });
    const all = await Promise.all(Array.from({ length: 50 }, () => decide(ACTION)));
    assert.equal(most, 3);
    assert.equal(all.filter(({ allowed }) => allowed).length, 23);
    assert.ok((await decide(ACTION)).allowed);
  });

  test('asks the same question again while it waits, and tells that it does', async () => {
    const asked: unknown[] = [];
    const ask: Ask = async (request) => {
      asked.push(request);
      return asked.length < 3 ? PENDING : ANSWER;
    };
    let told: string | undefined;
    const waiting = (approval?: { approval_id: string }) => {
      told = approval?.approval_id;
    };
    const { decide } = gate(ask, { wait_s: 60 });
    assert.ok((await decide(ACTION, { waiting })).allowed);
    assert.equal(told, 'ap');
    const [first, ...others] = asked as { wait_s: number; call_id: string }[];
    assert.equal(first?.wait_s, 0);
    for (const { wait_s, ...same } of others) {
      assert.ok(wait_s > 0 && wait_s <= 30);
      assert.deepEqual({ ...same, wait_s: 0 }, first);
    }
  });

  test('refuses what is still pending when its time is over, and names the approval', async () => {
    const ruling = await gate(async () => PENDING, { wait_s: 0 }).decide(ACTION);
    assert.ok(!ruling.allowed);
    assert.match(ruling.text, /Ask\..*Policy: ask\..*Approval ap is pending.*make the same call/);
    assert.equal(ruling.decision.outcome, 'escalate');
  });

  test('stops waiting where whoever asked is gone', async () => {
    const gone = new AbortController();
    const ask: Ask = async ({ wait_s = 0 }, { signal }) => {
      if (wait_s > 0) await new Promise((resolve) => signal.addEventListener('abort', resolve));
      return PENDING;
    };
    const { decide } = gate(ask, { wait_s: 600 });
    const ruling = decide(ACTION, { signal: gone.signal, waiting: () => gone.abort() });
    assert.equal((await ruling).allowed, false);
  });

  test('says nothing that steers a terminal, however a policy is worded', async () => {
    const reason = '\u001b[2Jgone\u202e\n\u0000';
    const answer = { ...ANSWER, allowed: false, outcome: 'deny', reason };
    const ruling = await gate(async () => answer).decide({ ...ACTION, tool: 'a\u001b[31m' });
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for.
    assert.ok(!ruling.allowed && !/[\u0000-\u001f\u202e]/.test(ruling.text));
  });
});
