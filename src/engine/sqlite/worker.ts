/** Entry of the worker thread that writes. */
import { parentPort, workerData } from 'node:worker_threads';
import type { EngineOptions, Haste } from '../engine.ts';
import { type Link, openLink } from './link.ts';
import { type Packed, unpack } from './pack.ts';
import { openWriter, type View, type Writer } from './writer.ts';

/** What the thread is started with. */
export type WorkerStart = {
  readonly dir: string;
  readonly key: Uint8Array;
  readonly call_timeout_ms: number;
  readonly rows_per_file?: number;
};

export type WriteAsk =
  | { readonly kind: 'open'; readonly now_ms: number }
  | {
      readonly kind: 'apply';
      readonly packed: Packed;
      readonly haste: Haste;
      readonly now_ms: number;
    }
  | { readonly kind: 'status' }
  | { readonly kind: 'close' };

/** What the writer asks of the main thread. */
export type FetchAsk = { readonly tenant: string; readonly indices: readonly number[] };

if (parentPort !== null) serveWriter(workerData as WorkerStart);

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
    if (ask.kind === 'status') return opened().status();
    if (ask.kind === 'close') {
      closed();
      return undefined;
    }
    now_ms = ask.now_ms;
    if (ask.kind === 'open') return opened().view();
    try {
      await opened().apply(unpack(ask.packed), ask.haste);
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
