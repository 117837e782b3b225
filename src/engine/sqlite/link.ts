/** Questions and answers between the main thread and a worker; faults cross with their codes. */
import type { MessagePort, Worker } from 'node:worker_threads';
import { asFault, Fault, type FaultBody } from '../../fault/fault.ts';

/** One side of the line. */
export type Port = Pick<MessagePort | Worker, 'postMessage'> & {
  readonly on: (event: 'message', listener: (message: Message) => void) => unknown;
};

export type Message =
  | { readonly ask: number; readonly body: unknown }
  | { readonly answer: number; readonly value: unknown }
  | { readonly answer: number; readonly fault: FaultBody };

export type Link = {
  /** Resolves with the other side's answer, or throws its fault. */
  readonly ask: (body: unknown, transfer?: readonly ArrayBuffer[]) => Promise<unknown>;
  /** Everything under way fails with this, and so does all that follows. */
  readonly fail: (fault: Fault) => void;
};

/** Both sides may ask; `handle` answers the other's questions. */
export function openLink(port: Port, handle: (body: unknown) => unknown): Link {
  const waiting = new Map<number, PromiseWithResolvers<unknown>>();
  let next = 0;
  let failed: Fault | undefined;
  port.on('message', (message) => {
    if ('ask' in message) void reply(port, message, handle);
    else {
      const asked = waiting.get(message.answer);
      waiting.delete(message.answer);
      if ('fault' in message) asked?.reject(revived(message.fault));
      else asked?.resolve(message.value);
    }
  });
  return {
    ask: (body, transfer = []) => {
      if (failed !== undefined) return Promise.reject(failed);
      const asked = Promise.withResolvers<unknown>();
      waiting.set(next, asked);
      port.postMessage({ ask: next++, body }, [...transfer]);
      return asked.promise;
    },
    fail: (fault) => {
      failed = fault;
      for (const asked of waiting.values()) asked.reject(fault);
      waiting.clear();
    },
  };
}

async function reply(
  port: Port,
  { ask, body }: { readonly ask: number; readonly body: unknown },
  handle: (body: unknown) => unknown,
): Promise<void> {
  try {
    port.postMessage({ answer: ask, value: await handle(body) });
  } catch (error) {
    port.postMessage({ answer: ask, fault: asFault(error).toJSON() });
  }
}

function revived({ code, message, ...detail }: FaultBody): Fault {
  return new Fault(code, message, detail);
}
