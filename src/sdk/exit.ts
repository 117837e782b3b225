/** Sees the end of the process coming, for all clients in it, without changing how it ends. */

export type Client = {
  /** Something that no flush has tried yet. */
  readonly due: () => boolean;
  readonly flush: () => Promise<unknown>;
  /** Synchronous: puts what is in memory on disk. */
  readonly spill: (moment: 'signal' | 'end') => void;
  readonly signals: 'spool' | 'leave';
};

const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;
const clients = new Set<Client>();

/**
 * - Nothing left to do (`beforeExit`): delivers over HTTP, within `limits.exit_ms`.
 * - `process.exit()`, an uncaught error (`exit`): to the spool.
 * - SIGTERM, SIGINT, SIGHUP: to the spool, then the signal does what it would have done without
 *   us. One difference remains and is Node's: a signal that has a handler waits for a busy event
 *   loop; `signals: 'leave'` avoids that.
 * - SIGKILL, a crash of Node, a power cut: what is in memory is lost.
 * Returns the function that ends it.
 */
export function onExit(client: Client): () => void {
  if (clients.size === 0) {
    process.on('beforeExit', flushAll);
    process.on('exit', spillAll);
  }
  clients.add(client);
  listen();
  return () => {
    clients.delete(client);
    if (![...clients].some(({ signals }) => signals === 'spool')) unlisten();
    if (clients.size > 0) return;
    process.off('beforeExit', flushAll);
    process.off('exit', spillAll);
  };
}

function flushAll(): void {
  for (const client of clients) {
    if (client.due()) void client.flush();
  }
}

function spillAll(): void {
  for (const client of clients) client.spill('end');
}

/**
 * First of all handlers, and gone before the others run: they count each other to find out whether
 * the process should end (the npm package signal-exit does), and must not count ours.
 */
function onSignal(signal: NodeJS.Signals): void {
  for (const client of clients) client.spill('signal');
  process.off(signal, onSignal);
  if (process.listenerCount(signal) === 0) {
    process.kill(process.pid, signal);
    return;
  }
  setImmediate(listen).unref();
}

function listen(): void {
  if (![...clients].some(({ signals }) => signals === 'spool')) return;
  for (const signal of SIGNALS) {
    process.off(signal, onSignal);
    process.prependListener(signal, onSignal);
  }
}

function unlisten(): void {
  for (const signal of SIGNALS) process.off(signal, onSignal);
}
