import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Fault } from '../../src/fault/fault.ts';
import { parseInterval, parseTime, readSpan } from '../../src/search/time.ts';

const now_ms = Date.parse('2026-03-10T12:34:56.789Z');

function at(text: string, zone = 'UTC'): string {
  return new Date(parseTime(text, { now_ms, zone })).toISOString();
}

function covers(text: string, zone = 'UTC'): number {
  const span = readSpan(text, { now_ms, zone });
  assert.ok('from_ms' in span, text);
  return span.to_ms - span.from_ms;
}

test('instants with a zone mean the same in every zone', () => {
  for (const zone of ['UTC', 'Asia/Tokyo', 'America/New_York']) {
    assert.equal(at('2026-01-31T14:22:33.456Z', zone), '2026-01-31T14:22:33.456Z');
    assert.equal(at('2026-01-31t14:22:33z', zone), '2026-01-31T14:22:33.000Z');
    assert.equal(at('2026-01-31 14:22:33+09:00', zone), '2026-01-31T05:22:33.000Z');
    assert.equal(at('2026-01-31T14:22-05:30', zone), '2026-01-31T19:52:00.000Z');
    assert.equal(at('2026-01-31T14:22:33.123456789Z', zone), '2026-01-31T14:22:33.123Z');
  }
});

test('dates and times without a zone are read in the zone', () => {
  assert.equal(at('2026-01-31', 'Asia/Tokyo'), '2026-01-30T15:00:00.000Z');
  assert.equal(at('2026-01-31T14:22', 'Asia/Tokyo'), '2026-01-31T05:22:00.000Z');
  assert.equal(at('14:30', 'Asia/Tokyo'), '2026-03-10T05:30:00.000Z');
  assert.equal(at('today', 'Asia/Tokyo'), '2026-03-09T15:00:00.000Z');
  assert.equal(at('Yesterday'), '2026-03-09T00:00:00.000Z');
  assert.equal(at('tomorrow', '+09:00'), '2026-03-10T15:00:00.000Z');
});

test('relative times count exact hours and days from now', () => {
  assert.equal(at('now'), '2026-03-10T12:34:56.789Z');
  assert.equal(at('-2h'), '2026-03-10T10:34:56.789Z');
  assert.equal(at('-30m'), '2026-03-10T12:04:56.789Z');
  assert.equal(at('-7d', 'America/New_York'), '2026-03-03T12:34:56.789Z');
  assert.equal(at('-1w'), '2026-03-03T12:34:56.789Z');
  assert.equal(at('+1h'), '2026-03-10T13:34:56.789Z');
});

test('a time that daylight saving skips moves on by the skip; one it repeats is the first', () => {
  assert.equal(at('2026-03-08T02:30', 'America/New_York'), '2026-03-08T07:30:00.000Z');
  assert.equal(at('2026-11-01T01:30', 'America/New_York'), '2026-11-01T05:30:00.000Z');
  assert.equal(at('2026-03-29T02:30', 'Europe/Berlin'), '2026-03-29T01:30:00.000Z');
  assert.equal(at('2026-10-25T02:30', 'Europe/Berlin'), '2026-10-25T00:30:00.000Z');
  // Midnight itself is skipped in Beirut, repeated in Havana.
  assert.equal(at('2026-03-29', 'Asia/Beirut'), '2026-03-28T22:00:00.000Z');
  assert.equal(at('2026-11-01', 'America/Havana'), '2026-11-01T04:00:00.000Z');
});

test('a date covers its day in the zone, of 23 or 25 hours too, and a time its unit', () => {
  assert.equal(covers('2026-03-08', 'America/New_York'), 23 * 3_600_000);
  assert.equal(covers('2026-11-01', 'America/New_York'), 25 * 3_600_000);
  assert.equal(covers('today', 'Asia/Tokyo'), 24 * 3_600_000);
  assert.equal(covers('14:30'), 60_000);
  assert.equal(covers('2026-01-31T14:30:15Z'), 1000);
  assert.equal(covers('2026-01-31T14:30:15.0Z'), 1);
  assert.equal(covers('-2h'), 1);
});

test('what is no time is refused with what is accepted', () => {
  const wrong = [
    '',
    ' ',
    'soon',
    '2026-13-01',
    '2026-02-30',
    '2026-1-1',
    '24:00',
    '12:60',
    '14:30Z',
    '-2y',
    '2h',
    '2026-01-31T',
    '2026-01-31T14',
    '2026-01-31T14:22+99:00',
    '1969-12-31',
    '2300-01-01',
    '-999999999w',
    '2026-01-31Z',
    '２０２６-01-01',
    '2026-01-31T23:59:60Z',
    '__proto__',
  ];
  for (const text of wrong) {
    assert.throws(
      () => at(text),
      (error: unknown) => {
        assert.ok(error instanceof Fault && error.code === 'query.invalid', text);
        assert.match(error.detail.hint ?? '', /yesterday/);
        return true;
      },
    );
  }
});

test('an unknown zone is refused by name', () => {
  assert.throws(() => at('today', 'Mars/Olympus'), /"Mars\/Olympus"/);
});

test('any instant, written in any of the forms, is read back', () => {
  const time = fc.integer({ min: 0, max: Date.UTC(2199, 11, 31) });
  const zone = fc.constantFrom('UTC', 'Asia/Tokyo', 'Europe/Berlin', 'Pacific/Apia', '-03:30');
  fc.assert(
    fc.property(time, zone, (ms, name) => {
      assert.equal(parseTime(new Date(ms).toISOString(), { now_ms, zone: name }), ms);
    }),
  );
});

test('every minute of a year in a zone that changes its clocks is read back from its text', () => {
  const zone = 'America/New_York';
  const form = new Intl.DateTimeFormat('sv-SE', {
    timeZone: zone,
    dateStyle: 'short',
    timeStyle: 'short',
  });
  const minute = fc.integer({
    min: Date.UTC(2026, 0, 1) / 60_000,
    max: Date.UTC(2027, 0, 1) / 60_000,
  });
  fc.assert(
    fc.property(minute, (minutes) => {
      const wall = form.format(minutes * 60_000);
      // Of a repeated hour the first is read, so the text is compared, not the instant.
      assert.equal(form.format(parseTime(wall, { now_ms, zone })), wall);
    }),
    { numRuns: 300 },
  );
});

test('any text is a time or refused by name, and nothing else', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 40 }), fc.string(), (text, zone) => {
      try {
        assert.ok(Number.isInteger(parseTime(text, { now_ms, zone })));
      } catch (error) {
        assert.ok(error instanceof Fault && error.code === 'query.invalid');
      }
    }),
  );
});

test('intervals are a number and a unit', () => {
  assert.equal(parseInterval('30s'), 30_000);
  assert.equal(parseInterval('1h'), 3_600_000);
  assert.equal(parseInterval(' 7d '), 604_800_000);
  for (const text of ['', '0h', '-1h', '1y', 'h', '999999999w', '1.5h']) {
    assert.throws(() => parseInterval(text), { code: 'query.invalid' }, text);
  }
});
