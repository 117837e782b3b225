/** Applies records to the files, in order, so that a crash at any time loses nothing. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { Fault } from '../../fault/fault.ts';
import type { EngineOptions, EngineRecord, EngineStatus, Haste } from '../engine.ts';
import { openCalls } from './calls.ts';
import {
  basesIn,
  type FileInfo,
  fileName,
  isUnborn,
  type Place,
  REINDEX,
  removeFile,
} from './file.ts';
import { factOfRecord, gather } from './gather.ts';
import { settle } from './settle.ts';
import { createVolume, FILE_ROWS, openVolume, type Volume } from './volume.ts';

export type WriterOptions = EngineOptions & {
  /** Facts after which a new file begins; at most and by default about a million. */
  readonly rows_per_file?: number;
};

/** What readers need to know of the files. */
export type View = { readonly files: readonly FileInfo[]; readonly cursor: number };

export type Writer = {
  /** One call at a time. After a failure the writer is closed and opened again. */
  readonly apply: (records: readonly EngineRecord[], haste?: Haste) => Promise<void>;
  readonly view: () => View;
  readonly status: () => EngineStatus;
  readonly close: () => void;
};

/** Records that are parsed at once: few enough to be young garbage. */
const STEP = 1000;

/**
 * Records after which this thread rests where nobody waits for them, and for how long. A scheduler
 * takes the processor from a busy thread every few milliseconds at best: on two processors whoever
 * records or decides meanwhile waits that long (decisions' p99, medians of four: 11.7 ms, and 9.3).
 */
const CALM_STEP = 8;
const REST_MS = 1;
/** With more at once, more is behind them: then the index catches up first. */
const CALM_RECORDS = 400;
const nobody = new Int32Array(new SharedArrayBuffer(4));

/** Opens every file of the folder. Throws `engine.damaged` where one is missing or unreadable. */
export function openWriter(place: Place, options: WriterOptions): Writer {
  const facts = Math.min(options.rows_per_file ?? FILE_ROWS, FILE_ROWS);
  const volumes = openVolumes(place);
  const calls = openCalls(volumes, options.now());
  restAll(volumes);
  const cursor = () => volumes.at(-1)?.state().cursor ?? 0;

  const writeSome = async (records: readonly EngineRecord[]): Promise<Iterable<Volume>> => {
    const { fetch, now, call_timeout_ms } = options;
    const now_ms = now();
    const groups = await gather(records.map(factOfRecord), { calls, volumes, fetch, now_ms });
    const outcome = settle(groups, { calls, volumes, now_ms, call_timeout_ms });
    for (const [volume, batch] of outcome.batches) volume.write(batch);
    for (const key of outcome.closed) calls.remove(key);
    for (const group of outcome.open) calls.put(group);
    return outcome.batches.keys();
  };

  const applyPart = async ({ records, current, haste }: Part): Promise<void> => {
    const written = new Set<Volume>();
    const calm = haste === 'calm' && records.length <= CALM_RECORDS;
    const step = calm ? CALM_STEP : STEP;
    for (let from = 0; from < records.length; from += step) {
      if (calm && from > 0) Atomics.wait(nobody, 0, 0, REST_MS);
      for (const one of await writeSome(records.slice(from, from + step))) written.add(one);
    }
    // Older files first, the cursor last: what a crash cuts off is applied again, to no effect.
    for (const volume of written) if (volume !== current) volume.commit({});
    current.commit({ cursor: (records.at(-1)?.seq ?? 0) + 1 });
  };

  return {
    apply: async (records, haste = 'soon') => {
      let left = records.filter((record) => record.seq >= cursor());
      for (let first = left[0]; first !== undefined; first = left[0]) {
        const current = volumeFor(first.seq, { place, volumes, facts });
        const fits = left.findIndex((record) => record.seq - current.base >= facts);
        const count = fits < 0 ? left.length : fits;
        await applyPart({ records: left.slice(0, count), current, haste });
        left = left.slice(count);
      }
      restAll(volumes);
    },
    view: () => ({ files: volumes.map((volume) => infoOf(volume)), cursor: cursor() }),
    status: () => statusOf(place, volumes, { cursor: cursor(), open_calls: calls.size() }),
    close: () => {
      for (const volume of volumes) volume.close();
    },
  };
}

type Part = {
  readonly records: readonly EngineRecord[];
  /** The file that they begin in. */
  readonly current: Volume;
  readonly haste: Haste;
};

function restAll(volumes: readonly Volume[]): void {
  for (const volume of volumes) volume.rest();
}

type Shelf = { readonly place: Place; readonly volumes: Volume[]; readonly facts: number };

/** The file that takes a record; begins the next one where the last is full. */
function volumeFor(seq: number, { place, volumes, facts }: Shelf): Volume {
  for (;;) {
    const last = volumes.at(-1);
    const end = last?.state().end;
    if (last !== undefined && end === undefined && seq - last.base < facts) return last;
    if (end === undefined) last?.commit({ end: seq });
    const first = volumes[0]?.base ?? seq;
    volumes.push(createVolume(place, { base: end ?? seq, first, facts }));
  }
}

function infoOf(volume: Volume): FileInfo {
  const { base, min_ms, max_ms } = volume.state();
  return { base, min_ms, max_ms };
}

function openVolumes(place: Place): Volume[] {
  const bases = basesIn(place.dir);
  const newest = bases.at(-1);
  if (newest !== undefined && isUnborn(place, newest)) {
    removeFile(place, newest);
    bases.pop();
  }
  const volumes = bases.map((base) => openVolume(place, base));
  volumes.forEach((volume, i) => {
    const before = volumes[i - 1]?.state().end ?? volume.state().first;
    if (before !== volume.base) throw missingFile(before);
  });
  return volumes;
}

function missingFile(base: number): Fault {
  return new Fault('engine.damaged', `Index file ${fileName(base)} is missing.`, REINDEX);
}

function statusOf(
  { dir }: Place,
  volumes: readonly Volume[],
  rest: Pick<EngineStatus, 'cursor' | 'open_calls'>,
): EngineStatus {
  const states = volumes.map((volume) => volume.state());
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  return {
    ...rest,
    files: volumes.length,
    bytes: sum(volumes.map(({ base }) => bytesOf(join(dir, fileName(base))))),
    rows: sum(states.map((state) => state.rows)) + rest.open_calls,
    cut_rows: sum(states.map((state) => state.cut_rows)),
  };
}

function bytesOf(path: string): number {
  return ['', '-wal'].reduce((bytes, suffix) => {
    return bytes + (statSync(path + suffix, { throwIfNoEntry: false })?.size ?? 0);
  }, 0);
}
