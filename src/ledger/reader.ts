/** Reads of a ledger: records from archive or journal, proofs and published files. */
import { TENANT } from '../event/event.ts';
import { Fault } from '../fault/fault.ts';
import type { Journal, JournalRecord } from '../journal/journal.ts';
import type { Signer } from '../seal/seal.ts';
import type { Store } from '../store/store.ts';
import type { Archive } from './archive.ts';
import { entryBytes } from './entry.ts';
import type { Ledger, SignedTree } from './ledger.ts';
import { formatVkey } from './note.ts';
import { encodeProof } from './proof.ts';
import { isPublishedPath, ledgerKey, publishedTiles } from './published.ts';
import { consistencyProof, inclusionProof } from './tree.ts';

export type ReaderOptions = {
  readonly store: Store;
  readonly journal: Journal;
  readonly archive: Archive;
  readonly signerFor: (tenant: string) => Promise<Signer>;
  /** How many of a tenant's records the archive holds by now. */
  readonly archived: (tenant: string) => number;
  readonly published: (tenant: string) => SignedTree | undefined;
};

type Reads =
  | 'record'
  | 'records'
  | 'recordsAt'
  | 'lookup'
  | 'checkpoint'
  | 'prove'
  | 'consistency'
  | 'file';

/** Journal records that are read at the same time. */
const FINDS = 64;

export function openReader(options: ReaderOptions): Pick<Ledger, Reads> {
  const { store, archive, published, signerFor } = options;
  const { records, recordsAt } = recordReader(options);

  return {
    records,
    recordsAt,
    record: async (tenant, index) => (await records(tenant, index, 1))[0],
    lookup: archive.lookup,
    checkpoint: published,
    async prove(tenant, index) {
      const { size, note } = requireCovered(published(tenant), tenant, index);
      const [record] = await records(tenant, index, 1);
      if (record === undefined) throw missing(tenant, index);
      const path = await inclusionProof(index, size, publishedTiles(store, tenant, size));
      const proof = encodeProof({ index, path, checkpoint: note });
      const vkey = formatVkey(await signerFor(tenant));
      return { proof, entry: entryBytes(record).toString(), vkey };
    },
    async consistency(tenant, from, to) {
      requireOrder(from, to);
      const { size } = requireCovered(published(tenant), tenant, to - 1);
      return consistencyProof(from, to, publishedTiles(store, tenant, size));
    },
    async file(tenant, path) {
      if (!TENANT.test(tenant) || !isPublishedPath(path)) return undefined;
      return store.get(ledgerKey(tenant, path));
    },
  };
}

function recordReader({
  journal,
  archive,
  archived,
}: ReaderOptions): Pick<Ledger, 'records' | 'recordsAt'> {
  async function find(tenant: string, index: number): Promise<JournalRecord | undefined> {
    const held = await journal.find(tenant, index);
    // It may have moved to the archive meanwhile.
    if (held !== undefined || index >= archived(tenant)) return held;
    return (await archive.records(tenant, index, 1))[0];
  }

  /** Those of the journal, some at a time. */
  async function findAll(tenant: string, indices: readonly number[]): Promise<JournalRecord[]> {
    const found: JournalRecord[] = [];
    for (let i = 0; i < indices.length; i += FINDS) {
      const some = indices.slice(i, i + FINDS).map((index) => find(tenant, index));
      found.push(...(await Promise.all(some)).filter((record) => record !== undefined));
    }
    return found;
  }

  return {
    async records(tenant, from, count) {
      if (!(Number.isSafeInteger(from) && from >= 0)) return [];
      const end = Math.min(from + count, journal.size(tenant));
      const split = Math.min(end, archived(tenant));
      const found = from < split ? await archive.records(tenant, from, split - from) : [];
      const first = Math.max(from, split);
      const rest = Array.from({ length: Math.max(0, end - first) }, (_, i) => first + i);
      found.push(...(await findAll(tenant, rest)));
      return found;
    },
    async recordsAt(tenant, indices) {
      const split = archived(tenant);
      const found = await archive.recordsAt(
        tenant,
        indices.filter((index) => index < split),
      );
      const rest = indices.filter((index) => index >= split);
      found.push(...(await findAll(tenant, rest)));
      return found;
    },
  };
}

function requireCovered(tree: SignedTree | undefined, tenant: string, index: number): SignedTree {
  if (tree !== undefined && index >= 0 && index < tree.size) return tree;
  throw new Fault('ledger.not_yet', `No checkpoint of ${tenant} covers index ${index} yet.`, {
    limit: tree?.size ?? 0,
    hint: 'Try again in a second: checkpoints follow the journal at an interval.',
  });
}

function requireOrder(from: number, to: number): void {
  if (Number.isSafeInteger(from) && Number.isSafeInteger(to) && from >= 1 && from <= to) return;
  throw new Fault('request.invalid', 'from must be a tree size between 1 and to.', {
    field: 'from',
    limit: to,
  });
}

function missing(tenant: string, index: number): Fault {
  return new Fault('ledger.damaged', `The record at index ${index} of ${tenant} is missing.`, {
    hint: 'Run `clawctl verify` for all that is missing; restore it from a copy.',
  });
}
