/** Verifies a trail: the order of the checks, and what is reported. */
import type { Opener } from '../../seal/seal.ts';
import type { Crew } from './crew.ts';
import { type Discrepancy, type Findings, type Kind, openFindings } from './finding.ts';
import { type Check, readRecords } from './reading.ts';
import { openRecordCheck } from './record.ts';
import type { Source, SourceRecord } from './source.ts';
import { openTreeCheck, type TreeCheck } from './tree.ts';

export type VerifyOptions = {
  readonly source: Source;
  /** Opens sealed records; without it commitments stay closed. */
  readonly opener?: Opener | undefined;
  /** Check tree and signatures alone, and only those records that are not published yet. */
  readonly treeOnly?: boolean | undefined;
  /** Only these tenants. */
  readonly tenants?: readonly string[] | undefined;
  /** Verifier keys known from elsewhere, by tenant; else those that the trail publishes. */
  readonly vkeys?: Readonly<Record<string, string>> | undefined;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  /** Threads that read the same source, and open records as `opener` does. */
  readonly crew?: Crew | undefined;
  /** Discrepancies of each kind that are listed; all are counted. Default 1000. */
  readonly limit?: number | undefined;
};

export type Progress = {
  readonly tenant: string;
  readonly stage: 'tree' | 'records';
  readonly done: number;
  /** What is known to be there; more may come. */
  readonly total: number;
};

export type TenantReport = {
  readonly tenant: string;
  /** The key that signatures were checked with, as `name+hash+key`. */
  readonly vkey?: string;
  /** Size and base64 root of the published checkpoint, if its signature is good. */
  readonly checkpoint?: { readonly size: number; readonly root: string };
  /** Size of the newest signed tree, published or not. */
  readonly signed: number;
  /** Entries that were hashed into the tree. */
  readonly entries: number;
  /** Sealed records that were read. */
  readonly records: number;
  /** Commitments that were opened and are right. */
  readonly opened: number;
  readonly erased: number;
  /** Records that no signed tree covers yet. */
  readonly pending: number;
};

export type Report = {
  /** No discrepancy of a failing kind. */
  readonly ok: boolean;
  readonly tenants: readonly TenantReport[];
  readonly counts: Readonly<Record<Kind, number>>;
  /** Failing kinds first; no more than the limit of each kind. */
  readonly discrepancies: readonly Discrepancy[];
};

/** Discrepancies of each kind that are listed. */
const LIMIT = 1000;

/**
 * Re-hashes every entry into its tenant's tree, compares every stored tile, checks signatures and
 * heads, then every record and, with an opener, every commitment. Returns all that is wrong;
 * throws only where the source itself cannot be read.
 */
export async function verifyTrail(options: VerifyOptions): Promise<Report> {
  const { source, treeOnly = false, crew, limit = LIMIT } = options;
  const findings = openFindings(limit);
  const checks = openChecks(options, findings);
  for (const tenant of options.tenants ?? (await source.tenants())) await checks.of(tenant);
  await readRecords({
    source,
    crew: crew?.worth(0) ? crew : undefined,
    limit,
    from: (tenant) => (treeOnly ? (checks.all.get(tenant)?.tree.size() ?? 0) : 0),
    checkOf: checks.of,
    see: (item) => see(item, checks, { options, findings }),
    onRun: (check) => tell(options, check),
  });
  for (const [tenant, check] of checks.all) {
    const { tree, records } = check;
    const openings = treeOnly ? undefined : source.openings?.(tenant, tree.size());
    if (openings !== undefined) await records.openings(openings, progressOf(options, tree));
    if (source.records !== undefined) await records.finish();
    await tree.finish();
  }
  return report(checks.all, findings);
}

type Checks = {
  readonly all: ReadonlyMap<string, Check>;
  /** Makes those of a tenant at first use; undefined for a tenant that nobody asks about. */
  readonly of: (tenant: string) => Promise<Check> | Check | undefined;
};

function openChecks(options: VerifyOptions, findings: Findings): Checks {
  const { source, treeOnly = false, crew } = options;
  const wanted = options.tenants && new Set(options.tenants);
  const all = new Map<string, Check>();

  async function open(tenant: string): Promise<Check> {
    const vkey = options.vkeys?.[tenant];
    const tree = await openTreeCheck({ source, tenant, findings, vkey, crew });
    await tree.walk((done, total) => options.onProgress?.({ tenant, stage: 'tree', done, total }));
    const from = treeOnly ? tree.size() : 0;
    const opener = treeOnly ? undefined : options.opener;
    const { object } = source;
    const check = { tree, records: openRecordCheck({ tree, findings, opener, object, from }) };
    all.set(tenant, check);
    return check;
  }

  const of = (tenant: string) =>
    wanted?.has(tenant) === false ? undefined : (all.get(tenant) ?? open(tenant));
  return { all, of };
}

type Seeing = { readonly options: VerifyOptions; readonly findings: Findings };

function see(item: SourceRecord, checks: Checks, seeing: Seeing): Promise<void> | undefined {
  const tenant = 'record' in item ? item.record.tenant : item.damage.tenant;
  if (tenant === undefined) {
    if ('damage' in item) seeing.findings.add(item.damage);
    for (const { records } of checks.all.values())
      if ('damage' in item) records.damaged(item.damage);
    return undefined;
  }
  const check = checks.of(tenant);
  return check instanceof Promise
    ? check.then((made) => look(made, item, seeing))
    : check && look(check, item, seeing);
}

/** Records between two calls of the progress function. */
const PROGRESS_RECORDS = 1024;

function look(check: Check, item: SourceRecord, { options, findings }: Seeing) {
  const { records } = check;
  if ('damage' in item) {
    records.damaged(item.damage);
    findings.add(item.damage);
    return undefined;
  }
  const looking = records.record(item);
  if (records.counts().records % PROGRESS_RECORDS === 0) tell(options, check);
  return looking;
}

function tell({ onProgress }: VerifyOptions, { tree, records }: Check): void {
  const { records: done } = records.counts();
  onProgress?.({ tenant: tree.tenant, stage: 'records', done, total: tree.size() });
}

function progressOf({ onProgress }: VerifyOptions, { tenant, size }: TreeCheck) {
  return (done: number) => {
    if (done % PROGRESS_RECORDS > 0) return;
    onProgress?.({ tenant, stage: 'records', done, total: size() });
  };
}

function report(
  checks: ReadonlyMap<string, Check>,
  findings: ReturnType<typeof openFindings>,
): Report {
  const tenants = [...checks].map(([tenant, { tree, records }]) => ({
    tenant,
    ...tree.summary(),
    ...records.counts(),
  }));
  return { ok: findings.ok(), tenants, counts: findings.counts(), discrepancies: findings.list() };
}
