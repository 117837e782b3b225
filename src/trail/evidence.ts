/** Evidence for those who trust nobody here: proofs, openings, and exports under a checkpoint. */
import type { Engine, Hit, RowPlace } from '../engine/engine.ts';
import { Fault } from '../fault/fault.ts';
import type { Journal, JournalRecord } from '../journal/journal.ts';
import type { Ledger, SignedTree } from '../ledger/ledger.ts';
import type { Opener } from '../seal/seal.ts';
import { parseTime } from '../search/time.ts';
import type { ContentOptions } from './content.ts';
import type { Gate } from './gate.ts';
import type { Indexer } from './indexer.ts';
import { clockOf, PAGE_MOST, toQuery } from './request.ts';
import { PAGE_BYTES, readRows } from './row.ts';
import type { Coverage, Opening, ProofFile, Row, Trail } from './trail.ts';

export type EvidenceOptions = ContentOptions & {
  readonly journal: Journal;
  readonly engine: Engine;
  readonly indexer: Indexer;
  readonly ledger: Ledger;
  readonly locate: (tenant: string, id: string) => Promise<number | undefined>;
  readonly now: () => number;
  /** Passed by whatever reads many events. */
  readonly gate: Gate;
};

export type Evidence = Pick<Trail, 'export' | 'proof' | 'openings' | 'ledgerFile'>;

/** Entries that one request may open, and that are read at the same time. */
const OPENINGS = 1000;
const READS = 64;
/** Longest wait for an index that lags behind the checkpoint of an export. */
const EXPORT_WAIT_MS = 60_000;

export function openEvidence(options: EvidenceOptions): Evidence {
  const { ledger } = options;
  return {
    export: (request) => exportRows(options, request),
    proof: (tenant, id) => proof(options, tenant, id),
    openings: (tenant, from, count) =>
      options.gate(() => openings(options, tenant, { from, count })),
    ledgerFile: (tenant, path) => ledger.file(tenant, path),
  };
}

async function proof(options: EvidenceOptions, tenant: string, id: string): Promise<ProofFile> {
  const index = await options.locate(tenant, id.toLowerCase());
  if (index === undefined) {
    throw new Fault('event.not_found', 'No event of that id was recorded in this tenant.', {
      field: 'id',
    });
  }
  const signed = options.ledger.checkpoint(tenant);
  if (!signed || signed.size <= index) await options.ledger.signNow(tenant);
  const proven = await options.ledger.prove(tenant, index);
  const [opening] = await openings(options, tenant, { from: index, count: 1 });
  if (!opening || 'problem' in opening) return proven;
  return { ...proven, opening: { salt: opening.salt, event: opening.event } };
}

async function openings(
  { ledger, journal, opener }: EvidenceOptions,
  tenant: string,
  { from, count }: { readonly from: number; readonly count: number },
): Promise<readonly Opening[]> {
  if (count > OPENINGS) {
    throw new Fault('request.invalid', `count must be at most ${OPENINGS}.`, {
      field: 'count',
      limit: OPENINGS,
    });
  }
  const end = Math.min(from + count, journal.size(tenant));
  const found: Opening[] = [];
  let size_bytes = 0;
  for (let next = from; next < end && size_bytes < PAGE_BYTES; next += READS) {
    const some = await ledger.records(tenant, next, Math.min(READS, end - next));
    const byIndex = new Map(some.map((record) => [record.index, record]));
    for (let index = next; index < Math.min(next + READS, end); index++) {
      const opening = openingOf(byIndex.get(index), index, opener);
      size_bytes += 'event' in opening ? opening.event.length : 0;
      found.push(opening);
    }
  }
  return found;
}

function openingOf(record: JournalRecord | undefined, index: number, opener: Opener): Opening {
  if (!record) return { index, problem: 'missing' };
  const opened = opener.open(record);
  if ('problem' in opened) return { index, problem: opened.problem };
  return { index, salt: opened.salt.toString('base64'), event: opened.bytes.toString() };
}

type ExportRequest = Parameters<Trail['export']>[0];

async function exportRows(options: EvidenceOptions, request: ExportRequest) {
  const { ledger, journal, indexer, now } = options;
  const query = toQuery(request, now());
  const head = journal.head();
  const tree = await ledger.signNow(request.tenant);
  if (!tree) {
    throw new Fault('ledger.not_yet', `Tenant ${request.tenant} has no entry yet.`, {
      field: 'tenant',
    });
  }
  await indexer.reach(head, EXPORT_WAIT_MS);
  if (indexer.cursor() < head) {
    throw new Fault('engine.damaged', 'The index lags too far behind for a whole export.', {
      retry_after_s: 60,
      hint: 'Try again when clawctl status shows no lag.',
    });
  }
  const coverage = coverageOf(request, tree, now());
  return { coverage, rows: rowsUnder(options, { request, query, size: tree.size }) };
}

function coverageOf(request: ExportRequest, tree: SignedTree, now_ms: number): Coverage {
  const clock = clockOf(request, now_ms);
  const time = (text: string) => new Date(parseTime(text, clock)).toISOString();
  const { tenant, query = '', from, to } = request;
  return {
    tenant,
    query,
    ...(from === undefined ? {} : { from: time(from) }),
    ...(to === undefined ? {} : { to: time(to) }),
    tree_size: tree.size,
    root: tree.root.toString('base64'),
    checkpoint: tree.note,
    exported_at: new Date(now_ms).toISOString(),
  };
}

type Walk = {
  readonly request: ExportRequest;
  readonly query: ReturnType<typeof toQuery>;
  readonly size: number;
};

/**
 * Some rows in memory, and the next page being looked for. Facts that the checkpoint does not cover
 * yet are left out.
 */
async function* rowsUnder(
  options: EvidenceOptions,
  { request, query, size }: Walk,
): AsyncGenerator<Row> {
  const order = request.order ?? 'newest';
  const pageAfter = (after?: RowPlace) => {
    const page = { limit: PAGE_MOST, order, ...(after ? { after } : {}) };
    const found = options.engine.search(query, page);
    // Whoever awaits it sees the failure; nobody may, where the reader has gone.
    found.catch(() => undefined);
    return found;
  };
  let next: ReturnType<typeof pageAfter> | undefined = pageAfter();
  while (next !== undefined) {
    const hits: readonly Hit[] = (await next).value;
    const last = hits.at(-1);
    next = last && hits.length === PAGE_MOST ? pageAfter(last) : undefined;
    let rest = covered(hits, size);
    while (rest.length > 0) {
      const rows = await readRows(options, request.tenant, rest);
      yield* rows;
      rest = rest.slice(rows.length);
    }
  }
}

function covered(hits: readonly Hit[], size: number): readonly Pick<Hit, 'facts' | 'status'>[] {
  return hits.flatMap((hit) => {
    const facts = hit.facts.filter((index) => index < size);
    if (facts.length === hit.facts.length) return hit;
    return facts.length > 0 ? { facts } : [];
  });
}
