/** Checks a tenant's sealed records against the entries of its tree, and that none is missing. */
import { Fault } from '../../fault/fault.ts';
import type { JournalRecord } from '../../journal/journal.ts';
import type { Opened, Opener, Unopened } from '../../seal/seal.ts';
import { entryBytes, isEntryOf } from '../entry.ts';
import { headKey } from '../head.ts';
import type { CheckedRun } from './crew.ts';
import type { Discrepancy } from './finding.ts';
import { checkObjects, type ObjectCheckOptions } from './object.ts';
import { type OpeningCheck, type OpeningCounts, openOpeningCheck } from './opening.ts';
import type { SourceRecord } from './source.ts';
import type { TreeCheck } from './tree.ts';

/** What records are checked against. */
export type RecordTree = Omit<TreeCheck, 'walk' | 'holds' | 'finish' | 'summary'>;

export type RecordCheckOptions = ObjectCheckOptions & {
  readonly tree: RecordTree;
  /** The first index that is looked at. */
  readonly from: number;
};

export type RecordCounts = OpeningCounts & {
  readonly records: number;
  readonly pending: number;
};

type Damage = Extract<SourceRecord, { readonly damage: Discrepancy }>;
type Held = Exclude<SourceRecord, Damage>;

export type RecordCheck = Pick<OpeningCheck, 'openings'> & {
  /** Records come in order of their index; the journal may give archived ones again. */
  readonly record: (held: Held) => Promise<void> | undefined;
  /** The index that comes next. */
  readonly next: () => number;
  /** Takes the run that begins with the next index. */
  readonly absorb: (run: CheckedRun) => void;
  /** Bytes that hold no record, reported already: what is missing next was in them. */
  readonly damaged: (damage: Discrepancy) => void;
  /** After the last record: whether all that was signed was there. */
  readonly finish: () => Promise<void>;
  readonly counts: () => RecordCounts;
};

export function openRecordCheck(options: RecordCheckOptions): RecordCheck {
  const { tree, opener, from } = options;
  const openings = openOpeningCheck(options);
  const run: Run = { next: from, archived: 0, nextInJournal: undefined, broken: undefined };
  let records = 0;

  /** Opens a record that is seen for the first time, and what it keeps apart. */
  function look(record: JournalRecord): Promise<void> | undefined {
    records++;
    if (opener === undefined) return undefined;
    const opened = open(opener, record);
    const told = (opened: Opened | Unopened) => {
      openings.report(record, record.index, opened);
      return checkObjects(options, record, opened);
    };
    if ('bytes' in opened || opened.problem === 'erased' || !opener.refresh) return told(opened);
    // A running server may have made its key since the keys were read.
    return opener.refresh(record.tenant).then((more) => told(more ? open(opener, record) : opened));
  }

  return {
    openings: openings.openings,
    record(held) {
      const { index } = held.record;
      if (index < from) return undefined;
      checkPlace(options, run, held);
      if (index < run.next) return compare(options, held);
      run.next = index + 1;
      return both(look(held.record), compare(options, held));
    },
    next: () => run.next,
    absorb(checked) {
      run.next = checked.end;
      records += checked.records;
      openings.absorb(checked);
      options.findings.absorb(checked.found);
    },
    damaged(damage) {
      const { index, count = 1, kind } = damage;
      if (kind === 'missing') return;
      if (index === undefined) run.broken = damage;
      else if (index === run.next) run.next += count;
    },
    finish: () => reportBeyondHead(options, run).then(() => reportEnd(options, run)),
    counts: () => {
      const pending = Math.max(0, run.next - Math.max(from, tree.signed()));
      return { records, ...openings.counts(), pending };
    },
  };
}

/** How far the records have come. */
type Run = {
  next: number;
  /** The index after the last that came from the archive one by one. */
  archived: number;
  nextInJournal: number | undefined;
  /** Damage that may explain what is missing next. */
  broken: Discrepancy | undefined;
};

/** Reports what lies between a record and the one before it in the same place, or before all. */
function checkPlace(options: RecordCheckOptions, run: Run, { record, place }: Held): void {
  const { index } = record;
  if (place === 'archive') run.archived = index + 1;
  const inJournal = place === 'journal' && run.broken !== undefined ? run.nextInJournal : undefined;
  const gap = { from: Math.min(run.next, inJournal ?? run.next), to: index, broken: run.broken };
  if (place === 'journal') run.nextInJournal = index + 1;
  if (gap.from >= gap.to) return;
  reportGap(options, gap);
  run.broken = undefined;
}

/** Waits only where there is something to wait for: most records need no promise. */
function both(one?: Promise<void>, other?: Promise<void>): Promise<void> | undefined {
  return one && other ? Promise.all([one, other]).then(() => undefined) : (one ?? other);
}

/** Grows the tree by a record that is not published; compares any other with its entry. */
function compare(options: RecordCheckOptions, { record, file }: Held): Promise<void> | undefined {
  const { tree, findings } = options;
  const { tenant, index } = record;
  if (index === tree.size()) return tree.append(entryBytes(record));
  if (index > tree.size()) return undefined;

  function check(entry: Buffer | undefined): void {
    if (entry === undefined || isEntryOf(entry, record)) return;
    const message = `The record at index ${index} is not the one that its entry names.`;
    findings.add({ tenant, kind: 'tampered', index, file, message });
  }

  const entry = tree.entry(index);
  if (entry instanceof Promise) return entry.then(check);
  check(entry);
  return undefined;
}

function open(opener: Opener, record: JournalRecord): Opened | Unopened {
  try {
    return opener.open(record);
  } catch (error) {
    if (error instanceof Fault && error.blame === 'evidence') return { problem: 'tampered' };
    throw error;
  }
}

type Gap = { readonly from: number; readonly to: number; readonly broken: Discrepancy | undefined };

function reportGap({ tree, findings }: RecordCheckOptions, { from, to, broken }: Gap): void {
  const { tenant } = tree;
  const [what, count] = [`Records ${from} to ${to - 1} are`, to - from];
  if (broken?.file === undefined) {
    findings.add({ tenant, kind: 'missing', index: from, count, message: `${what} missing.` });
    return;
  }
  const { file } = broken;
  findings.add({ tenant, kind: 'tampered', index: from, count, file, message: `${what} damaged.` });
}

/** Records are signed before they are archived, by a running server too: who asks late sees it. */
async function reportBeyondHead(
  { tree, findings }: RecordCheckOptions,
  { archived }: Run,
): Promise<void> {
  if (archived <= tree.signed()) return;
  const { tenant } = tree;
  const index = await tree.signedNow();
  if (archived <= index) return;
  const message = `The archive holds record ${index}, but no head covers it: it was rolled back.`;
  findings.add({ tenant, kind: 'truncated', index, file: headKey(tenant), message });
}

type End = { readonly next: number; readonly broken: Discrepancy | undefined };

function reportEnd({ tree, findings }: RecordCheckOptions, { next, broken }: End): void {
  const { tenant } = tree;
  const [signed, published] = [tree.signed(), tree.published()];
  if (next > published) {
    const count = next - published;
    const message = `${count} records from index ${published} on are not published yet.`;
    findings.add({ tenant, kind: 'pending', index: published, count, message });
  }
  if (next >= signed) return;
  const count = signed - next;
  const message = `${count} records from index ${next} on were signed and are not there.`;
  const file = broken?.file === undefined ? {} : { file: broken.file };
  findings.add({ tenant, kind: 'truncated', index: next, count, ...file, message });
}
