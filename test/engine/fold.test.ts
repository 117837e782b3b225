/** How the facts of one call become one event. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { callKey, foldCall, settled } from '../../src/engine/fold.ts';
import { canonicalText } from '../../src/event/canonical.ts';
import type { Event } from '../../src/event/event.ts';
import { eventSchema } from '../../src/event/event.ts';
import { drafts, eventOf, NOW_MS } from './generate.ts';

const fact = (seq: number, draft: Partial<Event>, at = NOW_MS): Event =>
  eventOf('acme', seq, {
    at,
    draft: { type: 'tool_call', session_id: 's', call_id: 'c', ...draft },
  }) as Event;

describe('fold of a call', () => {
  it('takes its beginning from the fact before and its end from the fact after', () => {
    const before = fact(
      1,
      { status: 'pending', tool: 'Bash', arguments: { command: 'ls' }, attributes: { a: 1 } },
      NOW_MS + 5,
    );
    const after = fact(
      2,
      { status: 'success', result: 'ok', duration_ms: 3, attributes: { b: 2 } },
      NOW_MS,
    );
    const folded = foldCall([after, before]);
    assert.equal(folded.id, before.id);
    assert.equal(folded.time, before.time);
    assert.equal(folded.status, 'success');
    assert.equal(folded.tool, 'Bash');
    assert.equal(folded.result, 'ok');
    assert.deepEqual(folded.attributes, { a: 1, b: 2 });
  });

  it('lets the gravest end win and never calls a refused act a success', () => {
    const ends = (...statuses: Event['status'][]) =>
      foldCall(statuses.map((status, i) => fact(i, status === undefined ? {} : { status }))).status;
    assert.equal(ends('success', 'error'), 'error');
    assert.equal(ends('blocked', 'success', 'pending'), 'blocked');
    assert.equal(ends('escalated', 'success'), 'success');
    assert.equal(ends('pending', undefined), 'pending');
    assert.equal(ends(undefined), undefined);
  });

  it('lets no telemetry replace what a hook saw, even where the hook told of no end', () => {
    const seen = { command: 'rm -rf "$HOME"', description: 'Clean', timeout: 5 };
    const hook = fact(1, { status: 'pending', arguments: seen, source: { kind: 'hook' } });
    const otel = fact(2, {
      status: 'blocked',
      arguments: { command: 'rm -rf "$HOME"' },
      decision: { outcome: 'deny' },
      source: { kind: 'otel' },
    });
    const folded = foldCall([hook, otel]);
    assert.deepEqual(folded.arguments, seen);
    assert.equal(folded.status, 'blocked');
    assert.equal(folded.decision?.outcome, 'deny');
    assert.equal(folded.source?.kind, 'hook');
    const late = { ...otel, time: new Date(NOW_MS - 5).toISOString() };
    assert.deepEqual(foldCall([late, hook]), foldCall([hook, late]));
  });

  it('keeps each moved value with the field whose value won', () => {
    const moved = (field: string, object: string) => ({
      field,
      object,
      size_bytes: 9,
      sha256: 'x',
    });
    const before = fact(1, {
      status: 'pending',
      arguments: 'a',
      result: 'r1',
      overflow: [moved('arguments', 'A'), moved('result', 'R1')],
    });
    const after = fact(2, { status: 'success', result: 'r2' });
    assert.deepEqual(foldCall([before, after]).overflow, [moved('arguments', 'A')]);
  });

  it('is the same whatever the order in which facts come, and still an event', () => {
    fc.assert(
      fc.property(drafts, fc.infiniteStream(fc.nat()), (list, order) => {
        const facts = list.slice(0, 6).map(([, at, draft], i) => {
          return fact(
            i,
            { ...(draft as Partial<Event>), call_id: 'c', session_id: 's' },
            at % (NOW_MS * 2),
          );
        });
        if (facts.length === 0) return;
        const shuffled = facts
          .map((one) => [order.next().value, one] as const)
          .sort(([a], [b]) => a - b)
          .map(([, one]) => one);
        const folded = foldCall(facts);
        assert.equal(canonicalText(foldCall(shuffled)), canonicalText(folded));
        assert.ok(eventSchema.safeParse(folded).success);
      }),
    );
  });

  it('calls a call unknown that waited too long, or whose session ended', () => {
    const pending = fact(1, { status: 'pending' });
    const at = (now_ms: number, ended_ms?: number) =>
      settled(pending, { now_ms, call_timeout_ms: 1000, ended_ms }).status;
    assert.equal(at(NOW_MS + 1000), 'pending');
    assert.equal(at(NOW_MS + 1001), 'unknown');
    assert.equal(at(NOW_MS, NOW_MS), 'unknown');
    assert.equal(at(NOW_MS, NOW_MS - 1), 'pending');
    const done = fact(1, { status: 'error' });
    assert.equal(settled(done, { now_ms: NOW_MS * 2, call_timeout_ms: 1 }).status, 'error');
    const approval = { ...pending, type: 'approval' as const, call_id: undefined };
    assert.equal(
      settled(approval as Event, { now_ms: NOW_MS * 2, call_timeout_ms: 1 }).status,
      'pending',
    );
  });

  it('joins facts of one tenant, session and call alone', () => {
    const keys = [
      fact(1, {}),
      fact(2, { session_id: 't' }),
      fact(3, { call_id: 'd' }),
      { ...fact(4, {}), tenant_id: 'globex' },
    ].map(callKey);
    assert.equal(new Set(keys).size, 4);
    assert.equal(callKey(fact(5, {})), keys[0]);
    assert.equal(callKey({ ...fact(6, {}), call_id: undefined } as unknown as Event), undefined);
  });

  it('joins a sub-agent’s call with witnesses that know the whole session alone', () => {
    const hook = fact(1, { session_id: 's:a', parent_session_id: 's', source: { kind: 'hook' } });
    const otel = fact(2, { status: 'success', source: { kind: 'otel' } });
    assert.equal(callKey(hook), callKey(otel));
    const { session_id, parent_session_id } = foldCall([otel, hook]);
    assert.deepEqual([session_id, parent_session_id], ['s:a', 's']);
    const child = fact(3, { session_id: 't', parent_session_id: 's' });
    assert.notEqual(callKey(child), callKey(otel), 'a session of its own is no part of another');
    const lookalike = fact(4, { session_id: 's:a' });
    assert.notEqual(callKey(lookalike), callKey(otel), 'only a named parent makes a part');
  });

  it('never lets telemetry replace what a hook saw, whichever came last', () => {
    const hook = fact(1, { status: 'success', result: 'whole', source: { kind: 'hook' } }, NOW_MS);
    const otel = fact(
      2,
      { status: 'success', result: 'who…', model: 'm', source: { kind: 'otel' } },
      NOW_MS + 9,
    );
    for (const facts of [
      [hook, otel],
      [otel, hook],
    ]) {
      const folded = foldCall(facts);
      assert.deepEqual([folded.result, folded.model], ['whole', 'm']);
    }
  });

  it('keeps of an escalation nothing for the denial that follows', () => {
    const escalated = fact(1, {
      status: 'escalated',
      decision: { outcome: 'escalate', by: 'config' },
    });
    const denied = fact(2, { status: 'blocked', decision: { outcome: 'deny', reason: 'no' } });
    assert.deepEqual(foldCall([escalated, denied]).decision, { outcome: 'deny', reason: 'no' });
    const permitted = fact(0, { decision: { outcome: 'permit', by: 'human' } }, NOW_MS - 1);
    const answer = foldCall([escalated, permitted]).decision;
    assert.deepEqual(answer, { outcome: 'permit', by: 'human' }, 'whichever is told last');
    const told = fact(
      3,
      { status: 'blocked', decision: { outcome: 'deny', by: 'human' } },
      NOW_MS + 1,
    );
    const both = foldCall([denied, told]).decision;
    assert.deepEqual(both, { outcome: 'deny', reason: 'no', by: 'human' });
  });
});
