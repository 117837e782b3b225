/** Reading JSON bodies: where they break, and how much is in them. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { formOf, splitBatch } from '../../src/server/batch.ts';
import { parseJson } from '../../src/server/json.ts';
import { scanJson } from '../../src/server/scan.ts';

describe('parsing', () => {
  test('a break is named by its line and column', () => {
    const cases: [string, number, number][] = [
      ['{"a": oops}', 1, 7],
      ['{"a": 1,}', 1, 9],
      ['[1, 2', 1, 6],
      ['[1 2]', 1, 4],
      ['{"a" 1}', 1, 6],
      ['{\n  "a": "x\ny"\n}', 2, 10],
      ['{"a": "\\x"}', 1, 8],
      ['[1]\n[2]', 2, 1],
      ['{"a":1}}', 1, 8],
      ['[1}', 1, 3],
      ['{1: 2}', 1, 2],
      ['01', 1, 2],
      ['nul', 1, 1],
      ['"\\u12g4"', 1, 2],
      ['', 1, 1],
    ];
    for (const [text, line, column] of cases)
      assert.deepEqual(parseJson(text), { line, column }, text);
  });

  test('whatever JSON.parse takes is its value, and what it refuses has a place in the text', () => {
    const broken = fc
      .tuple(
        fc.json(),
        fc.nat(),
        fc.constantFrom('', ',', '}', ']', '"', 'x', '\n', '\\', '0', '-'),
      )
      .map(([text, at, char]) => {
        const place = at % (text.length + 1);
        return text.slice(0, place) + char + text.slice(place + 1);
      });
    fc.assert(
      fc.property(fc.oneof(fc.json(), broken, fc.string()), (text) => {
        const parsed = parseJson(text);
        let value: unknown;
        try {
          value = JSON.parse(text);
        } catch {
          assert.ok('line' in parsed, text);
          const lines = text.split('\n');
          assert.ok(parsed.line >= 1 && parsed.line <= lines.length, text);
          const line = lines[parsed.line - 1] ?? '';
          assert.ok(parsed.column >= 1 && parsed.column <= line.length + 1, text);
          return;
        }
        assert.deepEqual(parsed, { value });
      }),
      { numRuns: 2000 },
    );
  });

  test('a text that is cut breaks at its end', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme' })), fc.nat(), (strings, at) => {
        const text = JSON.stringify(strings);
        const cut = text.slice(0, at % text.length);
        // Half an escape is wrong where it begins.
        fc.pre(!/\\[^\\]{0,4}$/.test(cut));
        assert.deepEqual(parseJson(cut), { line: 1, column: cut.length + 1 });
      }),
    );
  });
});

describe('scanning', () => {
  test('the sizes of an array are those of its elements', () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue(), { minLength: 1 }), (values) => {
        const texts = values.map((value) => JSON.stringify(value));
        const { sizes, values: count } = scanJson(Buffer.from(`[${texts.join(',')}]`));
        assert.deepEqual(
          sizes,
          texts.map((text) => Buffer.byteLength(text)),
        );
        assert.ok(count > values.length);
      }),
    );
  });

  test('any bytes are scanned to their end', () => {
    fc.assert(fc.property(fc.uint8Array(), (bytes) => scanJson(bytes).values >= 1));
  });
});

describe('splitting', () => {
  const limits = { event_bytes: 1000, batch_events: 1000, batch_values: 10_000 };

  test('an array and its lines hold the same events', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.dictionary(fc.string(), fc.jsonValue()), { maxLength: 5 }),
        async (events) => {
          const texts = events.map((event) => JSON.stringify(event));
          fc.pre(events.length > 0 && texts.every((text) => Buffer.byteLength(text) < 900));
          const array = await splitBatch(Buffer.from(`[${texts.join(',')}]`), 'json', limits);
          const lines = await splitBatch(Buffer.from(texts.join('\r\n')), 'ndjson', limits);
          assert.deepEqual(lines, array);
          assert.deepEqual(
            array.items,
            texts.map((text) => ({ value: JSON.parse(text) })),
          );
        },
      ),
    );
  });

  test('lines keep their order, and a wrong one its number, however many turns they take', async () => {
    const text = 'x'.repeat(700);
    const lines = Array.from({ length: 3000 }, (_, i) =>
      i === 2000 ? '{' : `{"i":${i},"x":"${text}"}`,
    );
    const roomy = { event_bytes: 1000, batch_events: 3000, batch_values: 100_000 };
    const { items } = await splitBatch(Buffer.from(lines.join('\n')), 'ndjson', roomy);
    for (const [i, item] of items.entries()) {
      if ('value' in item) assert.deepEqual(item.value, { i, x: text });
      else assert.match(`${i} ${item.fault.message}`, /^2000 Line 2001 is not JSON/);
    }
    assert.equal(items.filter((item) => 'fault' in item).length, 1);
  });

  test('more values than may be are refused before they are parsed, in lines and in an array', async () => {
    const few = { ...limits, event_bytes: 100_000, batch_values: 29 };
    for (const [form, body] of [
      ['ndjson', '[1,2,3,4,5,6,7,8,9]\n'.repeat(3)],
      ['json', `[${'[1,2,3,4,5,6,7,8,9],'.repeat(2)}[1,2,3,4,5,6,7,8,9]]`],
    ] as const) {
      await assert.rejects(splitBatch(Buffer.from(body), form, few), { code: 'batch.too_large' });
      await splitBatch(Buffer.from(body), form, { ...few, batch_values: 60 });
    }
  });

  test('the form is the content type, whatever its case and parameters', () => {
    assert.equal(formOf('Application/JSON; charset=UTF-8'), 'json');
    assert.equal(formOf('application/x-ndjson'), 'ndjson');
    for (const type of [undefined, '', 'text/json', 'application/json; charset=latin1']) {
      assert.throws(() => formOf(type), /not JSON in UTF-8/);
    }
  });
});
