/** Evidence for those who trust nobody here: proofs, openings, and exports under a checkpoint. */
import type { Engine, RowPlace } from '../engine/engine.ts';
import { Fault } from '../fault/fault.ts';
import type { Journal } from '../journal/journal.ts';
import type { Ledger, SignedTree } from '../ledger/ledger.ts';
import { parseTime } from '../search/time.ts';
import type { ContentOptions } from './content.ts';
import type { Indexer } from './indexer.ts';
import { clockOf, PAGE_MOST, toQuery } from './request.ts';
import { readRow } from './row.ts';
import type { Coverage, Opening, ProofFile, Row, Trail } from './trail.ts';

export type EvidenceOptions = ContentOptions & {
  readonly journal: Journal;
  readonly engine: Engine;
  readonly indexer: Indexer;
  readonly ledger: Ledger;
  readonly locate: (tenant: string, id: string) => Promise<number | undefined>;
  readonly now: () => number;
};

export type Evidence = Pick<Trail, 'export' | 'proof' | 'openings' | 'ledgerFile'>;

/** Entries that one request may open. */
const OPENINGS = 1000;
/** Longest wait for an index that lags behind the checkpoint of an export. */
const EXPORT_WAIT_MS = 60_000;

export function openEvidence(options: EvidenceOptions): Evidence {
  const { ledger } = options;
  return {
    export: (request) => exportRows(options, request),
    proof: (tenant, id) => proof(options, tenant, id),
    openings: (tenant, from, count) => openings(options, tenant, { from, count }),
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
  const records = await ledger.records(tenant, from, Math.max(0, end - from));
  const byIndex = new Map(records.map((record) => [record.index, record]));
  return Array.from({ length: Math.max(0, end - from) }, (_, i): Opening => {
    const record = byIndex.get(from + i);
    if (!record) return { index: from + i, problem: 'missing' };
    const opened = opener.open(record);
    if ('problem' in opened) return { index: record.index, problem: opened.problem };
    const { salt, bytes } = opened;
    return { index: record.index, salt: salt.toString('base64'), event: bytes.toString() };
  });
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

/** A page in memory at a time. Facts that the checkpoint does not cover yet are left out. */
async function* rowsUnder(
  options: EvidenceOptions,
  { request, query, size }: Walk,
): AsyncGenerator<Row> {
  const order = request.order ?? 'newest';
  let after: RowPlace | undefined;
  for (;;) {
    const page = { limit: PAGE_MOST, order, ...(after ? { after } : {}) };
    const { value: hits } = await options.engine.search(query, page);
    for (const hit of hits) {
      const facts = hit.facts.filter((index) => index < size);
      const whole = facts.length === hit.facts.length;
      if (facts.length > 0) yield await readRow(options, request.tenant, whole ? hit : { facts });
    }
    after = hits.at(-1);
    if (!after || hits.length < PAGE_MOST) return;
  }
}
