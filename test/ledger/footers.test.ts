import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { openFooters } from '../../src/ledger/footers.ts';
import type { SegmentFooter } from '../../src/ledger/segment.ts';

const footerOf = (first: number, count: number): SegmentFooter => ({
  first,
  count,
  tables_at: first + 7,
  earliest_ms: 1_795_289_136_536 + first,
  latest_ms: 1_795_289_136_999 + first,
  untimed: count % 3,
  places_crc: 0xffff_fff0 + (first % 8),
  prints_crc: 0xfff0_0000 + (count % 8),
});

test('what was kept is what is given, of each tenant apart', () => {
  const segment = fc.record({
    tenant: fc.constantFrom('a', 'b'),
    first: fc.nat({ max: 2 ** 40 }),
    count: fc.integer({ min: 1, max: 65_536 }),
  });
  fc.assert(
    fc.property(fc.array(segment, { maxLength: 60 }), (segments) => {
      const footers = openFooters();
      const last = new Map<string, (typeof segments)[number]>();
      for (const one of segments) {
        footers.keep(one, footerOf(one.first, one.count));
        last.set(`${one.tenant} ${one.first}`, one);
      }
      for (const one of last.values()) {
        assert.deepEqual(footers.get(one), footerOf(one.first, one.count));
        assert.equal(footers.get({ ...one, tenant: 'c' }), undefined);
        assert.equal(footers.get({ ...one, count: one.count + 1 }), undefined);
      }
    }),
  );
});

test('a footer takes little memory, for there are ever more of them', () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const held = () => {
    collect();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return heapUsed + arrayBuffers;
  };
  const SEGMENTS = 50_000;
  const before = held();
  const footers = openFooters();
  for (let i = 0; i < SEGMENTS; i++) {
    footers.keep({ tenant: `t${i % 50}`, first: i * 600, count: 600 }, footerOf(i * 600, 600));
  }
  const bytes = (held() - before) / SEGMENTS;
  assert.ok(footers.get({ tenant: 't0', first: 0, count: 600 }));
  assert.ok(bytes < 250, `${Math.round(bytes)} bytes a segment`);
});
