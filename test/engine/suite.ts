/** What every engine must do, held against a plain filter over an array of folded rows. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type {
  Engine,
  EngineOptions,
  EngineRecord,
  Hit,
  Page,
  Query,
  SessionRow,
} from '../../src/engine/engine.ts';
import type { Row } from '../../src/engine/row.ts';
import * as generate from './generate.ts';
import * as oracle from './oracle.ts';

/** One place where an engine keeps its rows; `open` again gives what was there, where it lasts. */
export type Ground = {
  readonly open: (options: EngineOptions) => Promise<Engine>;
  readonly lasts: boolean;
  readonly remove: () => void;
};

const RUNS = Number(process.env['ENGINE_RUNS'] ?? 15);
const EVERYTHING = { kind: 'all' } as const;

export function engineSuite(name: string, ground: () => Ground): void {
  describe(name, () => {
    it('answers every question as a plain filter over the rows does', async () => {
      const all: EngineRecord[] = [];
      let run = 0;
      await withEngine(ground(), all, async (engine) => {
        await fc.assert(
          fc.asyncProperty(
            generate.drafts,
            fc.array(fc.nat(59), { maxLength: 4 }),
            fc.array(fc.tuple(generate.query, generate.page), { minLength: 3, maxLength: 6 }),
            async (drafts, cuts, questions) => {
              run++;
              const records = generate.recordsOf(drafts, { seq: all.length, run });
              all.push(...records);
              for (const [i, batch] of batchesOf(records, cuts).entries()) {
                await engine.apply(batch, i % 2 === 0 ? 'calm' : 'soon');
              }
              const rows = oracle.rowsOf(records);
              for (const [asked, page] of questions) {
                const query = { ...asked, tenant: generate.tenantOf(asked.tenant, run) };
                await compareAll(engine, rows, { query, page });
              }
              await compareSessions(engine, rows, run);
              await compareIds(engine, records);
            },
          ),
          { numRuns: RUNS },
        );
        assert.equal((await engine.status()).rows, oracle.rowsOf(all).length);
      });
    });

    it('passes over records that it has, and keeps its answers when it is opened again', async () => {
      const place = ground();
      const lists = fc.sample(generate.drafts, { numRuns: 8, seed: 7 });
      const all: EngineRecord[] = [];
      for (const [run, list] of lists.entries()) {
        all.push(...generate.recordsOf(list, { seq: all.length, run }));
      }
      const queries = fc.sample(generate.query, { numRuns: 8, seed: 11 });
      const rows = oracle.rowsOf(all);
      const compare = async (engine: Engine) => {
        for (const [run, asked] of queries.entries()) {
          const query = { ...asked, tenant: generate.tenantOf(asked.tenant, run) };
          await compareAll(engine, rows, { query, page: { limit: 5, order: 'newest' } });
        }
      };
      let engine = await place.open(optionsOf(all));
      const half = all.length >> 1;
      await engine.apply(all.slice(0, half));
      if (place.lasts) {
        await engine.close();
        engine = await place.open(optionsOf(all));
        assert.equal(await engine.cursor(), half);
      }
      await engine.apply(all);
      await engine.apply(all.slice(0, half));
      assert.equal(await engine.cursor(), all.length);
      await compare(engine);
      if (place.lasts) {
        await engine.close();
        engine = await place.open(optionsOf(all));
        await compare(engine);
      }
      await engine.close();
      place.remove();
    });

    it('refuses what it cannot answer, and says why', async () => {
      await withEngine(ground(), [], async (engine) => {
        const all = { tenant: 'acme', filter: EVERYTHING };
        const asks: (() => Promise<unknown>)[] = [
          () =>
            engine.count({ ...all, filter: { kind: 'keyword', field: 'nonsense', value: 'x' } }),
          () =>
            engine.count({ ...all, filter: { kind: 'range', field: 'tool', op: '=', value: 1 } }),
          () => engine.count({ ...all, filter: { kind: 'keyword', field: 'content', value: 'x' } }),
          () => engine.count({ ...all, filter: deep(100) }),
          () =>
            engine.count({
              ...all,
              filter: { kind: 'text', text: 'a '.repeat(1000), prefix: false },
            }),
          () => engine.search(all, { limit: 0, order: 'newest' }),
          () => engine.facets(all, 'content', 10),
          () => engine.histogram(all, 0),
        ];
        for (const ask of asks) await assert.rejects(ask, { code: 'query.invalid' });
      });
    });

    it('takes filters as wide and as deep as the limits allow', async () => {
      const records = [record(0, { type: 'prompt', session_id: 's', content: 'alpha beta' })];
      await withEngine(ground(), records, async (engine) => {
        await engine.apply(records);
        const word = (text: string) => ({ kind: 'text', text, prefix: false }) as const;
        const wide = Array.from({ length: 500 }, (_, i) => word(i === 499 ? 'beta' : `w${i}`));
        const count = async (filter: Query['filter']) =>
          (await engine.count({ tenant: 'acme', filter })).value;
        assert.equal(await count({ kind: 'or', of: wide }), 1);
        assert.equal(await count(deep(60)), 1);
        assert.equal(
          await count({ kind: 'or', of: [deep(58), { kind: 'exists', field: 'tool' }] }),
          1,
        );
      });
    });

    it('has nothing to say once it is closed', async () => {
      const place = ground();
      const engine = await place.open(optionsOf([]));
      await engine.close();
      await assert.rejects(engine.count({ tenant: 'acme', filter: EVERYTHING }), {
        code: 'server.closing',
      });
      await assert.rejects(engine.apply([record(0, { type: 'prompt', session_id: 's' })]), {
        code: 'server.closing',
      });
      place.remove();
    });
  });
}

/** A record of the tenant `acme` whose index is its `seq`. */
export function record(
  seq: number,
  draft: Record<string, unknown>,
  at = generate.NOW_MS,
): EngineRecord {
  return generate.recordOf(
    { seq, index: seq, tenant: 'acme' },
    generate.eventOf('acme', seq, { at, draft }),
  );
}

export function optionsOf(records: readonly EngineRecord[]): EngineOptions {
  return {
    now: () => generate.NOW_MS,
    call_timeout_ms: generate.CALL_TIMEOUT_MS,
    fetch: async (tenant, indices) =>
      records.filter((one) => one.tenant === tenant && indices.includes(one.index)),
  };
}

export async function withEngine(
  place: Ground,
  records: readonly EngineRecord[],
  use: (engine: Engine) => Promise<void>,
): Promise<void> {
  const engine = await place.open(optionsOf(records));
  try {
    await use(engine);
  } finally {
    await engine.close();
    place.remove();
  }
}

/** Every page, by cursor. */
export async function pages(engine: Engine, query: Query, page: Page): Promise<Hit[]> {
  const found: Hit[] = [];
  let after: Page['after'];
  for (;;) {
    const { value } = await engine.search(query, after === undefined ? page : { ...page, after });
    found.push(...value);
    const last = value.at(-1);
    if (last === undefined || value.length < page.limit) return found;
    after = { time_ms: last.time_ms, seq: last.seq };
  }
}

function batchesOf(records: readonly EngineRecord[], cuts: readonly number[]): EngineRecord[][] {
  const at = [
    0,
    ...cuts.filter((cut) => cut < records.length).sort((a, b) => a - b),
    records.length,
  ];
  return at.slice(1).map((end, i) => records.slice(at[i], end));
}

async function compareAll(
  engine: Engine,
  rows: readonly Row[],
  asked: { query: Query; page: Page },
) {
  const { query, page } = asked;
  const said = JSON.stringify(asked);
  assert.deepEqual(await pages(engine, query, page), oracle.hits(rows, query, page.order), said);
  assert.equal((await engine.count(query)).value, oracle.matching(rows, query).length, said);
  for (const field of ['tool', 'resources.id', 'status', 'tenant_id']) {
    const facets = await engine.facets(query, field, 3);
    assert.deepEqual(
      facets.value,
      oracle.buckets(rows, query, field).slice(0, 3),
      `${field} ${said}`,
    );
  }
  const histogram = await engine.histogram(query, 3_600_000);
  assert.deepEqual(histogram.value, oracle.bars(rows, query, 3_600_000), said);
  assert.deepEqual(await sessionPages(engine, query), oracle.sessions(rows, query), said);
}

async function sessionPages(engine: Engine, query: Query): Promise<SessionRow[]> {
  const found: SessionRow[] = [];
  for (;;) {
    const last = found.at(-1);
    const after =
      last === undefined ? {} : { after: { last_ms: last.last_ms, session_id: last.session_id } };
    const { value } = await engine.sessions(query, { limit: 2, ...after });
    found.push(...value);
    if (value.length < 2) return found;
  }
}

async function compareSessions(engine: Engine, rows: readonly Row[], run: number): Promise<void> {
  for (const name of ['acme', 'globex']) {
    const tenant = generate.tenantOf(name, run);
    const all = oracle.sessions(rows, { tenant, filter: EVERYTHING });
    assert.deepEqual(await sessionPages(engine, { tenant, filter: EVERYTHING }), all);
    for (const one of all) {
      assert.deepEqual((await engine.session(tenant, one.session_id)).value, one);
    }
  }
  assert.equal((await engine.session('acme', 'nobody')).value, undefined);
}

async function compareIds(engine: Engine, records: readonly EngineRecord[]): Promise<void> {
  for (const { tenant, index, seq } of records) {
    assert.equal(await engine.locate(tenant, generate.idOf(seq)), index);
  }
  assert.equal(await engine.locate('acme', generate.idOf(9999)), undefined);
}

function deep(levels: number): Query['filter'] {
  let filter: Query['filter'] = { kind: 'text', text: 'alpha', prefix: false };
  for (let i = 0; i < levels; i += 2) {
    filter = { kind: 'not', of: { kind: 'not', of: filter } };
  }
  return filter;
}
