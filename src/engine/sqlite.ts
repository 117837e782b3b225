/** The engine on one machine: encrypted SQLite files, written by a thread, read by processes. */
import { mkdirSync } from 'node:fs';
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { Fault } from '../fault/fault.ts';
import { writeFault } from '../store/disk.ts';
import type { Answer, Engine, EngineOptions, EngineStatus, Query } from './engine.ts';
import { openLink } from './sqlite/link.ts';
import { pack, transferOf } from './sqlite/pack.ts';
import { type Asker, closing, openPool, shareOf } from './sqlite/pool.ts';
import { startReader } from './sqlite/process.ts';
import type { Question } from './sqlite/reader.ts';
import { type Counting, groupsOf, spread } from './sqlite/spread.ts';
import type { FetchAsk, WorkerStart, WriteAsk } from './sqlite/worker.ts';
import type { View } from './sqlite/writer.ts';

export type SqliteEngineOptions = EngineOptions & {
  /** Folder of the index files; made with mode 0700 where there is none. */
  readonly dir: string;
  /** 32 bytes; everything in the folder is encrypted and authenticated with it. */
  readonly key: Uint8Array;
  /** The most processes that answer questions at once; 2 by default. */
  readonly readers?: number;
  /** Facts after which a new file begins; at most and by default 1,048,576. */
  readonly rows_per_file?: number;
  /** The longest that a question may take, in milliseconds; 10,000 by default. */
  readonly query_timeout_ms?: number;
};

/** Room for a batch's objects, so that few of them outlive a collection. */
const YOUNG_MB = 16;
/** Bytes of the key. */
const KEY_BYTES = 32;

/**
 * Opens the index in a folder, or begins one. Throws `engine.damaged` where a file is unreadable
 * or missing: the folder is then to be emptied and filled again from the journal.
 */
export async function openSqliteEngine(options: SqliteEngineOptions): Promise<Engine> {
  if (options.key.byteLength !== KEY_BYTES) {
    throw new Fault('config.invalid', `The index key must be ${KEY_BYTES} bytes.`);
  }
  makeFolder(options.dir);
  const writer = await openWriterThread(options);
  const { ask, count, close } = openAsking(options, writer);
  let closed: Promise<void> | undefined;
  return {
    apply: writer.apply,
    cursor: async () => writer.view().cursor,
    search: (asked, page) => ask(asked, { kind: 'search', query: plain(asked), page }),
    count: (asked) => count(asked, { kind: 'count', query: plain(asked) }),
    facets: (asked, field, limit) =>
      count(asked, { kind: 'facets', query: plain(asked), field, limit }),
    histogram: (asked, interval_ms) =>
      count(asked, { kind: 'histogram', query: plain(asked), interval_ms }),
    sessions: (asked, page) => ask(asked, { kind: 'sessions', query: plain(asked), page }),
    session: (tenant, session_id) => ask({ tenant }, { kind: 'session', tenant, session_id }),
    locate: async (tenant, id) =>
      (await ask<number | undefined>({ tenant }, { kind: 'locate', tenant, id })).value,
    status: writer.status,
    close: () => {
      closed ??= close().then(writer.close);
      return closed;
    },
  };
}

function makeFolder(dir: string): void {
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw writeFault(error, `the index folder ${dir}`);
  }
}

/** Asks the readers, of the files as the writer left them. */
function openAsking(options: SqliteEngineOptions, writer: Pick<WriterThread, 'view'>) {
  const { call_timeout_ms, now } = options;
  const { readers = 2 } = options;
  const pool = openPool({
    start: (onEnd) => startReader(options, onEnd),
    readers,
    timeout_ms: options.query_timeout_ms ?? 10_000,
  });
  const ask = async <T>(asker: Asker, question: Question): Promise<Answer<T>> => {
    let read_to = 0;
    const value = await pool.ask(asker, () => {
      const { files, cursor } = writer.view();
      read_to = cursor;
      return { question, files, now_ms: now(), call_timeout_ms };
    });
    return { value: value as T, read_to };
  };
  const count = async <T>(asker: Asker, asked: Counting): Promise<Answer<T>> => {
    const { files, cursor } = writer.view();
    const { question, join } = spread(asked);
    const values = await Promise.all(
      groupsOf(files, shareOf(readers)).map((group) =>
        pool.ask(asker, () => ({ question, files: group, now_ms: now(), call_timeout_ms })),
      ),
    );
    return { value: join(values) as T, read_to: cursor };
  };
  return { ask, count, close: pool.close };
}

/** What can be sent to a reader. */
function plain({ signal: _, ...query }: Query): Query {
  return query;
}

type WriterThread = {
  readonly apply: Engine['apply'];
  readonly status: () => Promise<EngineStatus>;
  /** As of the last batch that was applied. */
  readonly view: () => View;
  readonly close: () => Promise<void>;
};

async function openWriterThread(options: SqliteEngineOptions): Promise<WriterThread> {
  const worker = startWriter(options);
  const link = openLink(worker, async (body) => {
    const { tenant, indices } = body as FetchAsk;
    return pack(await options.fetch(tenant, indices));
  });
  worker.on('error', (cause) => link.fail(stopped(cause)));
  const ask = <T>(body: WriteAsk, transfer?: readonly ArrayBuffer[]) =>
    link.ask(body, transfer) as Promise<T>;
  const close = async () => {
    await last.catch(() => undefined);
    await ask({ kind: 'close' }).catch(() => undefined);
    link.fail(closing());
    await worker.terminate();
  };
  let last: Promise<unknown> = Promise.resolve();
  let view = await ask<View>({ kind: 'open', now_ms: options.now() }).catch(
    async (error: unknown) => {
      await close();
      throw error;
    },
  );
  const applyOne: Engine['apply'] = async (records, haste = 'soon') => {
    const packed = pack(records);
    const body: WriteAsk = { kind: 'apply', packed, haste, now_ms: options.now() };
    view = await ask<View>(body, transferOf(packed));
  };
  return {
    apply: (records, haste) => {
      const done = last.catch(() => undefined).then(() => applyOne(records, haste));
      last = done;
      return done;
    },
    status: () => ask<EngineStatus>({ kind: 'status' }),
    view: () => view,
    close,
  };
}

function startWriter(options: SqliteEngineOptions): Worker {
  const { dir, key, call_timeout_ms, rows_per_file } = options;
  const start: WorkerStart = {
    dir,
    key,
    call_timeout_ms,
    ...(rows_per_file === undefined ? {} : { rows_per_file }),
  };
  const entry = `./sqlite/worker${extname(import.meta.filename)}`;
  return new Worker(new URL(entry, import.meta.url), {
    workerData: start,
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
  });
}

function stopped(cause: unknown): Fault {
  return new Fault('internal.bug', 'The writer of the index stopped.', { cause });
}
