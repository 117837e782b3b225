/** What people and programs write as text: queries, times, cursors, server-sent events. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { serverEvents } from '../../../src/cli/reach/sse.ts';
import { docOf } from '../../../src/engine/doc.ts';
import { FIELDS } from '../../../src/engine/field.ts';
import { matcher } from '../../../src/engine/match.ts';
import { printQuery } from '../../../src/search/print.ts';
import { parseQuery } from '../../../src/search/query.ts';
import { parseInterval, parseTime } from '../../../src/search/time.ts';
import { encodeCursor, toPage, toSessionPage } from '../../../src/trail/request.ts';
import { type Target, tried } from '../target.ts';

const CLOCK = { now_ms: Date.UTC(2026, 0, 31, 12), zone: 'UTC' };
const NAMES = FIELDS.flatMap(({ name, synonyms }) => [name, ...synonyms]);
const DOC = docOf({
  ...{ id: 'a', time: '2026-01-31T00:00:00.000Z', recorded_at: '2026-01-31T00:00:00.000Z' },
  ...{ type: 'output', tenant_id: 'acme', session_id: 's', content: 'some words 監査' },
});
const QUERY_WORDS = [
  ...NAMES.map((name) => `${name}:`),
  ...['AND', 'OR', 'NOT', '-', '(', ')', '"', '\\"', '*', '..', '>=', '<', '=', ' ', ':', '監査'],
  ...['2026-01-31', 'yesterday', '-2h', '1e9', 'blocked', 'POLICY_VIOLATION', '\u3000', '\ud800'],
];

/** Texts that are queries, or nearly. */
export const QUERIES: Pick<Target, 'seeds' | 'words' | 'made'> = {
  seeds: () => [
    'tool:send_email status:blocked -user:bot "exact phrase" resource:*.pem duration_ms:>1000',
    'time:>=2026-01-01 (agent:a OR agent:b) NOT prefix* tool:(x OR "y z") tokens:1..2 監査',
  ],
  words: QUERY_WORDS,
  made: fc
    .array(fc.oneof(fc.constantFrom(...QUERY_WORDS), fc.string({ unit: 'binary', maxLength: 6 })), {
      maxLength: 30,
    })
    .map((parts) => parts.join('')),
};

/** What is taken in is answerable, and prints as a query that means the same. */
const query: Target = {
  ...QUERIES,
  name: 'query',
  check: (input) => {
    const text = input.toString();
    const filter = tried(() => parseQuery(text, CLOCK));
    if (filter === undefined) return;
    tried(() => matcher(filter)(DOC));
    const printed = printQuery(filter);
    // What was within the limits may print a little longer.
    const again = tried(() => parseQuery(printed, CLOCK));
    if (again !== undefined) assert.deepEqual(printQuery(again), printed);
  },
};

const TIME_WORDS = [
  '2026-02-30',
  'T',
  '23:59:60',
  '.123456789',
  'Z',
  '+14:00',
  '-7d',
  'today',
  '1w',
];
const ZONES = [
  'UTC',
  'Asia/Tokyo',
  'Europe/Berlin',
  'America/New_York',
  'Nowhere/None',
  '',
  '__proto__',
];

const time: Target = {
  name: 'time',
  seeds: () => ['2026-01-31T14:22:33.456Z', '14:30', '-2h', 'yesterday', '2026-03-29 02:30', '7d'],
  words: TIME_WORDS,
  made: fc
    .array(fc.constantFrom(...TIME_WORDS, '0', '9', ' ', ':', '-'), { maxLength: 8 })
    .map((parts) => parts.join('')),
  check: (input) => {
    const text = input.toString();
    for (const zone of ZONES) {
      const at = tried(() => parseTime(text, { ...CLOCK, zone }));
      assert.ok(
        at === undefined || (Number.isSafeInteger(at) && at >= 0 && at <= Date.UTC(2200, 0)),
      );
    }
    const length = tried(() => parseInterval(text));
    assert.ok(length === undefined || (Number.isSafeInteger(length) && length > 0));
    tried(() => parseTime('12:00', { ...CLOCK, zone: text }));
  },
};

const PLACE = encodeCursor({ time_ms: 5, seq: 7 });
const SESSION = encodeCursor({ last_ms: 5, session_id: 's' });

const cursor: Target = {
  name: 'cursor',
  seeds: () => [PLACE, SESSION, ''],
  words: ['e30', 'bnVsbA', '=', '%'],
  made: fc.oneof(
    fc.string(),
    fc.jsonValue().map((value) => Buffer.from(JSON.stringify(value)).toString('base64url')),
    fc
      .record({ time_ms: fc.double(), seq: fc.double() })
      .map((value) => Buffer.from(JSON.stringify(value)).toString('base64url')),
  ),
  check: (input) => {
    const text = input.toString();
    const page = tried(() => toPage({ tenant: 'acme', cursor: text }));
    const sessions = tried(() => toSessionPage({ tenant: 'acme', cursor: text }));
    // A cursor is a place that rows can have, whoever made it.
    for (const place of [page?.after?.time_ms, page?.after?.seq, sessions?.after?.last_ms]) {
      assert.ok(place === undefined || Number.isSafeInteger(place), `${place} is no place`);
    }
  },
};

/** Cut anywhere, a stream says the same; and never what no line of it said. */
const sse: Target = {
  name: 'sse',
  seeds: () => [': live\n\nid: 1\nevent: row\ndata: {"a":1}\n\n', 'data: a\r\ndata: b\r\n\r\n'],
  words: ['data:', 'event: ', 'id:', '\n\n', '\r\n', '\r', ': ', 'retry: 1'],
  made: fc
    .array(fc.constantFrom('data: a', 'data:b', 'event: x', ': c', '', '\r', 'é', 'id: 1'), {
      maxLength: 20,
    })
    .map((lines) => lines.join('\n')),
  check: async (input) => {
    const whole = await Array.fromAsync(serverEvents(chunksOf(input, input.length + 1)));
    for (const size of [1, 3, 7]) {
      assert.deepEqual(await Array.fromAsync(serverEvents(chunksOf(input, size))), whole);
    }
  },
  cost: 5,
};

async function* chunksOf(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

export const textTargets: readonly Target[] = [query, time, cursor, sse];
