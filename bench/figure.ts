/** Every figure that is measured, declared once: what it is, and what the design wants of it. */
import { KINDS, type Kind } from './corpus/question.ts';
import { RECORDS } from './corpus/record.ts';

export type Unit = 'ms' | 'µs' | '/s' | 'MB' | 'bytes' | 'events';

export type Target = {
  /** Which of the figure's values: `p50`, `p95`, `p99` or `value`. */
  readonly of: string;
  readonly limit: number;
};

export type Figure = {
  readonly id: string;
  readonly what: string;
  readonly unit: Unit;
  readonly better: 'less' | 'more';
  /** Where each value must be at or below the limit, or above it where more is better. */
  readonly targets: readonly Target[];
  /** The value that is compared with others'. */
  readonly main: string;
  /** The values that are shown and plotted. */
  readonly shows: readonly string[];
};

const rate = (id: string, what: string, least?: number): Figure => {
  const targets = least === undefined ? [] : [{ of: 'value', limit: least }];
  return { id, what, unit: '/s', better: 'more', main: 'value', shows: ['value'], targets };
};

const time = (id: string, what: string, most: Readonly<Record<string, number>> = {}): Figure => {
  const targets = Object.entries(most).map(([of, limit]) => ({ of, limit }));
  const shows = most['p99'] === undefined ? ['p50', 'p95'] : ['p50', 'p99'];
  return { id, what, unit: 'ms', better: 'less', main: 'p50', shows, targets };
};

const micros = (id: string, what: string): Figure => {
  return { ...time(id, what, { p99: 20 }), unit: 'µs' };
};

const megabytes = (id: string, what: string, most?: number): Figure => {
  const targets = most === undefined ? [] : [{ of: 'value', limit: most }];
  return { id, what, unit: 'MB', better: 'less', main: 'value', shows: ['value'], targets };
};

/** The most at ten million events, at the 95th percentile. */
const SEARCH_MS = 50;
const AGGREGATE_MS = 500;

const SEARCHES: Readonly<Record<Kind, readonly [string, number]>> = {
  timeline: ['one session’s timeline', SEARCH_MS],
  tool_day: ['tenant + tool + day, newest 50', SEARCH_MS],
  blocked: ['blocked, newest 50', SEARCH_MS],
  rare_words: ['two rare words, newest 50', SEARCH_MS],
  common_word: ['a common word, newest 50', SEARCH_MS],
  common_count: ['a common word, counted', AGGREGATE_MS],
  japanese_2: ['Japanese, 2 characters, newest 50', SEARCH_MS],
  japanese_4: ['Japanese, 4 characters, newest 50', SEARCH_MS],
  substring: ['substring of a resource, newest 50', SEARCH_MS],
  facets: ['facets of tools, a tenant’s month', AGGREGATE_MS],
  histogram: ['histogram by hour, a tenant’s month', AGGREGATE_MS],
  deep_page: ['a page deep in the list, by cursor', SEARCH_MS],
};

const RUNTIMES = Object.keys(RECORDS);

const PROXIES: Readonly<Record<string, string>> = {
  model: 'model proxy, streamed answer',
  mcp_http: 'MCP proxy, streamable HTTP',
  mcp_stdio: 'MCP proxy, stdio',
  egress: 'egress proxy, plain HTTP',
  model_tool: 'model proxy, an answer that asks for a tool',
};

/** In the order in which they are shown. */
export const FIGURES: readonly Figure[] = [
  time('latency.idle', 'one event acknowledged at 1,000/s, empty trail', { p50: 1, p99: 5 }),
  time('latency.loaded', 'one event acknowledged at 1,000/s, full trail', { p50: 1, p99: 5 }),
  time('decision', 'one action decided and recorded at 500/s', { p50: 2, p99: 8 }),
  rate('policy.decide', 'starter policies: actions decided, one thread', 10_000),
  rate('policy.whole', 'starter policies: all of the set asked of Cedar, one thread'),
  rate('batch', 'events acknowledged in batches of 100, full trail', 40_000),
  rate('sustained', 'events recorded, with tree and index caught up', 20_000),
  {
    ...time('sustained.lag', 'events that the index lagged behind meanwhile'),
    ...{ unit: 'events', shows: ['p50', 'max'] },
  },
  ...KINDS.map((kind) => {
    const [what, most_ms] = SEARCHES[kind];
    return time(`search.${kind}`, `search: ${what}`, { p95: most_ms });
  }),
  rate('verify.tree', 'verify, tree only: entries', 500_000),
  rate('verify.all', 'verify, every event unsealed', 50_000),
  rate('export.ndjson', 'export as NDJSON: rows'),
  rate('export.csv', 'export as CSV: rows'),
  rate('reindex', 'reindex: events'),
  time('start.ready', 'start to ready', { p50: 2000 }),
  time('start.answer', 'start to the first answer'),
  megabytes('memory.ingest', 'server’s memory while ingesting, peak', 500),
  megabytes('memory.rest', 'server’s memory at rest'),
  { ...megabytes('size', 'disk for an event: journal, archive, tree, index'), unit: 'bytes' },
  micros('sdk.up', 'record() in the agent, 100 a turn, server up'),
  micros('sdk.up_idle', 'record() in the agent, one a millisecond, server up'),
  micros('sdk.away', 'record() in the agent, 100 a turn, server away'),
  micros('sdk.away_idle', 'record() in the agent, one a millisecond, server away'),
  time('shim.up', 'the Claude Code shim, start to exit, server up', { p50: 60 }),
  time('shim.down', 'the Claude Code shim, start to exit, server down', { p50: 60 }),
  ...RUNTIMES.flatMap((runtime) => [
    rate(`adapter.${runtime}`, `${runtime}: events made of its records, one thread`),
    rate(`capture.${runtime}`, `${runtime}: events acknowledged, 100 records a request`),
  ]),
  rate('capture.otlp', 'OTLP/JSON logs: events acknowledged, 50 records a request'),
  ...Object.entries(PROXIES).flatMap(([kind, what]) => [
    { ...time(`proxy.${kind}`, `${what}: time to the first byte`), shows: ['p50', 'p99'] },
    { ...time(`proxy.${kind}_enforced`, `${what}, enforced`), shows: ['p50', 'p99'] },
  ]),
  {
    id: 'proxy.added',
    what: 'model proxy: added to the first byte at p99',
    ...{ unit: 'ms', better: 'less', main: 'value', shows: ['value'] },
    targets: [{ of: 'value', limit: 5 }],
  },
];

export function figureNamed(id: string): Figure {
  const found = FIGURES.find((figure) => figure.id === id);
  if (!found) throw new TypeError(`No figure is called ${id}.`);
  return found;
}
