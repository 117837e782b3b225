/** The whole trail in the journal's order, wherever its records are now. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { countBefore, openReplay } from '../../src/trail/replay.ts';
import { sealedEvent } from '../ledger/fixture.ts';
import { dataFolder, type OpenTrail, openTrail } from '../ledger/trail.ts';

const EVENTS = 900;
const TENANTS = ['a', 'b', 'c'];
const data = dataFolder({ after });
let trail: OpenTrail;
/** Of each record, in the journal's order. */
const tenants: string[] = [];

/** Tenants alternate, two of them often and one seldom; most of the trail leaves the journal. */
before(async () => {
  trail = await openTrail(data, { segment_bytes: 2 ** 40, segment_records: 200 });
  const sizes = new Map(TENANTS.map((tenant) => [tenant, 0]));
  while (tenants.length < EVENTS) {
    const batch = Array.from({ length: 50 }, (_, i) => {
      const n = tenants.length + i;
      return n % 97 === 0 ? 'c' : n % 5 < 3 ? 'a' : 'b';
    });
    const events = batch.map((tenant) => {
      const n = sizes.get(tenant) ?? 0;
      sizes.set(tenant, n + 1);
      return sealedEvent(tenant, n);
    });
    await trail.journal.append(events);
    tenants.push(...batch);
    await trail.ledger.integrate();
    await trail.ledger.archive();
  }
  assert.ok(trail.journal.first() > EVENTS / 2, 'most is in the archive alone');
  assert.ok(trail.journal.first() < EVENTS);
});
after(() => trail.close());

test('gives every record from any place on, once and in order, from archive and journal', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(EVENTS), async (from) => {
      const replay = openReplay({ journal: trail.journal, records: trail.ledger }, from);
      const seen: number[] = [];
      for (;;) {
        const records = await replay.next();
        if (records.length === 0) break;
        for (const { seq, tenant } of records) {
          assert.equal(tenant, tenants[seq]);
          seen.push(seq);
        }
      }
      assert.deepEqual(
        seen,
        Array.from({ length: EVENTS - from }, (_, i) => from + i),
      );
    }),
    { numRuns: 15, examples: [[0], [EVENTS]] },
  );
});

test('counts a tenant’s records before any place', async () => {
  const options = { journal: trail.journal, records: trail.ledger };
  for (const seq of [0, 1, 97, 98, 400, 851, EVENTS]) {
    for (const tenant of TENANTS) {
      const wanted = tenants.slice(0, seq).filter((one) => one === tenant).length;
      assert.equal(await countBefore(options, tenant, seq), wanted);
    }
  }
});

test('records at any places are those that stand there, and no others', async () => {
  const { ledger, journal } = trail;
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...TENANTS),
      fc.uniqueArray(fc.nat(EVENTS), { maxLength: 40 }),
      async (tenant, wanted) => {
        const indices = wanted.sort((a, b) => a - b);
        const found = await ledger.recordsAt(tenant, indices);
        assert.deepEqual(
          found.map(({ index }) => index),
          indices.filter((index) => index < journal.size(tenant)),
        );
        for (const { index, id } of found) assert.equal(id, sealedEvent(tenant, index).id);
      },
    ),
    { numRuns: 40 },
  );
});
