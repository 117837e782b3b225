/** Verifies a trail: the order of the checks, and what is reported. */
import type { Opener } from '../../seal/seal.ts';
import { type Discrepancy, type Kind, openFindings } from './finding.ts';
import { openRecordCheck, type RecordCheck } from './record.ts';
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

/**
 * Re-hashes every entry into its tenant's tree, compares every stored tile, checks signatures and
 * heads, then every record and, with an opener, every commitment. Returns all that is wrong;
 * throws only where the source itself cannot be read.
 */
export async function verifyTrail(options: VerifyOptions): Promise<Report> {
  const { source, treeOnly = false } = options;
  const { object } = source;
  const findings = openFindings(options.limit ?? 1000);
  const wanted = options.tenants && new Set(options.tenants);
  const checks = new Map<string, Check>();

  async function checkOf(tenant: string): Promise<Check> {
    const known = checks.get(tenant);
    if (known !== undefined) return known;
    const vkey = options.vkeys?.[tenant];
    const tree = await openTreeCheck({ source, tenant, findings, vkey });
    await tree.walk((done, total) => options.onProgress?.({ tenant, stage: 'tree', done, total }));
    const from = treeOnly ? tree.size() : 0;
    const opener = treeOnly ? undefined : options.opener;
    const check = { tree, records: openRecordCheck({ tree, findings, opener, object, from }) };
    checks.set(tenant, check);
    return check;
  }

  for (const tenant of wanted ?? (await source.tenants())) await checkOf(tenant);
  const items = source.records?.((tenant) =>
    treeOnly ? (checks.get(tenant)?.tree.size() ?? 0) : 0,
  );
  for await (const item of items ?? []) {
    const tenant = 'record' in item ? item.record.tenant : item.damage.tenant;
    if (tenant !== undefined && wanted?.has(tenant) === false) continue;
    if (tenant !== undefined) await see(await checkOf(tenant), item, options);
    if (!('damage' in item)) continue;
    findings.add(item.damage);
    if (tenant !== undefined) continue;
    for (const { records } of checks.values()) records.damaged(item.damage);
  }
  for (const [tenant, { tree, records }] of checks) {
    const openings = treeOnly ? undefined : source.openings?.(tenant, tree.size());
    if (openings !== undefined) await records.openings(openings, progressOf(options, tree));
    if (source.records !== undefined) records.finish();
    await tree.finish();
  }
  return report(checks, findings);
}

type Check = { readonly tree: TreeCheck; readonly records: RecordCheck };

/** Records between two calls of the progress function. */
const PROGRESS_RECORDS = 1024;

async function see(
  { tree, records }: Check,
  item: SourceRecord,
  { onProgress }: VerifyOptions,
): Promise<void> {
  if ('damage' in item) return records.damaged(item.damage);
  const seeing = records.record(item);
  if (seeing !== undefined) await seeing;
  const { records: done } = records.counts();
  if (done % PROGRESS_RECORDS > 0) return;
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
