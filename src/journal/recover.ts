/** Opens a journal's files: checks every frame, builds the index, cuts off what a crash tore. */
import { Fault } from '../fault/fault.ts';
import { type Disk, readFault, syncFault, writeFault } from '../store/disk.ts';
import { damaged, isTorn } from './damage.ts';
import { type FramePlace, framePlace } from './frame.ts';
import type { JournalBase } from './journal.ts';
import { isLogHeader, LOG_HEADER_BYTES, type Log, listLogs, newLog } from './log.ts';
import { baseSeq } from './order.ts';
import { walkFrames } from './walk.ts';

export type Recovered = {
  readonly logs: readonly Log[];
  /** Next index of each tenant. */
  readonly sizes: Map<string, number>;
  readonly head: number;
  readonly recovered_bytes: number;
};

type Folder = {
  readonly dir: string;
  readonly disk: Disk;
  readonly base: JournalBase;
  readonly onRecord?: OnRecord | undefined;
};

/** Told of each record in order. */
export type OnRecord = (place: Omit<FramePlace, 'synced'>) => void;

/**
 * What the folder holds; empty `logs` where it holds nothing yet. Throws `journal.damaged` for
 * what no crash explains, and `ledger.cut` where records are missing that `base` counts.
 */
export async function recoverLogs(folder: Folder): Promise<Recovered> {
  return recover(folder).catch((error) => {
    throw readFault(error, `the journal folder ${folder.dir}`);
  });
}

async function recover({ dir, disk, base, onRecord }: Folder): Promise<Recovered> {
  const { used, unused } = await logsIn(dir, disk);
  const newest = unused.at(-1);
  // Where a later one was written to, the disk refused this file to the journal, which went on.
  const next = newest !== undefined && newest > (used.at(-1) ?? -1) ? newest : undefined;
  const logs: Log[] = [];
  const order: Order = { head: used[0] ?? next ?? baseSeq(base), sizes: new Map() };
  let recovered_bytes = 0;
  const opening = { disk, order, next, onRecord };
  for (const [place, first] of used.entries()) {
    const log = newLog(dir, first);
    requireNext(log, order);
    const last = place === used.length - 1;
    recovered_bytes += await recoverLog({ ...opening, log, last });
    logs.push(log);
  }
  const log = next !== undefined && next >= order.head ? newLog(dir, next) : undefined;
  if (log !== undefined) {
    requireNext(log, order);
    recovered_bytes += await recoverLog({ ...opening, log, last: true });
    if (log.bytes > 0) logs.push(log);
  }
  requireBase(base, logs);
  const kept = logs.at(-1)?.first;
  for (const first of unused) if (first !== kept) await remove(disk, newLog(dir, first));
  const sizes = new Map([...Object.entries(base.sizes), ...order.sizes]);
  return { logs, sizes, head: order.head, recovered_bytes };
}

/** Files with records or damage, and those that hold no more than a header, each in order. */
async function logsIn(dir: string, disk: Disk) {
  const used: number[] = [];
  const unused: number[] = [];
  for (const first of await listLogs(disk, dir)) {
    const file = await disk.open(newLog(dir, first).path, 'read');
    const size = await disk.size(file).finally(() => disk.close(file));
    (size > LOG_HEADER_BYTES ? used : unused).push(first);
  }
  return { used, unused };
}

function requireNext({ name, first }: Log, { head }: Order): void {
  if (first === head) return;
  throw damaged({ file: name, offset: 0, seq: head, problem: 'does not go on' });
}

/** It would stand in the way of the records that go on in the file before it. */
async function remove(disk: Disk, { path, name }: Log): Promise<void> {
  await disk.remove(path).catch((error) => {
    throw writeFault(error, `the journal file ${name}`);
  });
}

/** What is known of the order so far: the next seq, and the next index of each tenant. */
type Order = { head: number; readonly sizes: Map<string, number> };

type Opening = {
  readonly disk: Disk;
  readonly log: Log;
  readonly order: Order;
  readonly last: boolean;
  /** The first seq of a file after all others that no record was written to. */
  readonly next: number | undefined;
  readonly onRecord: OnRecord | undefined;
};

/** Reads one file into its index; how many bytes it cut off. A file without any is dropped. */
async function recoverLog(opening: Opening): Promise<number> {
  const { disk, log, last } = opening;
  const file = await disk.open(log.path, last ? 'write' : 'read');
  try {
    const size = await disk.size(file);
    const header = Buffer.alloc(Math.min(size, LOG_HEADER_BYTES));
    await disk.read(file, header, 0);
    if (!isLogHeader(header, log.first)) {
      // A new file is synced with its header before its first record: it was never used.
      if (!last || size > LOG_HEADER_BYTES) {
        throw damaged({ file: log.name, offset: 0, seq: log.first, problem: 'has no header' });
      }
      log.bytes = 0;
      return size;
    }
    const tail = await indexFrames(opening, file, size);
    log.bytes = tail?.offset ?? size;
    if (tail !== undefined) await requireTorn(opening, file, tail);
    if (last) await makeDurable(opening, file, size);
    return size - log.bytes;
  } finally {
    await disk.close(file);
  }
}

/** The first damaged range, and what the frames after it prove. */
type Tail = { readonly offset: number; readonly bytes: number; followers: number; synced: number };

async function indexFrames(
  { disk, log, order, onRecord }: Opening,
  file: number,
  to: number,
): Promise<Tail | undefined> {
  let tail: Tail | undefined;
  for await (const { window, found } of walkFrames({ disk, file, from: LOG_HEADER_BYTES, to })) {
    for (const item of found) {
      const { offset, bytes } = item;
      if (item.kind === 'damage') {
        tail ??= { offset, bytes, followers: 0, synced: 0 };
        continue;
      }
      const place = framePlace(window, item.at);
      if (tail === undefined) {
        addFrame(log, order, { place, offset });
        onRecord?.(place);
      } else {
        tail.followers++;
        tail.synced = Math.max(tail.synced, place.synced);
      }
    }
  }
  return tail;
}

type FoundFrame = { readonly place: FramePlace; readonly offset: number };

function addFrame(log: Log, order: Order, { place, offset }: FoundFrame): void {
  const { seq, index, tenant } = place;
  const next = order.sizes.get(tenant) ?? index;
  if (seq !== order.head || index !== next) {
    const problem = seq === order.head ? `skips to index ${index} of a tenant` : `has seq ${seq}`;
    throw damaged({ file: log.name, offset, seq: order.head, problem });
  }
  log.offsets.add(tenant, index, offset);
  order.sizes.set(tenant, index + 1);
  order.head++;
}

async function requireTorn(
  { disk, log, order, last, next = 0 }: Opening,
  file: number,
  tail: Tail,
) {
  const { offset, synced } = tail;
  const bytes = Buffer.alloc(tail.bytes);
  await disk.read(file, bytes, offset);
  const broken = { offset, bytes, last: tail.followers === 0, seq: order.head, synced };
  // Before a later file was made, all that came before it was durable.
  if (last && order.head >= next && isTorn(broken)) return;
  throw damaged({ file: log.name, offset, seq: order.head, problem: 'is damaged' });
}

/**
 * Records that a killed process wrote but never synced are about to be served, so they become
 * durable first. They are written again before: after a sync that failed, the kernel takes pages
 * that never reached the disk for clean, and syncs nothing.
 */
async function makeDurable({ disk, log, order }: Opening, file: number, size: number) {
  try {
    if (size > log.bytes) await disk.truncate(file, log.bytes);
    const unproven = Math.max(0, (await lastSynced(disk, log, file)) - log.first);
    const begin = unproven < log.offsets.count() ? log.offsets.offset(unproven) : log.bytes;
    // Without a record that proves it, the header may be lost in the same way.
    const from = unproven === 0 ? 0 : begin;
    const bytes = Buffer.alloc(log.bytes - from);
    await disk.read(file, bytes, from);
    await disk.write(file, [bytes], from);
  } catch (error) {
    throw writeFault(error, `the journal file ${log.name} up to seq ${order.head}`);
  }
  await disk.sync(file).catch((error) => {
    throw syncFault(error, `the journal file ${log.name}`);
  });
}

/** Below which seq the file's last frame knew everything durable. */
async function lastSynced(disk: Disk, log: Log, file: number): Promise<number> {
  const count = log.offsets.count();
  if (count === 0) return log.first;
  const from = log.offsets.offset(count - 1);
  const frame = Buffer.alloc(log.bytes - from);
  await disk.read(file, frame, from);
  return framePlace(frame, 0).synced;
}

/**
 * What came before the first file is counted by `base`, or a file is missing: the first seq is
 * the number of all records before it, and no tenant begins here after more than `base` knows.
 */
function requireBase(base: JournalBase, logs: readonly Log[]): void {
  const [first] = logs;
  if (first === undefined) return;
  const known = new Map(Object.entries(base.sizes));
  const before = new Map(known);
  for (const log of [...logs].reverse()) {
    for (const [tenant, index] of log.offsets.firsts()) before.set(tenant, index);
  }
  const missing = [...before].some(([tenant, index]) => index > (known.get(tenant) ?? 0));
  const counted = [...before.values()].reduce((sum, size) => sum + size, 0);
  if (counted === first.first && !missing) return;
  throw new Fault(
    counted > first.first ? 'ledger.cut' : 'journal.damaged',
    `The journal begins at seq ${first.first}, and not all records before it are accounted for.`,
    {
      hint:
        'Journal, archive and ledger are not of one trail: put them back from one backup, ' +
        'and run "clawctl verify".',
    },
  );
}
