import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { countEvents } from '../../src/cli/reach/count.ts';
import { FORMATS } from '../../src/format/menu.ts';

const coverage = {
  tenant: 'default',
  query: '{"[',
  tree_size: 9,
  root: '',
  checkpoint: 'a\n"b\n',
  exported_at: '2026-01-01T00:00:00.000Z',
};

const row = fc.record({ content: fc.string({ unit: 'grapheme' }), result: fc.jsonValue() });

for (const format of FORMATS) {
  test(`the events of a ${format.name} export are counted, however its bytes are cut`, () => {
    fc.assert(
      fc.property(fc.array(row), fc.integer({ min: 1, max: 50 }), (rows, step) => {
        const encoder = format.encoder();
        const texts = rows.map((fields) =>
          encoder.row({ index: 0, facts: [], ...fields } as never),
        );
        const whole = encoder.begin(coverage) + texts.join('') + encoder.end(rows.length);
        const bytes = Buffer.from(whole);
        const counter = countEvents(format.name as 'json');
        for (let at = 0; at < bytes.length; at += step) counter.add(bytes.subarray(at, at + step));
        assert.equal(counter.count(), rows.length);
      }),
    );
  });
}
