/** What bounds the server's work, each part alone: bytes, streams, works at once. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Fault } from '../../src/fault/fault.ts';
import { openBudget } from '../../src/server/budget.ts';
import { openSlots } from '../../src/server/slot.ts';
import { openGate } from '../../src/trail/gate.ts';

describe('a budget of bytes', () => {
  function open() {
    const clock = { now: 0 };
    const budget = openBudget({ limit_bytes: 100, patience_ms: 5, now: () => clock.now });
    return { clock, budget };
  }

  it('refuses what is over it, and takes again what was given back', () => {
    const { budget } = open();
    const [one, two] = [budget.lease(), budget.lease()];
    one.take(60);
    assert.throws(() => two.take(41), { code: 'queue.full', status: 429 });
    two.take(40);
    one.end();
    one.end();
    assert.equal(budget.used(), 40);
    two.take(60);
    two.end();
    assert.equal(budget.used(), 0);
  });

  it('ends whoever has waited for its client for too long, where others need the room', () => {
    const { clock, budget } = open();
    const left: string[] = [];
    const slow = budget.lease();
    slow.waits((fault: Fault) => left.push(fault.code));
    slow.take(60);
    const busy = budget.lease();
    busy.take(30);
    const next = budget.lease();
    clock.now = 4;
    assert.throws(() => next.take(20), { code: 'queue.full' });
    clock.now = 5;
    next.take(20);
    assert.deepEqual(left, ['queue.full']);
    assert.equal(budget.used(), 50);
    assert.throws(() => slow.take(1), { code: 'queue.full' }, 'it has left');
    slow.end();
    assert.equal(budget.used(), 50);
    assert.throws(() => next.take(60), { code: 'queue.full' }, 'who is at work stays');
  });

  it('leaves a slow client alone that waits no longer, or that nobody needs to go', () => {
    const { clock, budget } = open();
    const slow = budget.lease();
    slow.waits(() => assert.fail());
    slow.take(60);
    clock.now = 1000;
    const next = budget.lease();
    next.take(40);
    slow.waits(undefined);
    assert.throws(() => next.take(1), { code: 'queue.full' });
  });
});

describe('slots for streams', () => {
  it('are half of one tenant at most, and free again once', () => {
    const slots = openSlots('live tails', 4);
    const free = slots.take('acme');
    slots.take('acme');
    assert.throws(() => slots.take('acme'), { code: 'request.too_many', status: 429 });
    slots.take('globex');
    slots.take('other');
    assert.throws(() => slots.take('fourth'), { code: 'request.too_many' });
    free();
    free();
    assert.equal(slots.taken(), 3);
    slots.take('acme');
    assert.throws(() => slots.take('globex'), { code: 'request.too_many' });
  });
});

describe('a gate', () => {
  it('lets so many in at once, the others in order, and refuses whom it has no room for', async () => {
    const gate = openGate({ at_once: 2, waiting: 3 });
    const begun: number[] = [];
    const ends = Array.from({ length: 6 }, () => Promise.withResolvers<number>());
    const works = ends.map(({ promise }, i) =>
      gate(() => {
        begun.push(i);
        return promise;
      }),
    );
    await assert.rejects(works[5] as Promise<number>, { code: 'queue.full', status: 429 });
    assert.deepEqual(begun, [0, 1]);
    ends[1]?.reject(new Error('failed'));
    await assert.rejects(works[1] as Promise<number>, /failed/);
    assert.deepEqual(begun, [0, 1, 2], 'a work that failed makes room as well');
    for (const [i, { resolve }] of ends.entries()) resolve(i);
    assert.deepEqual(await Promise.all(works.filter((_, i) => i !== 1 && i !== 5)), [0, 2, 3, 4]);
    assert.deepEqual(begun, [0, 1, 2, 3, 4]);
    assert.equal(await gate(async () => 'again'), 'again');
  });
});
