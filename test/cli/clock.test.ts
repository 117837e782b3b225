import assert from 'node:assert/strict';
import { test } from 'node:test';
import { duration, openClock } from '../../src/cli/screen/clock.ts';
import { Fault } from '../../src/fault/fault.ts';

test('times are shown in the reader’s zone, and the zone with them', () => {
  const tokyo = openClock({ language: 'en', zone: 'Asia/Tokyo' });
  assert.equal(tokyo.stamp('2026-01-31T23:30:05.250Z'), '2026-02-01 08:30:05');
  assert.equal(tokyo.exact('2026-01-31T23:30:05.250Z'), '2026-02-01 08:30:05.250 UTC+09:00');
  const utc = openClock({ language: 'en', zone: 'UTC' });
  assert.equal(utc.exact(0), '1970-01-01 00:00:00.000 UTC');
  assert.equal(utc.time(0), '00:00:00');
});

test('a day is said in the reader’s language', () => {
  const day = (language: string) => openClock({ language, zone: 'UTC' }).day(0);
  assert.equal(day('en'), 'Thursday, January 1, 1970');
  assert.equal(day('ja'), '1970年1月1日木曜日');
});

test('what is no time is shown as it is', () => {
  assert.equal(openClock({ language: 'en', zone: 'UTC' }).stamp('soon'), 'soon');
});

test('a zone that does not exist is refused by name', () => {
  assert.throws(
    () => openClock({ language: 'en', zone: 'Mars/Olympus' }),
    (error) =>
      error instanceof Fault && error.code === 'usage.invalid' && /Mars/.test(error.message),
  );
});

test('lengths of time keep to two units', () => {
  const shown = [0, 999, 1000, 59_949, 59_950, 61_000, 3_600_000, 100_000_000].map(duration);
  assert.deepEqual(shown, [
    '0 ms',
    '999 ms',
    '1.0 s',
    '59.9 s',
    '1 min 00 s',
    '1 min 01 s',
    '1 h 00 min',
    '27 h 46 min',
  ]);
});
