/** Which ids the journal still holds. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { openRecent } from '../../src/trail/recent.ts';

const place = fc.record({
  tenant: fc.constantFrom('a', 'b', 'c'),
  id: fc.uuid(),
  index: fc.maxSafeNat(),
});
const sameEvent = { selector: ({ tenant, id }: { tenant: string; id: string }) => tenant + id };

test('ids are found in their own tenant from when they are added until they are released', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(place, sameEvent),
      fc.array(fc.nat(60), { maxLength: 4 }),
      fc.nat(1e6),
      (places, releases, first) => {
        const recent = openRecent();
        for (const [i, one] of places.entries()) recent.add({ ...one, seq: first + i });
        let released = 0;
        for (const upTo of releases) {
          recent.release(first + upTo);
          released = Math.max(released, upTo);
        }
        for (const [i, { tenant, id, index }] of places.entries()) {
          assert.equal(recent.get(tenant, id), i < released ? undefined : index);
          assert.equal(recent.get('d', id), undefined);
        }
      },
    ),
  );
});
