/** A reader in a process of its own: SQLite at work in a thread could be ended by nobody. */
import { fork } from 'node:child_process';
import { extname, join } from 'node:path';
import { Fault } from '../../fault/fault.ts';
import type { Place } from './file.ts';
import { openLink, type Port } from './link.ts';
import type { Asked } from './reader.ts';

/** What a reader's process is told: first where the files are. */
export type ReaderAsk =
  | { readonly kind: 'open'; readonly place: Place }
  | { readonly kind: 'question'; readonly asked: Asked };

export type ReaderProcess = {
  /** Resolves when it can answer; also when it never will. */
  readonly ready: Promise<unknown>;
  /** Throws the reader's fault, or the one that it is ended with. */
  readonly ask: (asked: Asked) => Promise<unknown>;
  /** Kills it, whatever it is doing; resolves when it is gone. */
  readonly end: (fault: Fault) => Promise<void>;
};

/** `onEnd` is told of its end, however it comes. */
export function startReader({ dir, key }: Place, onEnd: () => void): ReaderProcess {
  const entry = join(import.meta.dirname, `child${extname(import.meta.filename)}`);
  const child = fork(entry, [], {
    // Flags of this process are not the reader's: a debugger, a test runner, a profiler.
    execArgv: [],
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const port: Port = {
    // A process that is gone is noticed by its end.
    postMessage: (message: ReaderMessage) => void child.send(message, () => undefined),
    on: (event, listener) => child.on(event, (message) => listener(message as never)),
  };
  const link = openLink(port, () => undefined);
  const gone = Promise.withResolvers<void>();
  const ended = (cause?: unknown) => {
    // First of all, so that nobody is given a reader that is gone.
    onEnd();
    link.fail(new Fault('internal.bug', 'A reader of the index stopped.', { cause }));
    gone.resolve();
  };
  child.once('error', ended).once('exit', () => ended());
  const opened = link.ask({ kind: 'open', place: { dir, key } } satisfies ReaderAsk);
  return {
    ready: opened.catch(() => undefined),
    ask: (asked) => link.ask({ kind: 'question', asked } satisfies ReaderAsk),
    end: (fault) => {
      link.fail(fault);
      child.kill('SIGKILL');
      return gone.promise;
    },
  };
}

type ReaderMessage = Parameters<Port['postMessage']>[0];
