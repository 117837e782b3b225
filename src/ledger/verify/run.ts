/** Checks one archive segment by itself: what a thread does of a whole trail's records. */
import type { Opener } from '../../seal/seal.ts';
import type { Store } from '../../store/store.ts';
import { ledgerKey } from '../published.ts';
import { bundleReader } from './bundle.ts';
import type { CheckedRun, RunCheck } from './crew.ts';
import { openFindings } from './finding.ts';
import { openRecordCheck } from './record.ts';
import { readSegment } from './segment.ts';

export type RunOptions = { readonly store: Store; readonly opener: Opener | undefined };

/**
 * What a segment's records are, if they are all there and their file is whole. Anything else is
 * undefined: what it means depends on what stands before, and whoever reads in order says it.
 */
export async function checkRun(
  { store, opener }: RunOptions,
  { segment, published, limit }: RunCheck,
): Promise<CheckedRun | undefined> {
  const { tenant, first, count } = segment;
  const findings = openFindings(limit);
  const tree = {
    tenant,
    size: () => published,
    signed: () => published,
    signedNow: async () => published,
    published: () => published,
    append: () => undefined,
    entry: bundleReader(published, (path) => store.get(ledgerKey(tenant, path))),
  };
  const object = (key: string) => store.get(key);
  const records = openRecordCheck({ tree, findings, opener, object, from: first });
  for await (const part of readSegment(store, segment)) {
    for (const item of part) {
      if ('damage' in item) return undefined;
      const seeing = records.record(item);
      if (seeing !== undefined) await seeing;
    }
  }
  const end = first + count;
  if (records.next() !== end) return undefined;
  const found = { counts: findings.counts(), list: findings.list() };
  const { records: read, opened, erased } = records.counts();
  return { end, records: read, opened, erased, found };
}
