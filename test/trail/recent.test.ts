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
        for (const upTo of releases) recent.release(first + upTo);
        const released = Math.max(0, ...releases);
        for (const [i, { tenant, id, index }] of places.entries()) {
          const found = recent.get(tenant, id);
          assert.ok(found === index || (found === undefined && i < released));
          assert.equal(recent.get('d', id), undefined);
        }
      },
    ),
  );
});

test('of many records only the last are kept, and none is forgotten too early', () => {
  const recent = openRecent();
  const count = 100_000;
  for (let n = 0; n < count; n++) {
    recent.add({ tenant: 'a', id: `id-${n}`, seq: 7 + n, index: n });
    if (n % 10_000 === 9_999) recent.release(7 + n - 20_000);
  }
  recent.release(7 + 80_000);
  for (let n = 80_000; n < count; n++) assert.equal(recent.get('a', `id-${n}`), n);
  const kept = Array.from({ length: 80_000 }, (_, n) => recent.get('a', `id-${n}`)).filter(
    (index) => index !== undefined,
  );
  assert.ok(kept.length < 20_000, `${kept.length} were kept`);
});
