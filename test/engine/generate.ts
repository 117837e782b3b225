/** Generates events, batches, filters and pages that meet often and hurt where they can. */
import fc from 'fast-check';
import type { EngineRecord, Filter, Page, Query } from '../../src/engine/engine.ts';
import { FIELDS, fieldsOfKind } from '../../src/engine/field.ts';
import { canonicalBytes } from '../../src/event/canonical.ts';
import type { Event } from '../../src/event/event.ts';
import { ACCESSES, OUTCOMES, STATUSES } from '../../src/event/event.ts';

export const NOW_MS = Date.UTC(2026, 0, 15, 12);
export const CALL_TIMEOUT_MS = 600_000;

const WORDS = [
  'send',
  'email',
  'send_email',
  'Résumé',
  'config.json',
  '東京都',
  '京都の天気',
  'パスワード',
  '漏えい',
  '"quoted" OR NOT',
  '<script>',
  '\u0000nul',
  '\ud800',
  '\ue000zz0',
  '%_\\',
  "'; DROP TABLE row;--",
  '\u001b[31mred',
  'ΟΔΟΣ',
  '한국어',
];
const NAMES = [
  'Bash',
  'bash',
  'send_email',
  'mcp__x__y',
  'a-b.c',
  'ÄÖ',
  'äö',
  '%',
  'x\u0000y',
  '\ud800',
];
const PATHS = [
  '/etc/passwd',
  '/home/ann/key.PEM',
  '/home/ann/notes 東京.txt',
  'https://x.example/a?b=%20',
  'ab',
];

const text = fc
  .array(fc.constantFrom(...WORDS), { minLength: 1, maxLength: 5 })
  .map((words) => words.join(' '));
const keyword = fc.constantFrom(...NAMES);
const path = fc.constantFrom(...PATHS);
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined, freq: 2 });
const tenant = fc.constantFrom('acme', 'globex');
const session = fc.constantFrom('s1', 's2', 'S1', 's\u00003', 's1:a', 's1:b', 's\u00003:a');
const number = fc.oneof(fc.constantFrom(0, 1, 1000, 0.5), fc.nat(5000));
const time_ms = fc.oneof(
  fc.constantFrom(NOW_MS, NOW_MS - 1, NOW_MS - CALL_TIMEOUT_MS, NOW_MS - 86_400_000),
  fc.integer({ min: NOW_MS - 1_800_000, max: NOW_MS + 60_000 }),
  fc.integer({ min: 0, max: NOW_MS * 2 }),
);

const resource = fc.record({
  kind: fc.constantFrom('file', 'url'),
  id: path,
  access: fc.constantFrom(...ACCESSES),
});

const fields = fc.record({
  type: fc.constantFrom(
    'prompt',
    'tool_call',
    'tool_call',
    'api_call',
    'output',
    'decision',
    'session',
  ),
  session_id: session,
  call_id: maybe(fc.constantFrom('c1', 'c2', 'c3', 'c4')),
  status: maybe(fc.constantFrom(...STATUSES)),
  tool: maybe(keyword),
  operation: maybe(fc.constantFrom('end', 'read')),
  content: maybe(text),
  arguments: maybe(fc.oneof(text, fc.record({ to: text, n: number }))),
  result: maybe(fc.array(text, { maxLength: 2 })),
  detail: maybe(fc.constantFrom('...', 'plain')),
  duration_ms: maybe(number),
  resources: maybe(fc.array(resource, { maxLength: 3 })),
  agent: maybe(fc.record({ id: keyword, runtime: fc.constant('claude-code') })),
  user: maybe(fc.record({ id: keyword })),
  parent_session_id: maybe(session),
  decision: maybe(
    fc.record({
      outcome: fc.constantFrom(...OUTCOMES),
      policy_ids: fc.array(keyword, { maxLength: 2 }),
      reason: text,
    }),
  ),
  tokens: maybe(fc.record({ input: number, output: number })),
  source: maybe(fc.record({ kind: fc.constantFrom('hook', 'otel', 'model_proxy') })),
  attributes: maybe(fc.dictionary(fc.constantFrom('a', '__proto__'), text, { maxKeys: 2 })),
});

/** Events of two tenants, in the order in which they were recorded, still without places. */
export const drafts = fc.array(fc.tuple(tenant, time_ms, fields), { maxLength: 60 });
export type Drafts = typeof drafts extends fc.Arbitrary<infer T> ? T : never;

/** Records from a `seq` on; every run has tenants of its own, so that one engine serves many. */
export function recordsOf(
  list: Drafts,
  { seq, run }: { seq: number; run: number },
): EngineRecord[] {
  const sizes = new Map<string, number>();
  return list.map(([name, at, draft], i) => {
    const tenant = tenantOf(name, run);
    const index = sizes.get(tenant) ?? 0;
    sizes.set(tenant, index + 1);
    return recordOf({ seq: seq + i, index, tenant }, eventOf(tenant, seq + i, { at, draft }));
  });
}

export function tenantOf(name: string, run: number): string {
  return `${name}-${run}`;
}

export function recordOf(place: Omit<EngineRecord, 'event'>, event: unknown): EngineRecord {
  return { ...place, event: canonicalBytes(event) };
}

/** A distinct id for each `seq`, in no order of time. */
export function idOf(seq: number): string {
  const hex = ((seq * 2654435761) % 2 ** 32).toString(16).padStart(8, '0');
  return `${hex}-0000-7000-8000-${seq.toString(16).padStart(12, '0')}`;
}

export function eventOf(
  tenant_id: string,
  seq: number,
  { at, draft }: { at: number; draft: Partial<Event> | Record<string, unknown> },
): unknown {
  const time = new Date(at).toISOString();
  return { ...draft, id: idOf(seq), tenant_id, time, recorded_at: time };
}

const keywordField = fc.constantFrom(...fieldsOfKind('keyword').map((field) => field.name));
const likelyField = fc.constantFrom(
  'tool',
  'status',
  'type',
  'session_id',
  'agent.id',
  'resources.id',
  'resources.access',
  'decision.policy_ids',
  'call_id',
  'tenant_id',
);
const value = fc.oneof(
  keyword,
  path,
  session,
  fc.constantFrom(
    'acme',
    'ACME',
    'tool_call',
    'SUCCESS',
    'pending',
    'unknown',
    'c1',
    'read',
    idOf(3),
  ),
);
const piece = fc.constantFrom(
  '/home',
  'a',
  'pass',
  '.pem',
  's',
  '東',
  '%',
  '_',
  'tool',
  'ba',
  idOf(2).slice(0, 5),
);
const pattern = fc
  .array(piece, { maxLength: 3 })
  .chain((pieces) =>
    fc.constantFrom(pieces.join('*'), `*${pieces.join('*')}*`, `${pieces.join('')}*`),
  );
const textFields = fieldsOfKind('text').map((field) => field.name);

const condition: fc.Arbitrary<Filter> = fc.oneof(
  fc.constant<Filter>({ kind: 'all' }),
  fc.record({
    kind: fc.constant('text' as const),
    text: fc.oneof(
      fc.constantFrom(...WORDS),
      text,
      fc.constantFrom('東', '京都', 'se', 'em', 'etc/pass', ''),
    ),
    prefix: fc.boolean(),
  }),
  fc.record({
    kind: fc.constant('text' as const),
    field: fc.constantFrom(...textFields),
    text: fc.constantFrom(...WORDS),
    prefix: fc.boolean(),
  }),
  fc.record({
    kind: fc.constant('keyword' as const),
    field: fc.oneof(likelyField, keywordField),
    value,
  }),
  fc.record({
    kind: fc.constant('pattern' as const),
    field: fc.oneof(likelyField, keywordField),
    pattern,
  }),
  fc.record({
    kind: fc.constant('exists' as const),
    field: fc.constantFrom(...FIELDS.map((field) => field.name)),
  }),
  fc.record({
    kind: fc.constant('range' as const),
    field: fc.constantFrom('duration_ms', 'tokens.total', 'bytes'),
    op: fc.constantFrom('=' as const, '<' as const, '<=' as const, '>' as const, '>=' as const),
    value: number,
  }),
  fc.record({
    kind: fc.constant('range' as const),
    field: fc.constantFrom('time', 'recorded_at'),
    op: fc.constantFrom('=' as const, '<=' as const, '>' as const),
    value: time_ms,
  }),
);

const filter: fc.Arbitrary<Filter> = fc.letrec<{ node: Filter }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 3, depthSize: 'small', withCrossShrink: true },
    condition,
    fc.record({
      kind: fc.constantFrom('and' as const, 'or' as const),
      of: fc.array(tie('node'), { maxLength: 3 }),
    }),
    fc.record({ kind: fc.constant('not' as const), of: tie('node') }),
  ),
})).node;

export const query: fc.Arbitrary<Query> = fc
  .record({ tenant, filter, from_ms: maybe(time_ms), to_ms: maybe(time_ms) })
  .map(({ from_ms, to_ms, ...rest }) => ({
    ...rest,
    ...(from_ms === undefined ? {} : { from_ms }),
    ...(to_ms === undefined ? {} : { to_ms }),
  }));

export const page: fc.Arbitrary<Page> = fc.record({
  limit: fc.integer({ min: 1, max: 7 }),
  order: fc.constantFrom('newest' as const, 'oldest' as const),
});
