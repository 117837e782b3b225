/** Entry of a reader's process: it answers until its parent ends it, or is gone. */
import { type Link, openLink, type Port } from './link.ts';
import type { ReaderAsk } from './process.ts';
import { openReader, type Reader } from './reader.ts';

if (process.send !== undefined) serve({ postMessage: send, on: hear });

/** A question comes only after the place was told. */
function serve(port: Port): Link {
  let reader: Reader | undefined;
  // Whoever stops the server stops it through its parent, which lets questions under way end.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => undefined);
  process.on('disconnect', () => process.exit());
  return openLink(port, (body) => {
    const ask = body as ReaderAsk;
    if (ask.kind === 'question') return reader?.answer(ask.asked);
    reader = openReader(ask.place);
    return undefined;
  });
}

function send(message: unknown): void {
  process.send?.(message, undefined, {}, () => undefined);
}

function hear(event: 'message', listener: (message: never) => void): void {
  process.on(event, (message) => listener(message as never));
}
