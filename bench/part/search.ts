/** What responders ask, with other parameters each time, warm and at the first touch. */
import { KINDS, type Kind, type Question, type Questions, questions } from '../corpus/question.ts';
import { spread, timed } from '../measure.ts';
import { forgetCached, startMeter } from '../process.ts';
import type { Server } from '../server.ts';
import type { Ground, Part } from './part.ts';

/** Questions of a kind, and how long a kind may take after the least number of them. */
const COUNT = 200;
const LEAST = 40;
const BUDGET_MS = 10_000;
const RESTARTS = 3;
const SEED = 77;
/** Pages of a thousand rows before the pages that are measured. */
const DEEP_PAGES = 10;
const WALKS = 8;

export const search: Part = {
  name: 'search',
  about: 'timelines, filters, words, Japanese, substrings, facets; first touch after a start',
  run: async (ground) => {
    await ground.filled();
    const asked = await questions(ground.corpus, { count: COUNT + RESTARTS, seed: SEED });
    const paths = { ...pathsOf(asked), deep_page: await deepPages(ground, asked.deep_page) };
    const first = await firstTouch(ground, paths);
    const server = await ground.serving();
    for (const kind of KINDS) {
      const spent = startMeter({ server: server.cpu_s });
      const { took, empty } = await measure(server, paths[kind].slice(RESTARTS));
      ground.note(`search.${kind}`, {
        values: { ...spread(took), first: first[kind], without_rows: empty },
        cpu_s: spent(),
      });
    }
  },
};

type Asked = readonly [path: string, parameters: Readonly<Record<string, string>>];

const ASK: Readonly<Record<Kind, (question: Question) => Asked>> = {
  timeline: ({ session }) => [`/v1/sessions/${session}/timeline`, { limit: '200' }],
  tool_day: ({ tool, day }) => ['/v1/events', { query: `tool:${tool}`, ...day }],
  blocked: () => ['/v1/events', { query: 'status:blocked' }],
  rare_words: ({ rare }) => ['/v1/events', { query: rare.join(' ') }],
  common_word: ({ common }) => ['/v1/events', { query: common }],
  common_count: ({ common }) => ['/v1/count', { query: common }],
  japanese_2: ({ japanese_2 }) => ['/v1/events', { query: japanese_2 }],
  japanese_4: ({ japanese_4 }) => ['/v1/events', { query: japanese_4 }],
  substring: ({ part }) => ['/v1/events', { query: `resource:*"${part}"*` }],
  facets: ({ month }) => ['/v1/facets', { field: 'tool', ...month }],
  histogram: ({ month }) => ['/v1/histogram', { interval: '1h', ...month }],
  deep_page: () => ['/v1/events', { limit: '1000' }],
};

type Paths = Readonly<Record<Kind, readonly string[]>>;

function pathsOf(asked: Questions): Paths {
  const paths: Partial<Record<Kind, readonly string[]>> = {};
  for (const kind of KINDS) paths[kind] = asked[kind].map((one) => pathOf(kind, one));
  return paths as Paths;
}

export function pathOf(kind: Kind, question: Question): string {
  const [path, parameters] = ASK[kind](question);
  return `${path}?${new URLSearchParams({ tenant: question.tenant, ...parameters })}`;
}

/** Walks down the lists of some tenants; the pages of fifty that follow are what is measured. */
async function deepPages(ground: Ground, asked: readonly Question[]): Promise<readonly string[]> {
  const server = await ground.serving();
  const pages: string[] = [];
  for (const question of asked.slice(0, WALKS)) {
    const path = pathOf('deep_page', question);
    let cursor: string | undefined;
    for (let page = 0; page < DEEP_PAGES; page++) {
      const answer = await server.get(cursor === undefined ? path : `${path}&cursor=${cursor}`);
      cursor = (JSON.parse(answer) as { cursor?: string }).cursor;
      if (cursor === undefined) break;
      pages.push(`${path.replace('limit=1000', 'limit=50')}&cursor=${cursor}`);
    }
  }
  return pages;
}

/** The first question of its kind after a start with nothing cached; the median of some starts. */
async function firstTouch(ground: Ground, paths: Paths): Promise<Readonly<Record<Kind, number>>> {
  const took = new Map<Kind, number[]>(KINDS.map((kind) => [kind, []]));
  for (let restart = 0; restart < RESTARTS; restart++) {
    await ground.resting();
    forgetCached(ground.trail);
    const server = await ground.serving();
    for (const [kind, times] of took) {
      const path = paths[kind][restart];
      if (path !== undefined) times.push(await timed(() => server.get(path)));
    }
  }
  const medians = [...took].map(([kind, times]) => [kind, spread(times)['p50'] ?? 0] as const);
  return Object.fromEntries(medians) as Record<Kind, number>;
}

async function measure(server: Server, paths: readonly string[]) {
  const took: number[] = [];
  let empty = 0;
  const began = performance.now();
  for (const path of paths) {
    if (took.length >= LEAST && performance.now() - began > BUDGET_MS) break;
    const from = performance.now();
    const answer = await server.get(path);
    took.push(performance.now() - from);
    if (/"(events|buckets|bars)":\[\]|"count":0,/.test(answer)) empty++;
  }
  return { took, empty };
}
