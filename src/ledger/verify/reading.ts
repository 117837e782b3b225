/** Reads a source's records in order; what threads can check by themselves is not read here. */
import type { CheckedRun, Crew } from './crew.ts';
import type { RecordCheck } from './record.ts';
import type { Segment, Source, SourceRecord } from './source.ts';
import type { TreeCheck } from './tree.ts';

export type ReadingOptions = {
  readonly source: Source;
  /** Absent where there is too little to read. */
  readonly crew: Crew | undefined;
  /** The index of each tenant that is read first. */
  readonly from: (tenant: string) => number;
  /** The checks of a tenant, or undefined where nobody asks about it. */
  readonly checkOf: (tenant: string) => Promise<Check> | Check | undefined;
  /** Called with each record or damage in order. */
  readonly see: (item: SourceRecord) => Promise<void> | undefined;
  /** Called after each run of records that was not seen one by one. */
  readonly onRun: (check: Check) => void;
  readonly limit: number;
};

/** What is checked of a tenant. */
export type Check = { readonly tree: TreeCheck; readonly records: RecordCheck };

export async function readRecords(options: ReadingOptions): Promise<void> {
  const { source, crew, from, see } = options;
  const ahead: Ahead[] = [];
  for await (const part of source.records?.(from) ?? []) {
    if ('name' in part) {
      const check = await options.checkOf(part.name.tenant);
      if (check === undefined) continue;
      ahead.push({ segment: part, check, run: runOf(options, part, check) });
      while (ahead.length >= (crew?.jobs ?? 1)) await take(options, ahead.shift() as Ahead);
    } else {
      while (ahead.length > 0) await take(options, ahead.shift() as Ahead);
      await seeAll(part, see);
    }
  }
  while (ahead.length > 0) await take(options, ahead.shift() as Ahead);
}

/** A segment, and what a thread says of it, where one is asked. */
type Ahead = {
  readonly segment: Segment;
  readonly check: Check;
  readonly run: Promise<CheckedRun | undefined> | undefined;
};

function runOf({ crew, from, limit }: ReadingOptions, { name }: Segment, { tree }: Check) {
  const { first, count } = name;
  const end = first + count;
  const alone = first >= from(name.tenant) && end <= tree.signed() && tree.holds(first, end);
  if (!alone) return undefined;
  const run = crew?.run({ segment: name, published: tree.published(), limit });
  // Whoever awaits it sees the failure; nobody may, after an earlier one.
  run?.catch(() => undefined);
  return run;
}

/** Where a thread found nothing that concerns others, and nothing is missing before: done. */
async function take(options: ReadingOptions, { segment, check, run }: Ahead): Promise<void> {
  const checked = await run;
  if (checked !== undefined && check.records.next() === segment.name.first) {
    check.records.absorb(checked);
    options.onRun(check);
    return;
  }
  for await (const part of segment.read()) await seeAll(part, options.see);
}

/** Waits only where there is something to wait for: most records need no promise. */
async function seeAll(items: readonly SourceRecord[], see: ReadingOptions['see']): Promise<void> {
  for (const item of items) {
    const seeing = see(item);
    if (seeing !== undefined) await seeing;
  }
}
