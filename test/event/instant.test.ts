import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { timeText, utc } from '../../src/event/instant.ts';

const FIRST = Date.UTC(1970, 0, 1);
const LAST = Date.UTC(2200, 0, 1) - 1;
const two = (n: number) => String(n).padStart(2, '0');

test('every time that can be stored comes out as it is, whatever zone it is written in', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: FIRST, max: LAST }),
      fc.integer({ min: -23, max: 23 }),
      (ms, h) => {
        const time = new Date(ms).toISOString();
        assert.deepEqual(utc(time), { time });
        const there = new Date(ms + h * 3_600_000).toISOString().slice(0, -1);
        assert.deepEqual(utc(`${there}${h < 0 ? '-' : '+'}${two(Math.abs(h))}:00`), { time });
      },
    ),
  );
});

test('a day that no calendar has is refused, and every other is taken', () => {
  for (const year of [1970, 1996, 2000, 2026, 2100, 2199]) {
    for (let month = 0; month <= 13; month++) {
      for (let day = 0; day <= 32; day++) {
        const date = new Date(Date.UTC(year, month - 1, day));
        const real = date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
        const time = `${year}-${two(month)}-${two(day)}T12:34:56.789Z`;
        assert.equal('time' in utc(time), real && date.getUTCFullYear() === year, time);
      }
    }
  }
});

test('hours, minutes and seconds that no clock shows are refused', () => {
  for (const clock of [
    '24:00:00.000',
    '12:60:00.000',
    '12:00:60.000',
    '1:00:00.000',
    '12:00.000',
  ]) {
    assert.ok('reason' in utc(`2026-01-31T${clock}Z`), clock);
  }
  for (const year of ['1969', '2200', '19700', '0000']) {
    assert.ok('reason' in utc(`${year}-12-31T12:00:00.000Z`), year);
  }
});

test('the text of a time is that of its date, also when the same comes again', () => {
  const time = fc.integer({ min: FIRST, max: LAST });
  fc.assert(
    fc.property(fc.array(time, { minLength: 1 }), (times) => {
      for (const ms of times.flatMap((one) => [one, one])) {
        assert.equal(timeText(ms), new Date(ms).toISOString());
      }
    }),
  );
});
