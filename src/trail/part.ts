/** Opens what a trail is made of, in the order in which each needs the ones before it. */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Engine } from '../engine/engine.ts';
import { openMemoryEngine } from '../engine/memory.ts';
import { openSqliteEngine } from '../engine/sqlite.ts';
import { Fault } from '../fault/fault.ts';
import { openFileJournal } from '../journal/file.ts';
import type { Journal } from '../journal/journal.ts';
import { openLedger } from '../ledger/follow.ts';
import { journalBase } from '../ledger/head.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { pooledEntropy } from '../seal/entropy.ts';
import { type Keyring, openKeyring } from '../seal/keyring.ts';
import { makeRootKey, type RootKey, readRootKey } from '../seal/root.ts';
import { type Disk, realDisk } from '../store/disk.ts';
import { openFileStore } from '../store/file.ts';
import { claimFolder } from '../store/folder.ts';
import { lockFolder } from '../store/lock.ts';
import type { Store } from '../store/store.ts';
import type { Config } from './config.ts';
import type { OnIdle } from './door.ts';
import { type Fresh, openFresh } from './fresh.ts';
import { type Indexer, openIndexer } from './indexer.ts';
import { openRecent, type Recent } from './recent.ts';

export type Parts = {
  /** The data folder, absolute. */
  readonly data: string;
  readonly store: Store;
  readonly keyring: Keyring;
  readonly journal: Journal;
  readonly recent: Recent;
  readonly ledger: Ledger;
  readonly engine: Engine;
  readonly indexer: Indexer;
  readonly fresh: Fresh;
  /** Signs links by which a person may vote on an approval. */
  readonly linkKey: Buffer;
  /** Makes the ids of what nobody saw: nobody else can take one before. */
  readonly gapKey: Buffer;
  /** In the order opposite to that of opening; each step runs whatever the others do. */
  readonly close: () => Promise<void>;
};

export type PartOptions = {
  readonly config: Config;
  readonly version: string;
  readonly now: () => number;
  /** Told of what fails in the background: a full disk, a lost index. */
  readonly onFault: (fault: Fault) => void;
  readonly onIdle?: OnIdle;
  /** `rebuild`: the index is made anew from journal and archive; `memory`: and never on a disk. */
  readonly index?: 'keep' | 'rebuild' | 'memory';
  /** What journal and store write to; the machine's own where absent. */
  readonly disk?: Disk;
};

/** Bytes of plaintext that stay in memory when the index has read them, and until then. */
const READ_BYTES = 16 * 1024 * 1024;
const UNREAD_BYTES = 96 * 1024 * 1024;
/** Archive segments that stay open: a session's records are in many of them. */
const OPENED_FILES = 128;
const NEVER_READ = Number.MAX_SAFE_INTEGER;

/**
 * Throws `data.locked`, `data.newer`, `seal.root_key`, `journal.damaged`, `ledger.cut` and the
 * like, each with the way out; nothing stays open then.
 */
export async function openParts(options: PartOptions): Promise<Parts> {
  const data = resolve(options.config.data);
  const closers: (() => unknown)[] = [];
  const close = async (): Promise<void> => {
    const failures: unknown[] = [];
    for (const closer of closers.toReversed()) {
      try {
        await closer();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  };
  try {
    return { ...(await open(options, data, closers)), data, close };
  } catch (error) {
    await close().catch(() => undefined);
    throw error;
  }
}

async function open(
  options: PartOptions,
  data: string,
  closers: (() => unknown)[],
): Promise<Omit<Parts, 'data' | 'close'>> {
  const { config, now, onFault, disk = realDisk } = options;
  const { store, root, keyring } = await openKeys(options, data, closers);
  // Its threads load while journal and ledger are read; nothing is asked of it before.
  const recordsAt: Ledger['recordsAt'] = (...at) => ledger.recordsAt(...at);
  const opening = openIndex(options, { data, root, recordsAt, keyring });
  const closed = opening.then(
    (engine) => engine.close,
    () => () => undefined,
  );
  closers.push(async () => (await closed)());
  const base = await journalBase(store);
  const recent = openRecent();
  const journal = await openFileJournal({
    ...{ dir: join(data, 'journal'), base, disk },
    file_bytes: config.journal_file_bytes,
    onRecord: recent.add,
  });
  closers.push(journal.close);
  let indexer: Indexer | undefined;
  // An index that has failed reads nothing any more: it must not hold anything back.
  const indexed = () => (indexer?.failure() ? NEVER_READ : (indexer?.cursor() ?? 0));
  const ledger: Ledger = await openLedger({
    ...{ store, journal, signerFor: keyring.signer, now, onFault },
    interval_ms: config.checkpoint_interval_ms,
    archive: { segment_bytes: config.archive_segment_bytes, segment_records: 65_536 },
    keepFrom: () => indexed(),
  });
  closers.push(ledger.close);
  const engine = await opening;
  const bounds = { read_bytes: READ_BYTES, unread_bytes: UNREAD_BYTES };
  const fresh = openFresh({ read: indexed, ...bounds });
  const content = { records: ledger, opener: keyring, fresh };
  indexer = await openIndexer({ ...content, journal, engine, onFault });
  closers.push(indexer.close);
  const secrets = { linkKey: root.derive('approval-link'), gapKey: root.derive('gap-id') };
  return { store, keyring, journal, recent, ledger, engine, indexer, fresh, ...secrets };
}

/** The folder, claimed by this process, and the keys in it. */
async function openKeys(options: PartOptions, data: string, closers: (() => unknown)[]) {
  const { config, disk = realDisk } = options;
  makeFolder(data);
  closers.push(lockFolder(data).release);
  const store = openFileStore({ root: data, disk, opened_files: OPENED_FILES });
  closers.push(store.close);
  await claimFolder(data, `claw ${options.version}`, store);
  // Events are sealed with these keys, and records leave the journal by these heads.
  for (const folder of ['keys/', 'head/']) await store.settle(folder);
  const root = rootKey(data);
  const origin = config.origin ?? `claw-${root.derive('origin').toString('hex').slice(0, 12)}`;
  const keyring = await openKeyring({ store, root, entropy: pooledEntropy(), origin });
  closers.push(keyring.close);
  return { store, root, keyring };
}

function makeFolder(data: string): void {
  try {
    mkdirSync(data, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new Fault('data.unwritable', `The data folder ${data} cannot be made.`, {
      hint: 'Name another one with --data, or make this one for the user that runs Claw.',
      cause,
    });
  }
}

/** A new key only for a new folder: beside existing data it would hide that the old one is gone. */
function rootKey(data: string): RootKey {
  const path = join(data, 'keys', 'root.key');
  const used = existsSync(join(data, 'journal')) && readdirSync(join(data, 'journal')).length > 0;
  if (!existsSync(path) && !used) makeRootKey(path, randomBytes);
  return readRootKey(path);
}

type IndexNeeds = {
  readonly data: string;
  readonly root: RootKey;
  readonly recordsAt: Ledger['recordsAt'];
  readonly keyring: Keyring;
};

async function openIndex(
  { config, now, index }: PartOptions,
  { data, root, recordsAt, keyring }: IndexNeeds,
): Promise<Engine> {
  const dir = join(data, 'index');
  const call_timeout_ms = config.call_timeout_s * 1000;
  if (index === 'memory') return openMemoryEngine({ call_timeout_ms, now });
  if (index === 'rebuild') rmSync(dir, { recursive: true, force: true });
  return openSqliteEngine({
    dir,
    key: root.derive('index'),
    readers: config.search_readers,
    query_timeout_ms: config.search_timeout_ms,
    call_timeout_ms,
    now,
    fetch: async (tenant, indices) => {
      const ascending = [...new Set(indices)].sort((a, b) => a - b);
      return (await recordsAt(tenant, ascending)).flatMap((record) => {
        const opened = keyring.open(record);
        if (!('bytes' in opened)) return [];
        return [{ tenant, index: record.index, seq: record.seq, event: opened.bytes }];
      });
    },
  });
}
