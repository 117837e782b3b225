/** Entry of both kinds of worker thread: the one that writes, and those that read. */
import { parentPort, workerData } from 'node:worker_threads';
import type { EngineOptions } from '../engine.ts';
import { type Link, openLink } from './link.ts';
import { type Packed, unpack } from './pack.ts';
import { type Asked, openReader } from './reader.ts';
import { openWriter, type View, type Writer } from './writer.ts';

/** What a worker is started with. */
export type WorkerStart = {
  readonly role: 'read' | 'write';
  readonly dir: string;
  readonly key: Uint8Array;
  readonly call_timeout_ms: number;
  readonly rows_per_file?: number;
};

export type WriteAsk =
  | { readonly kind: 'open' }
  | { readonly kind: 'apply'; readonly packed: Packed; readonly now_ms: number }
  | { readonly kind: 'status' }
  | { readonly kind: 'close' };

/** What the writer asks of the main thread. */
export type FetchAsk = { readonly tenant: string; readonly indices: readonly number[] };

if (parentPort !== null) {
  const start = workerData as WorkerStart;
  if (start.role === 'read') serveReader(start);
  else serveWriter(start);
}

function serveReader(start: WorkerStart): void {
  const reader = openReader(start);
  openLink(port(), (body) => {
    if (body !== 'close') return reader.answer(body as Asked);
    reader.close();
    return undefined;
  });
}

function serveWriter(start: WorkerStart): void {
  let writer: Writer | undefined;
  let now_ms = 0;
  const link: Link = openLink(port(), (body) => serve(body as WriteAsk));
  const fetch: EngineOptions['fetch'] = async (tenant, indices) => {
    const ask: FetchAsk = { tenant, indices };
    return unpack((await link.ask(ask)) as Packed);
  };
  const opened = () => (writer ??= openWriter(start, { ...start, fetch, now: () => now_ms }));
  const closed = () => {
    writer?.close();
    writer = undefined;
  };
  const serve = async (ask: WriteAsk): Promise<View | unknown> => {
    if (ask.kind === 'open') return opened().view();
    if (ask.kind === 'status') return opened().status();
    if (ask.kind === 'close') {
      closed();
      return undefined;
    }
    now_ms = ask.now_ms;
    try {
      await opened().apply(unpack(ask.packed));
      return opened().view();
    } catch (error) {
      // What is in memory may be ahead of the files or behind them: begin again from the files.
      closed();
      throw error;
    }
  };
}

function port() {
  if (parentPort === null) throw new TypeError('This module runs in a worker thread.');
  return parentPort;
}
